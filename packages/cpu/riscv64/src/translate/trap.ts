// Hot code: runs once for each region that is translated.
import { CSR, ExceptionCause, type SystemOperation } from '@vivarium/isa-riscv';
import type { LocalPool } from '../emit/operands.ts';
import { csrSlot } from '../state/csr-slots.ts';
import {
  MSTATUS_MPRV,
  MSTATUS_MXR,
  MSTATUS_SIE,
  MSTATUS_SPIE,
  MSTATUS_SPP,
  MSTATUS_TSR,
  SUPERVISOR,
  USER,
} from '../state/hart-state.ts';
import {
  STATE_ATTENTION,
  STATE_EXCEPTIONS,
  STATE_MSTATUS,
  STATE_PRIVILEGE,
  STATE_RESERVATION,
} from '../state/layout.ts';
import { emitSupervisorRegime, emitUserRegime, type RegimeFrame } from './regime.ts';

export interface TrapFrame extends RegimeFrame {
  readonly locals: LocalPool;
  /** Pushes the address of the instruction. */
  pc(): void;
  /** Lets the interpreter execute the instruction. Ends the path. */
  interpret(): void;
  /** Leaves to the address that is on the stack. Ends the path. */
  goOn(): void;
}

/** Appends what a region does of a system instruction that ends it. */
export type TrapEmitter = (frame: TrapFrame) => void;

/** `ecall` of a user program that S-mode handles; of everything else the interpreter (hart/traps.ts says the same). */
const emitEnvironmentCall: TrapEmitter = (frame) => {
  const { f, locals, state } = frame;
  const mstatus = locals.take('i32');
  const store = (register: number, value: () => void): void => {
    f.get(state);
    value();
    f.memory('i64.store', csrSlot(register));
  };
  f.get(state).memory('i32.load', STATE_PRIVILEGE).i32(USER).op('i32.ne');
  f.get(state).memory('i32.load', STATE_MSTATUS).tee(mstatus).i32(MSTATUS_MXR).op('i32.and').op('i32.or');
  f.get(state)
    .memory('i32.load', csrSlot(CSR.medeleg))
    .i32(1 << ExceptionCause.EnvironmentCallFromU)
    .op('i32.and');
  f.op('i32.eqz').op('i32.or').unlikely().if();
  frame.interpret();
  f.end();
  f.get(state).get(state).memory('i64.load', STATE_EXCEPTIONS).i64(1n).op('i64.add');
  f.memory('i64.store', STATE_EXCEPTIONS);
  store(CSR.sepc, () => frame.pc());
  store(CSR.scause, () => f.i64(BigInt(ExceptionCause.EnvironmentCallFromU)));
  store(CSR.stval, () => f.i64(0n));
  // SPIE = SIE, SIE = 0, SPP = 0.
  f.get(state);
  f.get(mstatus)
    .i32(~(MSTATUS_SIE | MSTATUS_SPIE | MSTATUS_SPP))
    .op('i32.and');
  f.get(mstatus).i32(MSTATUS_SIE).op('i32.and').i32(SPIE_ABOVE_SIE).op('i32.shl').op('i32.or').tee(mstatus);
  f.memory('i32.store', STATE_MSTATUS);
  emitPrivilege(frame, () => f.i32(SUPERVISOR));
  emitSupervisorRegime(frame, mstatus);
  f.get(state).memory('i64.load', csrSlot(CSR.stvec)).i64(-4n).op('i64.and');
  frame.goOn();
};

/** `sret` in S-mode while no interrupt waits. */
const emitSupervisorReturn: TrapEmitter = (frame) => {
  const { f, locals, state } = frame;
  const [mstatus, next] = [locals.take('i32'), locals.take('i32')];
  f.get(state).memory('i32.load', STATE_PRIVILEGE).i32(SUPERVISOR).op('i32.ne');
  f.get(state).memory('i32.load', STATE_MSTATUS).tee(mstatus);
  f.i32(MSTATUS_TSR | MSTATUS_MXR)
    .op('i32.and')
    .op('i32.or');
  f.get(state).memory('i32.load', STATE_ATTENTION).op('i32.or').unlikely().if();
  frame.interpret();
  f.end();
  // SIE = SPIE, SPIE = 1, SPP = 0, MPRV = 0.
  f.get(state);
  f.get(mstatus)
    .i32(~(MSTATUS_SIE | MSTATUS_SPP | MSTATUS_MPRV))
    .op('i32.and');
  f.get(mstatus).i32(MSTATUS_SPIE).op('i32.and').i32(SPIE_ABOVE_SIE).op('i32.shr_u').op('i32.or');
  f.i32(MSTATUS_SPIE).op('i32.or').tee(next).memory('i32.store', STATE_MSTATUS);
  f.get(mstatus).i32(MSTATUS_SPP).op('i32.and').if();
  emitPrivilege(frame, () => f.i32(SUPERVISOR));
  emitSupervisorRegime(frame, next);
  f.else();
  emitPrivilege(frame, () => f.i32(USER));
  emitUserRegime(frame);
  f.end();
  f.get(state).memory('i64.load', csrSlot(CSR.sepc));
  frame.goOn();
};

/** Bits between mstatus.SIE and mstatus.SPIE. */
const SPIE_ABOVE_SIE = 4;

/** A change of privilege gives up the reservation. */
const emitPrivilege = ({ f, state }: RegimeFrame, privilege: () => void): void => {
  f.get(state);
  privilege();
  f.memory('i32.store', STATE_PRIVILEGE);
  f.get(state).i64(-1n).memory('i64.store', STATE_RESERVATION);
};

/** System instructions after which execution goes on at an address from a register. */
export const trapEmitters: ReadonlyMap<SystemOperation, TrapEmitter> = new Map([
  ['ecall', emitEnvironmentCall],
  ['sret', emitSupervisorReturn],
]);
