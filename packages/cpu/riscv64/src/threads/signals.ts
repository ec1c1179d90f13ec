import type { RemoteFence } from '@vivarium/contracts';

/** Words of a hart's signals. */
const AWAKE = 0;
const STUCK = 1;
const CHANGED = 2;
const ASKED = 3;
const DONE = 4;
const OVERFLOWN = 5;
const WAITERS = 6;
const FENCES = 8;
/** Fences that wait at most one by one; with more of them everything is forgotten. */
const MOST_FENCES = 16;
const FENCE_WORDS = 8;

/** Kinds of fences in the ring. */
const CODE = 0;
const ALL = 1;
const RANGE = 2;

/** CHANGED: the registers were written, or reset. */
export const WRITTEN = 1;
export const RESET = 2;

/** Linear memory that the signals of a hart take. */
export const SIGNAL_BYTES = (FENCES + MOST_FENCES * FENCE_WORDS) * 4;

/**
 * What threads tell a hart that may be executing on another, in words of shared memory.
 *
 * A hart is *awake* while its thread executes guest code. Whoever asks it for something first writes what, then looks
 * whether it is awake; the hart's thread first becomes awake, then looks at what was asked. So one of the two always sees
 * the other, and a hart that sleeps, or waits for a device, need not be woken for a fence: it cannot go on without it.
 */
export class HartSignals {
  readonly #words: Int32Array;

  constructor(buffer: ArrayBuffer | SharedArrayBuffer, offset: number) {
    this.#words = new Int32Array(buffer, offset, SIGNAL_BYTES / 4);
  }

  get awake(): boolean {
    return Atomics.load(this.#words, AWAKE) !== 0;
  }

  set awake(awake: boolean) {
    Atomics.store(this.#words, AWAKE, awake ? 1 : 0);
  }

  /** It will not do anything before another hart does something for it. */
  get stuck(): boolean {
    return Atomics.load(this.#words, STUCK) !== 0;
  }

  set stuck(stuck: boolean) {
    Atomics.store(this.#words, STUCK, stuck ? 1 : 0);
  }

  /** Another thread changed registers: WRITTEN or RESET. */
  change(what: number): void {
    Atomics.or(this.#words, CHANGED, what);
  }

  /** What changed since this was asked last. */
  takeChanges(): number {
    return Atomics.load(this.#words, CHANGED) === 0 ? 0 : Atomics.exchange(this.#words, CHANGED, 0);
  }

  /** Asks for a fence. One thread does so: the cell's. */
  ask(fence: RemoteFence): void {
    const asked = Atomics.load(this.#words, ASKED);
    if (asked - Atomics.load(this.#words, DONE) < MOST_FENCES) this.#write(asked, fence);
    else Atomics.store(this.#words, OVERFLOWN, 1);
    Atomics.add(this.#words, ASKED, 1);
  }

  #write(number: number, fence: RemoteFence): void {
    const at = FENCES + (number & (MOST_FENCES - 1)) * FENCE_WORDS;
    const range = fence.kind === 'translations' ? fence.range : undefined;
    this.#words[at] = fence.kind === 'code' ? CODE : range === undefined ? ALL : RANGE;
    if (range === undefined) return;
    const { address, length } = range;
    [address, address >> 32n, length, length >> 32n].forEach((half, index) => {
      this.#words[at + 1 + index] = Number(BigInt.asIntN(32, half));
    });
  }

  /** How many fences were asked for: to be compared with what `carriedOut` is later. */
  get asked(): number {
    return Atomics.load(this.#words, ASKED);
  }

  /** True when `number` fences are carried out, or will be before the hart executes anything. */
  settled(number: number): boolean {
    return !this.awake || Atomics.load(this.#words, DONE) - number >= 0;
  }

  /** Carries out what was asked for; true when there was something. On the hart's own thread. */
  carryOut(fence: (request: RemoteFence) => void): boolean {
    const asked = this.asked;
    const done = Atomics.load(this.#words, DONE);
    if (asked === done) return false;
    if (Atomics.exchange(this.#words, OVERFLOWN, 0) !== 0) {
      fence({ kind: 'code' });
      fence({ kind: 'translations' });
    } else for (let number = done; number !== asked; number = (number + 1) | 0) fence(this.#read(number));
    Atomics.store(this.#words, DONE, asked);
    return true;
  }

  #read(number: number): RemoteFence {
    const at = FENCES + (number & (MOST_FENCES - 1)) * FENCE_WORDS;
    const kind = this.#words[at];
    if (kind === CODE) return { kind: 'code' };
    if (kind === ALL) return { kind: 'translations' };
    const quad = (index: number): bigint =>
      (BigInt(this.#words[at + index + 1] >>> 0) << 32n) | BigInt(this.#words[at + index] >>> 0);
    return { kind: 'translations', range: { address: quad(1), length: quad(3) } };
  }

  /** Hart `number` wants to be rung when this one is no longer awake, or has carried out its fences. */
  addWaiter(number: number): void {
    Atomics.or(this.#words, WAITERS, 1 << number);
  }

  /** The harts to ring now, as bits. */
  takeWaiters(): number {
    return Atomics.load(this.#words, WAITERS) === 0 ? 0 : Atomics.exchange(this.#words, WAITERS, 0);
  }
}
