// Hot code: `of` runs on each switch of the guest's address space.

/** Tags have 12 bits for the context; 0 marks an empty entry. */
const LAST_CONTEXT = 4095;
/** Address spaces of which translations are kept. */
const KEPT = 16;

interface AddressSpace {
  low: number;
  high: number;
  context: number;
}

/**
 * Numbers address spaces by their satp, so that a switch flushes nothing, and forgets a space by giving it a new
 * number. When the numbers run out, `exhausted` clears the TLBs and counting starts again.
 */
export class Contexts {
  readonly #spaces: AddressSpace[] = [];
  readonly #exhausted: () => void;
  #last = 0;
  /** Place in `#spaces` that is given to the next new address space. */
  #victim = 0;

  constructor(exhausted: () => void) {
    this.#exhausted = exhausted;
  }

  /** Context of a satp value. */
  of(low: number, high: number): number {
    for (const space of this.#spaces) {
      if (space.low === low && space.high === high) return space.context;
    }
    const context = this.fresh();
    const space = { low, high, context };
    if (this.#spaces.length < KEPT) this.#spaces.push(space);
    else {
      this.#spaces[this.#victim] = space;
      this.#victim = (this.#victim + 1) % KEPT;
    }
    return context;
  }

  /** A number that no address space has. */
  fresh(): number {
    if (this.#last === LAST_CONTEXT) {
      this.#exhausted();
      this.#spaces.length = 0;
      this.#victim = 0;
      this.#last = 0;
    }
    this.#last += 1;
    return this.#last;
  }

  /** Every address space gets a new number. */
  forgetAll(): void {
    this.#spaces.length = 0;
    this.#victim = 0;
  }

  /** The address spaces with this ASID (satp bits 59…44) get new numbers. */
  forget(asid: number): void {
    for (let index = this.#spaces.length - 1; index >= 0; index -= 1) {
      const space = this.#spaces[index];
      if (space !== undefined && ((space.high >>> 12) & 0xffff) === asid) this.#spaces.splice(index, 1);
    }
    this.#victim = 0;
  }
}
