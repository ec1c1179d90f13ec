// Hot code: runs once for each region that is translated.
import type { FunctionBuilder } from '@vivarium/wasm-emit';
import { MSTATUS_SUM, SUPERVISOR } from '../state/hart-state.ts';
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

/** Fields of a regime's entry (see STATE_REGIMES), and where the present ones are. */
const FIELDS = [STATE_READ_TLB, STATE_WRITE_TLB, STATE_FETCH_TLB, STATE_CONTEXT] as const;

/** The user regime becomes the present one. */
export const emitUserRegime = ({ f, state }: RegimeFrame): void => {
  FIELDS.forEach((field, number) => {
    f.get(state)
      .get(state)
      .memory('i32.load', STATE_REGIMES + number * 4)
      .memory('i32.store', field);
  });
};

/** The supervisor's regime for the mstatus in local `mstatus` becomes the present one. MXR is 0. */
export const emitSupervisorRegime = ({ f, state }: RegimeFrame, mstatus: number): void => {
  const [plain, withSum] = [STATE_REGIMES + SUPERVISOR * REGIME_BYTES, STATE_REGIMES + (SUPERVISOR + 1) * REGIME_BYTES];
  FIELDS.forEach((field, number) => {
    f.get(state);
    f.get(state).memory('i32.load', withSum + number * 4);
    f.get(state).memory('i32.load', plain + number * 4);
    f.get(mstatus).i32(MSTATUS_SUM).op('i32.and').op('select');
    f.memory('i32.store', field);
  });
};
