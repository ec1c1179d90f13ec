// Hot path: a message, and the claim that follows it, work on bitmap words in typed arrays and allocate nothing.
import type { InterruptFile, InterruptLine } from '@vivarium/contracts';
import * as r from './registers.ts';

/** Registers of one file; bitmaps are lists of 32-bit words. */
export interface InterruptFileState {
  readonly delivery: number;
  readonly threshold: number;
  readonly pending: readonly number[];
  readonly enabled: readonly number[];
}

/** The interrupt file of one hart and level. */
export class ImsicFile implements InterruptFile {
  readonly #line: InterruptLine;
  readonly #identities: number;
  readonly #thresholdMask: number;
  readonly #pending: Uint32Array;
  readonly #enabled: Uint32Array;
  #delivery = 0;
  #threshold = 0;
  #top = 0;
  #notified: boolean | undefined;

  constructor(identities: number, line: InterruptLine) {
    this.#line = line;
    this.#identities = identities;
    this.#thresholdMask = 2 ** (32 - Math.clz32(identities)) - 1;
    this.#pending = new Uint32Array((identities + 1) / 32);
    this.#enabled = new Uint32Array((identities + 1) / 32);
  }

  get top(): number {
    return this.#top;
  }

  claim(): number {
    const identity = this.#top;
    if (identity === 0) return 0;
    this.#pending[identity >> 5] = (this.#pending[identity >> 5] ?? 0) & ~(1 << (identity & 31));
    this.#changed();
    return identity;
  }

  /** A message came. An identity that is not implemented is ignored (section 3.5). */
  send(identity: number): void {
    if (!(identity >= 1 && identity <= this.#identities)) return;
    this.#pending[identity >> 5] = (this.#pending[identity >> 5] ?? 0) | (1 << (identity & 31));
    this.#changed();
  }

  read(register: number): number {
    if (register === r.EIDELIVERY) return this.#delivery;
    if (register === r.EITHRESHOLD) return this.#threshold;
    if (register >= r.EIP0 && register <= r.EIP63) return this.#pending[register - r.EIP0] ?? 0;
    if (register >= r.EIE0 && register <= r.EIE63) return this.#enabled[register - r.EIE0] ?? 0;
    return 0;
  }

  write(register: number, value: number): void {
    // Delivery of a PLIC's interrupts past the file (0x40000000) is an option that is not here (section 3.8.1).
    if (register === r.EIDELIVERY) this.#delivery = value & 1;
    else if (register === r.EITHRESHOLD) this.#threshold = value & this.#thresholdMask;
    else if (register >= r.EIP0 && register <= r.EIP63) store(this.#pending, register - r.EIP0, value);
    else if (register >= r.EIE0 && register <= r.EIE63) store(this.#enabled, register - r.EIE0, value);
    else return;
    this.#changed();
  }

  reset(): void {
    this.#delivery = 0;
    this.#threshold = 0;
    this.#pending.fill(0);
    this.#enabled.fill(0);
    this.#notifyAnew();
  }

  capture(): InterruptFileState {
    return {
      delivery: this.#delivery,
      threshold: this.#threshold,
      pending: [...this.#pending],
      enabled: [...this.#enabled],
    };
  }

  /** Whether a file of this size can be in that state. */
  accepts({ delivery, threshold, pending, enabled }: InterruptFileState): boolean {
    return (
      delivery <= 1 &&
      threshold <= this.#thresholdMask &&
      [pending, enabled].every((bits) => bits.length === this.#pending.length && ((bits[0] ?? 0) & 1) === 0)
    );
  }

  adopt({ delivery, threshold, pending, enabled }: InterruptFileState): void {
    this.#delivery = delivery;
    this.#threshold = threshold;
    this.#pending.set(pending);
    this.#enabled.set(enabled);
    this.#notifyAnew();
  }

  /** Lower identities are more urgent (section 3.3). */
  #find(): number {
    const limit = this.#threshold === 0 ? this.#identities + 1 : this.#threshold;
    for (let word = 0; word << 5 < limit && word < this.#pending.length; word += 1) {
      const bits = (this.#pending[word] ?? 0) & (this.#enabled[word] ?? 0);
      if (bits === 0) continue;
      const identity = (word << 5) | (31 - Math.clz32(bits & -bits));
      return identity < limit ? identity : 0;
    }
    return 0;
  }

  #changed(): void {
    this.#top = this.#find();
    const level = this.#delivery === 1 && this.#top !== 0;
    if (level === this.#notified) return;
    this.#notified = level;
    this.#line.set(level);
  }

  /** After reset and restore: tells the hart, whatever it was told before. */
  #notifyAnew(): void {
    this.#notified = undefined;
    this.#changed();
  }
}

/** Identity 0 does not exist; neither do words beyond the last. */
const store = (bitmap: Uint32Array, word: number, value: number): void => {
  if (word < bitmap.length) bitmap[word] = word === 0 ? value & ~1 : value;
};
