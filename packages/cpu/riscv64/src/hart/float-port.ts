import { type FloatFormat as FormatName, type FloatOperation, instructions } from '@vivarium/isa-riscv';
import {
  binary16,
  binary32,
  binary64,
  createFloatUnit,
  type FloatFormat,
  type FloatUnit,
  type RoundingMode,
} from '@vivarium/softfloat';
import { type HartState, MSTATUS_FS } from '../state/hart-state.ts';
import type { SlotReader } from './operands.ts';

const DONE = 0;
const DYNAMIC = 7;
const LAST_MODE = 4;

const FORMATS: Readonly<Record<FormatName, FloatFormat>> = { h: binary16, s: binary32, d: binary64 };
const BITS: Readonly<Record<FormatName, number>> = { h: 16, s: 32, d: 64 };
const CANONICAL_NAN: Readonly<Record<FormatName, bigint>> = { h: 0x7e00n, s: 0x7fc00000n, d: 0x7ff8000000000000n };
const ALL_ONES = (1n << 64n) - 1n;

/** A value narrower than the register is boxed: all bits above it are ones (unprivileged manual, "NaN Boxing"). */
const box = (format: FormatName, bits: bigint): bigint => bits | (ALL_ONES & ~((1n << BigInt(BITS[format])) - 1n));

const unbox = (format: FormatName, register: bigint): bigint => {
  const bits = BigInt.asUintN(64, register);
  if (format === 'd') return bits;
  const low = BigInt.asUintN(BITS[format], bits);
  return box(format, low) === bits ? low : CANONICAL_NAN[format];
};

/** Whole floating-point instructions, exact in every rounding mode and flag. */
export class FloatPort {
  readonly #unit: FloatUnit = createFloatUnit();
  readonly #state: HartState;
  readonly #slots: SlotReader;
  readonly #illegal: () => number;

  constructor(state: HartState, slots: SlotReader, illegal: () => number) {
    this.#state = state;
    this.#slots = slots;
    this.#illegal = illegal;
  }

  /** FS was checked by the caller. */
  execute(slot: number): number {
    const row = instructions[this.#slots.row(slot)];
    const statement = row?.semantics[0];
    if (row === undefined || statement?.kind !== 'float') throw new TypeError('not a floating-point instruction');
    let mode = 0;
    if (row.hasRoundingMode) {
      mode = this.#slots.rm(slot);
      if (mode === DYNAMIC) mode = this.#state.frm;
      if (mode > LAST_MODE) return this.#illegal();
    }
    this.#unit.flags = 0;
    this.#run(statement.float, slot, mode as RoundingMode);
    if (this.#unit.flags !== 0) {
      this.#state.fflags |= this.#unit.flags;
      this.#state.mstatus |= MSTATUS_FS;
    }
    return DONE;
  }

  #run(float: FloatOperation, slot: number, mode: RoundingMode): void {
    const unit = this.#unit;
    const state = this.#state;
    const slots = this.#slots;
    const { format: name } = float;
    const format = FORMATS[name];
    const a = (): bigint => unbox(name, state.f(slots.rs1(slot)));
    const b = (): bigint => unbox(name, state.f(slots.rs2(slot)));
    const c = (): bigint => unbox(name, state.f(slots.rs3(slot)));
    switch (float.operation) {
      case 'add':
      case 'sub':
      case 'mul':
      case 'div':
        this.#setF(slot, name, unit[float.operation](format, mode, a(), b()));
        return;
      case 'sqrt':
      case 'round':
      case 'roundnx':
        this.#setF(slot, name, unit[float.operation](format, mode, a()));
        return;
      case 'min':
      case 'max':
      case 'minm':
      case 'maxm':
        this.#setF(slot, name, unit[float.operation](format, a(), b()));
        return;
      case 'madd':
      case 'msub':
      case 'nmsub':
      case 'nmadd':
        this.#setF(slot, name, unit[float.operation](format, mode, a(), b(), c()));
        return;
      case 'eq':
      case 'lt':
      case 'le':
      case 'ltq':
      case 'leq':
        state.setX(slots.rd(slot), unit[float.operation](format, a(), b()));
        return;
      case 'class':
        state.setX(slots.rd(slot), unit.classify(format, a()));
        return;
      case 'to-integer':
        state.setX(slots.rd(slot), unit.toInteger(format, float.integer, mode, a()));
        return;
      case 'from-integer':
        this.#setF(
          slot,
          name,
          unit.fromInteger(format, float.integer, mode, BigInt.asUintN(64, state.x(slots.rs1(slot)))),
        );
        return;
      case 'to-float': {
        const source = unbox(float.from, state.f(slots.rs1(slot)));
        this.#setF(slot, name, unit.convert(FORMATS[float.from], format, mode, source));
        return;
      }
      case 'to-integer-modular':
        state.setX(slots.rd(slot), unit.toIntegerModular(format, a()));
        return;
      case 'load-immediate':
        this.#setF(slot, name, unit.loadImmediate(format, slots.rs1(slot)));
        return;
      default:
        throw new TypeError(`${float.operation} never leaves generated code`);
    }
  }

  #setF(slot: number, format: FormatName, bits: bigint): void {
    this.#state.setF(this.#slots.rd(slot), box(format, bits));
    this.#state.mstatus |= MSTATUS_FS;
  }
}
