// Hot code: accessors over the hart's state in linear memory; see layout.ts.
import { CSR, type TranslationControl } from '@vivarium/isa-riscv';
import { csrSlot } from './csr-slots.ts';
import {
  STATE_ADDRESS,
  STATE_ATTENTION,
  STATE_BUDGET,
  STATE_BYTES,
  STATE_F,
  STATE_FFLAGS,
  STATE_FRM,
  STATE_INPUTS,
  STATE_MSTATUS,
  STATE_PC,
  STATE_PRIVILEGE,
  STATE_RESERVATION,
  STATE_RUN,
  STATE_SATP,
  STATE_VALUE,
  STATE_X,
} from './layout.ts';

/** STATE_RUN. A hart that another thread stops is stopping until its own thread has seen it. */
export const RUN_STOPPED = 0;
export const RUN_RUNNING = 1;
export const RUN_STOPPING = 2;

export const USER = 0;
export const SUPERVISOR = 1;
export const MACHINE = 3;

/** mstatus, low half (Privileged Architecture, figure "Machine-mode status register for RV64"). */
export const MSTATUS_SIE = 1 << 1;
export const MSTATUS_MIE = 1 << 3;
export const MSTATUS_SPIE = 1 << 5;
export const MSTATUS_MPIE = 1 << 7;
export const MSTATUS_SPP = 1 << 8;
export const MSTATUS_MPP_SHIFT = 11;
export const MSTATUS_MPP = 3 << MSTATUS_MPP_SHIFT;
export const MSTATUS_FS = 3 << 13;
export const MSTATUS_MPRV = 1 << 17;
export const MSTATUS_SUM = 1 << 18;
export const MSTATUS_MXR = 1 << 19;
export const MSTATUS_TVM = 1 << 20;
export const MSTATUS_TW = 1 << 21;
export const MSTATUS_TSR = 1 << 22;

/** menvcfg, high half. */
export const ENVCFG_ADUE_HIGH = 1 << 29;
export const ENVCFG_PBMTE_HIGH = 1 << 30;
export const ENVCFG_STCE_HIGH = 1 << 31;
const MENVCFG = csrSlot(CSR.menvcfg);

/** The registers of one hart. 64-bit values are read and written as signed 32-bit halves, or as bigint off the hot path. */
export class HartState implements TranslationControl {
  readonly base: number;
  readonly #words: Int32Array;
  readonly #quads: BigInt64Array;

  constructor(buffer: ArrayBuffer | SharedArrayBuffer, base: number) {
    this.base = base;
    this.#words = new Int32Array(buffer, base, STATE_BYTES / 4);
    this.#quads = new BigInt64Array(buffer, base, STATE_BYTES / 8);
  }

  get satpLow(): number {
    return this.low(STATE_SATP);
  }

  get satpHigh(): number {
    return this.high(STATE_SATP);
  }

  get hardwareAccessedDirty(): boolean {
    return (this.high(MENVCFG) & ENVCFG_ADUE_HIGH) !== 0;
  }

  get pageBasedMemoryTypes(): boolean {
    return (this.high(MENVCFG) & ENVCFG_PBMTE_HIGH) !== 0;
  }

  /** menvcfg.STCE: stimecmp exists. */
  get timerComparator(): boolean {
    return (this.high(MENVCFG) & ENVCFG_STCE_HIGH) !== 0;
  }

  low(at: number): number {
    return this.#words[at >> 2];
  }

  high(at: number): number {
    return this.#words[(at >> 2) + 1];
  }

  set(at: number, low: number, high: number): void {
    this.#words[at >> 2] = low;
    this.#words[(at >> 2) + 1] = high;
  }

  copy(to: number, from: number): void {
    this.#words[to >> 2] = this.#words[from >> 2];
    this.#words[(to >> 2) + 1] = this.#words[(from >> 2) + 1];
  }

  /** A u64 below 2^53. */
  counter(at: number): number {
    return (this.low(at) >>> 0) + this.high(at) * 0x1_0000_0000;
  }

  setCounter(at: number, value: number): void {
    this.set(at, value | 0, Math.floor(value / 0x1_0000_0000));
  }

  /** Adds 1 to a u64. */
  count(at: number): void {
    const low = (this.low(at) + 1) | 0;
    this.set(at, low, low === 0 ? this.high(at) + 1 : this.high(at));
  }

  quad(at: number): bigint {
    return this.#quads[at >> 3];
  }

  setQuad(at: number, value: bigint): void {
    this.#quads[at >> 3] = value;
  }

  x(number: number): bigint {
    return this.quad(STATE_X + number * 8);
  }

  setX(number: number, value: bigint): void {
    if (number !== 0) this.setQuad(STATE_X + number * 8, value);
  }

  /** x[number] by halves; x0 stays 0. */
  setXHalves(number: number, low: number, high: number): void {
    if (number !== 0) this.set(STATE_X + number * 8, low, high);
  }

  f(number: number): bigint {
    return this.quad(STATE_F + number * 8);
  }

  setF(number: number, value: bigint): void {
    this.setQuad(STATE_F + number * 8, value);
  }

  get privilege(): number {
    return this.low(STATE_PRIVILEGE);
  }

  set privilege(value: number) {
    this.#words[STATE_PRIVILEGE >> 2] = value;
  }

  set attention(value: boolean) {
    this.#words[STATE_ATTENTION >> 2] = value ? 1 : 0;
  }

  get pcLow(): number {
    return this.low(STATE_PC);
  }

  get pcHigh(): number {
    return this.high(STATE_PC);
  }

  setPc(low: number, high: number): void {
    this.set(STATE_PC, low, high);
  }

  get pc(): bigint {
    return BigInt.asUintN(64, this.quad(STATE_PC));
  }

  set pc(value: bigint) {
    this.setQuad(STATE_PC, value);
  }

  /** pc = pc + `bytes`. */
  advance(bytes: number): void {
    const low = (this.pcLow >>> 0) + bytes;
    this.setPc(low | 0, this.pcHigh + (low > 0xffffffff ? 1 : 0));
  }

  get budget(): number {
    return this.low(STATE_BUDGET);
  }

  set budget(value: number) {
    this.#words[STATE_BUDGET >> 2] = value;
  }

  get mstatus(): number {
    return this.low(STATE_MSTATUS);
  }

  set mstatus(value: number) {
    this.#words[STATE_MSTATUS >> 2] = value;
  }

  get run(): number {
    return Atomics.load(this.#words, STATE_RUN >> 2);
  }

  /** Whoever sees a hart run sees the registers that were written before. */
  set run(value: number) {
    Atomics.store(this.#words, STATE_RUN >> 2, value);
  }

  /** It is stopped now, unless another thread has started it again. */
  stopped(): void {
    Atomics.compareExchange(this.#words, STATE_RUN >> 2, RUN_STOPPING, RUN_STOPPED);
  }

  get fflags(): number {
    return this.low(STATE_FFLAGS);
  }

  set fflags(value: number) {
    this.#words[STATE_FFLAGS >> 2] = value;
  }

  get frm(): number {
    return this.low(STATE_FRM);
  }

  set frm(value: number) {
    this.#words[STATE_FRM >> 2] = value;
  }

  get addressLow(): number {
    return this.low(STATE_ADDRESS);
  }

  get addressHigh(): number {
    return this.high(STATE_ADDRESS);
  }

  get valueLow(): number {
    return this.low(STATE_VALUE);
  }

  get valueHigh(): number {
    return this.high(STATE_VALUE);
  }

  setValue(low: number, high: number): void {
    this.set(STATE_VALUE, low, high);
  }

  dropReservation(): void {
    this.set(STATE_RESERVATION, -1, -1);
  }

  setWord(at: number, value: number): void {
    this.#words[at >> 2] = value;
  }

  /** Sets and clears bits of a word that other threads change, too. */
  change(at: number, set: number, clear: number): void {
    if (clear !== 0) Atomics.and(this.#words, at >> 2, ~clear);
    if (set !== 0) Atomics.or(this.#words, at >> 2, set);
  }

  /** Everything to zero, machine mode, nothing reserved. The interrupt inputs belong to the devices. */
  reset(): void {
    const inputs = STATE_INPUTS >> 2;
    this.#words.fill(0, 0, inputs);
    this.#words.fill(0, inputs + 1);
    this.privilege = MACHINE;
    this.dropReservation();
  }
}
