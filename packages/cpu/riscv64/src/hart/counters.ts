import type { HartState } from '../state/hart-state.ts';

/** Offsets in the counter's place in the hart's state. */
const OFFSET = 0;
const STOPPED = 8;
const INHIBITED = 16;

/** mcycle or minstret: a count that software can set and stop. */
export class Counter {
  readonly #state: HartState;
  readonly #at: number;
  readonly #raw: () => number;

  /** `at` is its place in the hart's state; `raw` counts on its own: instructions completed before the present one. */
  constructor(state: HartState, at: number, raw: () => number) {
    this.#state = state;
    this.#at = at;
    this.#raw = raw;
  }

  get value(): bigint {
    const state = this.#state;
    if (this.inhibited) return BigInt.asUintN(64, state.quad(this.#at + STOPPED));
    return BigInt.asUintN(64, BigInt(this.#raw()) + state.quad(this.#at + OFFSET));
  }

  /** The next instruction reads exactly `value`: the present one does not count on top (section 3.1.10). */
  set value(value: bigint) {
    if (this.inhibited) this.#state.setQuad(this.#at + STOPPED, value);
    else this.#state.setQuad(this.#at + OFFSET, value - BigInt(this.#raw()) - 1n);
  }

  get inhibited(): boolean {
    return this.#state.low(this.#at + INHIBITED) !== 0;
  }

  set inhibited(inhibit: boolean) {
    if (inhibit === this.inhibited) return;
    const state = this.#state;
    const value = inhibit ? this.value + 1n : state.quad(this.#at + STOPPED) - BigInt(this.#raw()) - 1n;
    state.setQuad(this.#at + (inhibit ? STOPPED : OFFSET), value);
    state.setWord(this.#at + INHIBITED, inhibit ? 1 : 0);
  }

  reset(): void {
    this.#state.setWord(this.#at + INHIBITED, 0);
    this.#state.setQuad(this.#at + OFFSET, -BigInt(this.#raw()));
  }
}
