// Hot code: runs once for each region that is translated.
import type { FunctionBuilder } from '@vivarium/wasm-emit';
import { MSTATUS_SUM, SUPERVISOR, USER } from '../state/hart-state.ts';
import {
  REGIME_BYTES,
  STATE_CONTEXT,
  STATE_FETCH_TLB,
  STATE_READ_TLB,
  STATE_REGIMES,
  STATE_WRITE_TLB,
} from '../state/layout.ts';

export interface RegimeFrame {
  readonly f: FunctionBuilder;
  /** Local with the offset of the hart's state. */
  readonly state: number;
}

/** What turns mstatus.SUM into REGIME_BYTES. */
const SUM_TO_ENTRY = Math.log2(MSTATUS_SUM / REGIME_BYTES);

/** Fields of a regime's entry (see STATE_REGIMES), and where the present ones are. */
const FIELDS = [STATE_READ_TLB, STATE_WRITE_TLB, STATE_FETCH_TLB, STATE_CONTEXT] as const;

/** Copies an entry: that of `regime`, or as many bytes behind it as `offset` adds to the state's address. */
const emitRegime = ({ f, state }: RegimeFrame, regime: number, offset: () => void): void => {
  FIELDS.forEach((field, number) => {
    f.get(state);
    f.get(state);
    offset();
    f.memory('i32.load', STATE_REGIMES + regime * REGIME_BYTES + number * 4).memory('i32.store', field);
  });
};

/** The user regime becomes the present one. */
export const emitUserRegime = (frame: RegimeFrame): void => emitRegime(frame, USER, () => {});

/** The supervisor's regime for the mstatus in local `mstatus` becomes the present one. MXR is 0. */
export const emitSupervisorRegime = (frame: RegimeFrame, mstatus: number): void => {
  const { f } = frame;
  emitRegime(frame, SUPERVISOR, () => {
    // The entry with SUM is the next one.
    f.get(mstatus).i32(MSTATUS_SUM).op('i32.and').i32(SUM_TO_ENTRY).op('i32.shr_u').op('i32.add');
  });
};
