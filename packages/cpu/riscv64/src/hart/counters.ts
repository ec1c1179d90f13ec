/** mcycle or minstret: a count that software can set and stop. */
export class Counter {
  #offset = 0n;
  #stopped: bigint | undefined;
  readonly #raw: () => number;

  /** `raw` counts on its own: instructions completed before the present one. */
  constructor(raw: () => number) {
    this.#raw = raw;
  }

  get value(): bigint {
    return BigInt.asUintN(64, this.#stopped ?? BigInt(this.#raw()) + this.#offset);
  }

  /** The next instruction reads exactly `value`: the present one does not count on top (section 3.1.10). */
  set value(value: bigint) {
    if (this.#stopped !== undefined) this.#stopped = value;
    else this.#offset = value - BigInt(this.#raw()) - 1n;
  }

  get inhibited(): boolean {
    return this.#stopped !== undefined;
  }

  set inhibited(inhibit: boolean) {
    if (inhibit === this.inhibited) return;
    if (inhibit) this.#stopped = this.value + 1n;
    else {
      this.#offset = (this.#stopped ?? 0n) - BigInt(this.#raw()) - 1n;
      this.#stopped = undefined;
    }
  }

  reset(): void {
    this.#stopped = undefined;
    this.#offset = -BigInt(this.#raw());
  }
}
