// Hot path: claims and line changes work on bitmap words in typed arrays and allocate nothing.
import type { Device, DeviceTreeNode, InterruptController, InterruptLine, MmioRegion } from '@vivarium/contracts';
import * as r from './registers.ts';
import { type PlicState, plicStateCodec } from './state.ts';

/** What {@link Plic} is made of. */
export interface PlicParts {
  /** Usable sources are 1…`sources`. */
  readonly sources: number;
  /** Where each context's notification goes. */
  readonly targets: readonly InterruptLine[];
  readonly deviceTree: DeviceTreeNode;
}

/**
 * Platform-level interrupt controller. Every source has a level-triggered gateway: it forwards one request to the
 * core, and the next one only after completion and while the line is still up. A request that was forwarded stays
 * pending when the line drops (section 5).
 */
export class Plic implements Device, InterruptController {
  readonly sources: number;
  readonly regions: readonly MmioRegion[];
  readonly deviceTree: DeviceTreeNode;
  readonly state = plicStateCodec(this);

  readonly #targets: readonly InterruptLine[];
  /** 32-bit words of a bitmap over all sources. */
  readonly #words: number;
  readonly #priority: Uint32Array;
  readonly #pending: Uint32Array;
  /** Claimed and not yet completed: the gateway is closed. */
  readonly #claimed: Uint32Array;
  /** `#words` for each context. */
  readonly #enable: Uint32Array;
  readonly #threshold: Uint32Array;
  /** How many users hold each source up. Wires, not state: they are as their devices drive them. */
  readonly #raised: Uint32Array;
  /** What each target was last told. */
  readonly #notified: Uint8Array;

  constructor(parts: PlicParts) {
    this.sources = parts.sources;
    this.deviceTree = parts.deviceTree;
    this.#targets = parts.targets;
    this.#words = (parts.sources >> 5) + 1;
    this.#priority = new Uint32Array(parts.sources + 1);
    this.#pending = new Uint32Array(this.#words);
    this.#claimed = new Uint32Array(this.#words);
    this.#enable = new Uint32Array(this.#words * parts.targets.length);
    this.#threshold = new Uint32Array(parts.targets.length);
    this.#raised = new Uint32Array(parts.sources + 1);
    this.#notified = new Uint8Array(parts.targets.length);
    this.regions = [
      {
        name: 'registers',
        length: r.REGION_LENGTH,
        // Registers are 32 bits wide; the specification gives narrower accesses no meaning, so they do nothing.
        read: (offset, width) => (width === 4 ? this.#read(offset) : 0),
        write: (offset, width, value) => {
          if (width === 4) this.#write(offset, value);
        },
      },
    ];
  }

  line(number: number): InterruptLine | undefined {
    if (!Number.isInteger(number) || number < 1 || number > this.sources) return undefined;
    let level = false;
    return {
      set: (next) => {
        if (next === level) return;
        level = next;
        this.#drive(number, next);
      },
    };
  }

  reset(): void {
    for (const registers of [this.#priority, this.#pending, this.#claimed, this.#enable, this.#threshold]) {
      registers.fill(0);
    }
    // Lines that are up now may belong to devices that are reset after us; the gateways look again on enabling.
    this.#notifyAnew();
  }

  /** Everything that a guest can see, as plain data. */
  capture(): PlicState {
    return {
      priority: [...this.#priority],
      pending: [...this.#pending],
      claimed: [...this.#claimed],
      enable: [...this.#enable],
      threshold: [...this.#threshold],
    };
  }

  /** Takes over a state if its sizes and values are possible here; else changes nothing and says false. */
  adopt(state: PlicState): boolean {
    const possible =
      state.priority.length === this.#priority.length &&
      state.pending.length === this.#words &&
      state.claimed.length === this.#words &&
      state.enable.length === this.#enable.length &&
      state.threshold.length === this.#threshold.length &&
      state.priority[0] === 0 &&
      [state.pending, state.claimed, state.enable].every((bitmap) =>
        bitmap.every((bits, index) => (bits & ~this.#sourceMask(index % this.#words)) === 0),
      );
    if (!possible) return false;
    this.#priority.set(state.priority);
    this.#pending.set(state.pending);
    this.#claimed.set(state.claimed);
    this.#enable.set(state.enable);
    this.#threshold.set(state.threshold);
    this.#notifyAnew();
    return true;
  }

  #read(offset: number): number {
    if (offset < r.PENDING_BASE) return this.#priority[offset >> 2] ?? 0;
    if (offset < r.ENABLE_BASE) return this.#pending[(offset - r.PENDING_BASE) >> 2] ?? 0;
    if (offset < r.CONTEXT_BASE) {
      const index = this.#enableIndex(offset);
      return index < 0 ? 0 : (this.#enable[index] ?? 0);
    }
    const context = Math.floor((offset - r.CONTEXT_BASE) / r.CONTEXT_STRIDE);
    if (context >= this.#targets.length) return 0;
    switch (offset % r.CONTEXT_STRIDE) {
      case r.THRESHOLD:
        return this.#threshold[context] ?? 0;
      case r.CLAIM_COMPLETE:
        return this.#claim(context);
      default:
        return 0;
    }
  }

  #write(offset: number, value: number): void {
    if (offset < r.PENDING_BASE) {
      const source = offset >> 2;
      if (source < 1 || source > this.sources) return;
      this.#priority[source] = value & r.PRIORITY_MASK;
      this.#notifyAll();
    } else if (offset < r.ENABLE_BASE) {
      // Pending bits are read-only.
    } else if (offset < r.CONTEXT_BASE) {
      const index = this.#enableIndex(offset);
      if (index >= 0) this.#writeEnable(index, value & this.#sourceMask(index % this.#words));
    } else {
      const context = Math.floor((offset - r.CONTEXT_BASE) / r.CONTEXT_STRIDE);
      if (context >= this.#targets.length) return;
      const register = offset % r.CONTEXT_STRIDE;
      if (register === r.THRESHOLD) {
        this.#threshold[context] = value & r.PRIORITY_MASK;
        this.#notify(context);
      } else if (register === r.CLAIM_COMPLETE) this.#complete(context, value);
    }
  }

  /** Index into `#enable` of the word at `offset`, or −1 when there is none. */
  #enableIndex(offset: number): number {
    const context = Math.floor((offset - r.ENABLE_BASE) / r.ENABLE_STRIDE);
    const word = ((offset - r.ENABLE_BASE) % r.ENABLE_STRIDE) >> 2;
    return context < this.#targets.length && word < this.#words ? context * this.#words + word : -1;
  }

  #writeEnable(index: number, bits: number): void {
    const word = index % this.#words;
    let added = bits & ~(this.#enable[index] ?? 0);
    this.#enable[index] = bits;
    let changed = false;
    while (added !== 0) {
      const bit = 31 - Math.clz32(added & -added);
      added &= added - 1;
      changed = this.#forward((word << 5) | bit) || changed;
    }
    if (changed) this.#notifyAll();
    else this.#notify(Math.floor(index / this.#words));
  }

  /** The bits of bitmap word `word` that stand for sources that exist. */
  #sourceMask(word: number): number {
    const first = word << 5;
    const above = this.sources - first;
    const upTo = above >= 31 ? 0xffff_ffff : 2 ** (above + 1) - 1;
    return (word === 0 ? upTo & ~1 : upTo) >>> 0;
  }

  /**
   * Most urgent source that is pending and enabled for `context`, the lowest number among equals; 0 when there is
   * none above priority `floor`.
   */
  #best(context: number, floor: number): number {
    let best = 0;
    let urgency = floor;
    const base = context * this.#words;
    for (let word = 0; word < this.#words; word += 1) {
      let bits = (this.#pending[word] ?? 0) & (this.#enable[base + word] ?? 0);
      while (bits !== 0) {
        const bit = 31 - Math.clz32(bits & -bits);
        bits &= bits - 1;
        const source = (word << 5) | bit;
        const priority = this.#priority[source] ?? 0;
        if (priority > urgency) {
          best = source;
          urgency = priority;
        }
      }
    }
    return best;
  }

  /** Claims do not look at the threshold (section 8). */
  #claim(context: number): number {
    const source = this.#best(context, 0);
    if (source === 0) return 0;
    this.#setBit(this.#pending, source, false);
    this.#setBit(this.#claimed, source, true);
    this.#notifyAll();
    return source;
  }

  /** Ignored for a source that is not enabled for the context (section 9). */
  #complete(context: number, source: number): void {
    if (source < 1 || source > this.sources) return;
    const bit = 1 << (source & 31);
    if (((this.#enable[context * this.#words + (source >> 5)] ?? 0) & bit) === 0) return;
    this.#setBit(this.#claimed, source, false);
    if (this.#forward(source)) this.#notifyAll();
  }

  #drive(source: number, level: boolean): void {
    this.#raised[source] = (this.#raised[source] ?? 0) + (level ? 1 : -1);
    if (level && this.#forward(source)) this.#notifyAll();
  }

  /** The gateway: makes a request of a raised line when it is open. True when that changed something. */
  #forward(source: number): boolean {
    const word = source >> 5;
    const bit = 1 << (source & 31);
    if (this.#raised[source] === 0) return false;
    if ((((this.#claimed[word] ?? 0) | (this.#pending[word] ?? 0)) & bit) !== 0) return false;
    this.#setBit(this.#pending, source, true);
    return true;
  }

  #setBit(bitmap: Uint32Array, source: number, on: boolean): void {
    const word = source >> 5;
    const bit = 1 << (source & 31);
    bitmap[word] = on ? (bitmap[word] ?? 0) | bit : (bitmap[word] ?? 0) & ~bit;
  }

  #notifyAll(): void {
    for (let context = 0; context < this.#targets.length; context += 1) this.#notify(context);
  }

  /** After reset and restore: tells every target, whatever it was told before. */
  #notifyAnew(): void {
    this.#notified.fill(2);
    this.#notifyAll();
  }

  #notify(context: number): void {
    const level = this.#best(context, this.#threshold[context] ?? 0) !== 0;
    if (this.#notified[context] === Number(level)) return;
    this.#notified[context] = Number(level);
    this.#targets[context]?.set(level);
  }
}
