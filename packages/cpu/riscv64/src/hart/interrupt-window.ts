// Hot code: a kernel reads and claims through it on each interrupt that came as a message.
import type { InterruptFile, PrivilegeLevel } from '@vivarium/contracts';
import type { HartState } from '../state/hart-state.ts';
import { STATE_SELECT } from '../state/layout.ts';

/** Values of `*iselect` (RISC-V Advanced Interrupt Architecture 1.0, sections 2.1 and 2.2). */
const SELECT_MASK = 0x1ff;
const PRIORITIES_FIRST = 0x30;
const PRIORITIES_LAST = 0x3f;
const FILE_FIRST = 0x70;
const FILE_LAST = 0xff;
/** From here on the registers of the file are arrays, of which cores of 64 bits see those with even numbers. */
const ARRAYS_FIRST = 0x80;
/** Identity in `*topei`, where it is also the priority (section 3.9). */
const IDENTITY_SHIFT = 16;

/** `*iselect`, `*ireg` and `*topei` of one privilege level, and the interrupt file behind them. */
export class InterruptWindow {
  /** Absent until an IMSIC plugs it in. */
  file: InterruptFile | undefined;
  readonly #state: HartState;
  readonly #at: number;

  /** `at` is where the hart's state has `*iselect`. */
  constructor(state: HartState, at: number) {
    this.#state = state;
    this.#at = at;
  }

  get select(): number {
    return this.#state.low(this.#at);
  }

  /** Nine bits, so that every number exists that the specification asks for at either level. */
  set select(value: number) {
    this.#state.setWord(this.#at, value & SELECT_MASK);
  }

  /** Whether `*ireg` may be accessed; otherwise that is an illegal instruction. */
  get selectsRegister(): boolean {
    const { select } = this;
    if (select >= PRIORITIES_FIRST && select <= PRIORITIES_LAST) return (select & 1) === 0;
    if (this.file === undefined || select < FILE_FIRST || select > FILE_LAST) return false;
    return select < ARRAYS_FIRST || (select & 1) === 0;
  }

  /** Low half of `*ireg`. The priorities of major interrupts are zeros that cannot be written (section 5.2.2). */
  get low(): number {
    return this.#inFile ? (this.file?.read(this.select) ?? 0) | 0 : 0;
  }

  get high(): number {
    return this.#inFile && this.select >= ARRAYS_FIRST ? (this.file?.read(this.select + 1) ?? 0) | 0 : 0;
  }

  write(low: number, high: number): void {
    if (!this.#inFile) return;
    this.file?.write(this.select, low >>> 0);
    if (this.select >= ARRAYS_FIRST) this.file?.write(this.select + 1, high >>> 0);
  }

  get #inFile(): boolean {
    return this.selectsRegister && this.select >= FILE_FIRST;
  }

  /** `*topei`. */
  get top(): number {
    return reported(this.file?.top ?? 0);
  }

  /** Claims what `*topei` reports, and gives that. */
  claim(): number {
    return reported(this.file?.claim() ?? 0);
  }
}

const reported = (identity: number): number => (identity << IDENTITY_SHIFT) | identity;

/** The windows of a hart. The files behind them belong to a device, which resets them itself. */
export class InterruptWindows {
  readonly machine: InterruptWindow;
  readonly supervisor: InterruptWindow;

  constructor(state: HartState) {
    this.machine = new InterruptWindow(state, STATE_SELECT);
    this.supervisor = new InterruptWindow(state, STATE_SELECT + 4);
  }

  connect(level: PrivilegeLevel, file: InterruptFile): boolean {
    this[level].file = file;
    return true;
  }
}
