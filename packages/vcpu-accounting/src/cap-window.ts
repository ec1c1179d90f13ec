/** A stretch of consumption on one pCPU, and what older stretches were folded into it. */
interface Stretch {
  /** When the first of what was folded into it began. */
  readonly since: number;
  readonly start: number;
  end: number;
  /** Counted as if all of it had been used at `end`. */
  readonly lump: number;
}

/** Where the left end of the window enters a stretch, or leaves it. */
interface Edge {
  readonly at: number;
  /** How many nanoseconds more the window loses in a nanosecond from here on. */
  readonly loss: 1 | -1;
  /** What it loses here at once. */
  readonly lump: number;
}

/** Stretches that are kept; beyond that the oldest are folded together, to the disadvantage of the domain. */
const STRETCHES = 512;
/** Stretches within this part of the period are one. */
const GRAIN = 1 / 64;

/** Two as one: all of the first counts as used at the end of the second, and so is counted for longer than it is due. */
const folded = (first: Stretch, second: Stretch): Stretch => ({
  ...second,
  since: first.since,
  lump: first.lump + second.lump + first.end - first.start,
});

/**
 * A cap: at most `budget` nanoseconds of CPU in any `period`, wherever it begins. Budgets that are filled up at the
 * edges of fixed periods allow twice the budget around an edge; this one slides, so that any ten periods in a row
 * hold at most ten budgets. A nanosecond that was used comes back one period later.
 */
export class CapWindow {
  readonly budget: number;
  readonly #period: number;
  /** Grants below this are not worth a switch. */
  readonly #least: number;
  #stretches: Stretch[] = [];
  /** Of the stretches, in order; undefined when they have changed. */
  #edges: readonly Edge[] | undefined;

  constructor(budget: number, period: number, least: number) {
    this.budget = budget;
    this.#period = period;
    this.#least = Math.min(least, budget);
  }

  /** `ranFor` nanoseconds that end at `now`. */
  charge(ranFor: number, now: number): void {
    if (ranFor <= 0) return;
    this.#edges = undefined;
    const start = now - ranFor;
    const last = this.#stretches.at(-1);
    const near = last !== undefined && now - last.since <= this.#period * GRAIN;
    if (last !== undefined && last.end === start && (near || last.lump === 0)) {
      last.end = now;
      return;
    }
    if (last !== undefined && near) {
      this.#stretches[this.#stretches.length - 1] = folded(last, { since: start, start, end: now, lump: 0 });
      return;
    }
    this.#stretches = this.#stretches.filter(({ end }) => end > now - this.#period);
    this.#stretches.push({ since: start, start, end: now, lump: 0 });
    const [first, second] = this.#stretches;
    if (this.#stretches.length <= STRETCHES || first === undefined || second === undefined) return;
    this.#stretches.splice(0, 2, folded(first, second));
  }

  /**
   * How long a vCPU may run from `now` on, while its siblings use `committed` in the same time; 0 when that is less
   * than is worth a switch.
   */
  grant(committed: number, now: number): number {
    const allowed = this.#allowed(committed, now);
    return allowed < this.#least ? 0 : allowed;
  }

  /** The first time from `now` on at which {@link grant} gives something, if the siblings use no more. */
  nextGrant(committed: number, now: number): number {
    // What was used only leaves the window with time, so a grant that is possible stays so.
    let [early, late] = [now, now + this.#period];
    while (early < late) {
      const middle = Math.floor((early + late) / 2);
      if (this.grant(committed, middle) > 0) late = middle;
      else early = middle + 1;
    }
    return late;
  }

  /** The longest run from `now` on after no moment of which the window holds more than the budget. */
  #allowed(committed: number, now: number): number {
    const left = now - this.#period;
    let free = this.budget - committed - this.#used(left);
    if (free < 0) return 0;
    let loss = 0;
    let at = left;
    for (const edge of this.#sortedEdges()) {
      if (edge.at > left) {
        const after = free + (loss - 1) * (edge.at - at);
        if (after < 0) break;
        free = after + edge.lump;
        at = edge.at;
      }
      loss += edge.loss;
    }
    return at - left + Math.floor(free / (1 - loss));
  }

  #sortedEdges(): readonly Edge[] {
    this.#edges ??= this.#stretches
      .flatMap(({ start, end, lump }): readonly Edge[] => [
        { at: start, loss: 1, lump: 0 },
        { at: end, loss: -1, lump },
      ])
      .sort((one, other) => one.at - other.at);
    return this.#edges;
  }

  /** What the window holds when it begins at `left`. */
  #used(left: number): number {
    return this.#stretches.reduce(
      (sum, { start, end, lump }) => sum + (end > left ? lump + end - Math.max(start, left) : 0),
      0,
    );
  }
}
