import {
  csrNames,
  csrNumbers,
  ExceptionCause,
  floatRegister,
  floatRegisterNames,
  instructions,
  integerRegister,
  integerRegisterNames,
} from '@vivarium/isa-riscv';
import { type HartState, MACHINE, MSTATUS_FS } from '../state/hart-state.ts';
import type { CsrFile } from './csr-file.ts';

/** A hart's registers by name, for firmware, debuggers and tests: `pc`, `priv`, x and f registers, every CSR. */
export class RegisterFile {
  /** Set when something wrote pc, so that an environment call does not step over it. */
  jumped = false;
  readonly names: readonly string[];
  readonly #state: HartState;
  readonly #csr: CsrFile;
  readonly #changed: (effect: number) => void;
  readonly #known: ReadonlyMap<string, number>;

  /** `changed` gets the effects of a CSR write, and a non-zero number when the privilege was written. */
  constructor(state: HartState, csr: CsrFile, changed: (effect: number) => void) {
    this.#state = state;
    this.#csr = csr;
    this.#changed = changed;
    const existing = new Set(csr.numbers);
    this.#known = new Map([...csrNumbers].filter(([, number]) => existing.has(number)));
    this.names = [
      'pc',
      'priv',
      ...integerRegisterNames.map((_, number) => `x${number}`),
      ...floatRegisterNames.map((_, number) => `f${number}`),
      ...csr.numbers.flatMap((number) => csrNames.get(number) ?? []),
    ];
  }

  read(name: string): bigint | undefined {
    if (name === 'pc') return this.#state.pc;
    if (name === 'priv') return BigInt(this.#state.privilege);
    const x = integerRegister(name);
    if (x >= 0) return BigInt.asUintN(64, this.#state.x(x));
    const f = floatRegister(name);
    if (f >= 0) return BigInt.asUintN(64, this.#state.f(f));
    const number = this.#known.get(name);
    if (number === undefined) return undefined;
    this.#csr.read(number);
    return (BigInt(this.#csr.high >>> 0) << 32n) | BigInt(this.#csr.low >>> 0);
  }

  write(name: string, value: bigint): boolean {
    if (name === 'pc') {
      this.#state.pc = value & ~1n;
      this.jumped = true;
      return true;
    }
    if (name === 'priv') return this.#writePrivilege(value);
    const x = integerRegister(name);
    if (x >= 0) {
      this.#state.setX(x, value);
      return x !== 0;
    }
    const f = floatRegister(name);
    if (f >= 0) {
      this.#state.setF(f, value);
      this.#state.mstatus |= MSTATUS_FS;
      return true;
    }
    const number = this.#known.get(name);
    if (number === undefined || number >> 10 === 3) return false;
    this.#changed(this.#csr.write(number, Number(BigInt.asIntN(32, value)), Number(BigInt.asIntN(32, value >> 32n))));
    return true;
  }

  #writePrivilege(value: bigint): boolean {
    if (value !== 0n && value !== 1n && value !== BigInt(MACHINE)) return false;
    this.#state.privilege = Number(value);
    this.#changed(-1);
    return true;
  }

  /** Exception of a misaligned atomic: loads and stores have different ones. */
  misalignedCause(row: number): number {
    return instructions[row]?.semantics[0]?.kind === 'load-reserved'
      ? ExceptionCause.LoadAddressMisaligned
      : ExceptionCause.StoreAddressMisaligned;
  }
}
