/** Things by a positive integer that is never used again, so that a guest's stale number finds nothing. */
export class IdTable<T> {
  readonly #things = new Map<number, T>();
  readonly #capacity: number;
  #next: number;

  /**
   * @param capacity how many there can be at once
   * @param first the first number given out
   */
  constructor(capacity: number, first = 1) {
    this.#capacity = capacity;
    this.#next = first;
  }

  get size(): number {
    return this.#things.size;
  }

  get full(): boolean {
    return this.#things.size >= this.#capacity;
  }

  /** Undefined when the table is full. */
  add(thing: T): number | undefined {
    if (this.full) return undefined;
    const id = this.#next++;
    this.#things.set(id, thing);
    return id;
  }

  get(id: number): T | undefined {
    return this.#things.get(id);
  }

  remove(id: number): T | undefined {
    const thing = this.#things.get(id);
    this.#things.delete(id);
    return thing;
  }

  values(): IterableIterator<T> {
    return this.#things.values();
  }

  /** Removes everything. Numbers go on where they were. */
  clear(): void {
    this.#things.clear();
  }
}
