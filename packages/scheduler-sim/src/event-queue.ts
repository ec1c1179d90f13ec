interface Event {
  readonly time: number;
  readonly rank: number;
  readonly sequence: number;
  readonly act: () => void;
}

const before = (one: Event, other: Event): boolean =>
  one.time - other.time < 0 ||
  (one.time === other.time && (one.rank - other.rank || one.sequence - other.sequence) < 0);

/** Events in order of time, then of rank, then of arrival: a binary heap. */
export class EventQueue {
  readonly #heap: Event[] = [];
  #sequence = 0;

  /** Time of the next event; Infinity when there is none. */
  get nextTime(): number {
    return this.#heap[0]?.time ?? Number.POSITIVE_INFINITY;
  }

  push(time: number, rank: number, act: () => void): void {
    const event: Event = { time, rank, sequence: this.#sequence, act };
    this.#sequence += 1;
    let hole = this.#heap.push(event) - 1;
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      const above = this.#heap[parent];
      if (above === undefined || !before(event, above)) break;
      this.#heap[hole] = above;
      hole = parent;
    }
    this.#heap[hole] = event;
  }

  /** Takes the next event. */
  pop(): (() => void) | undefined {
    const first = this.#heap[0];
    const last = this.#heap.pop();
    if (first === undefined || last === undefined || first === last) return first?.act;
    let hole = 0;
    for (;;) {
      const [left, right] = [this.#heap[2 * hole + 1], this.#heap[2 * hole + 2]];
      const takeRight = left !== undefined && right !== undefined && before(right, left);
      const child = takeRight ? right : left;
      if (child === undefined || !before(child, last)) break;
      this.#heap[hole] = child;
      hole = 2 * hole + (takeRight ? 2 : 1);
    }
    this.#heap[hole] = last;
    return first.act;
  }
}
