// Hot code: `note` runs on each TLB miss of a supervisor that is not global.

/** Private translations that are remembered one by one. */
const KEPT = 1024;

/** TLB entries of supervisor regimes that hold for one address space alone, and go when it is left. */
export class PrivateEntries {
  readonly #words: Int32Array;
  readonly #places = new Uint32Array(KEPT);
  #count = 0;

  constructor(buffer: ArrayBuffer | SharedArrayBuffer) {
    this.#words = new Int32Array(buffer);
  }

  /** Remembers the entry at an index of 32-bit words; false when there is no room. */
  note(place: number): boolean {
    if (this.#count === KEPT) return false;
    this.#places[this.#count] = place;
    this.#count += 1;
    return true;
  }

  /** Empties all that were remembered. */
  drop(): void {
    for (let index = 0; index < this.#count; index += 1) this.#words[this.#places[index]] = 0;
    this.#count = 0;
  }
}
