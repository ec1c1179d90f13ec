/** A share that is being measured against the ideal. */
interface Claim {
  weight: number;
  active: boolean;
  /** Nanoseconds of CPU in each nanosecond, at present. */
  rate: number;
  /** What the ideal has given it up to `since`. */
  given: number;
  since: number;
}

/**
 * The rates at which an ideal machine that divides `pcpus` pCPUs without grain serves vCPUs of these weights: by
 * weight, but none gets more than one pCPU, and what it cannot take goes to the others by weight (generalised processor
 * sharing with the readjustment of weights of A. Chandra et al., "Surplus Fair Scheduling", OSDI 2000).
 */
export const idealRates = (weights: readonly number[], pcpus: number): readonly number[] => {
  const rates = weights.map(() => 0);
  const heaviestFirst = [...weights.keys()].sort((one, other) => (weights[other] ?? 0) - (weights[one] ?? 0));
  let weightLeft = weights.reduce((sum, weight) => sum + weight, 0);
  let pcpusLeft = pcpus;
  for (const index of heaviestFirst) {
    const weight = weights[index] ?? 0;
    const rate = pcpusLeft <= 0 ? 0 : Math.min(1, (weight * pcpusLeft) / weightLeft);
    rates[index] = rate;
    // Those that follow are no heavier, so once one takes less than a pCPU, all that follow do.
    if (rate < 1) continue;
    weightLeft -= weight;
    pcpusLeft -= 1;
  }
  return rates;
};

/** How much each vCPU would have had by now on the ideal machine. */
export class Ideal<Key> {
  readonly #claims = new Map<Key, Claim>();
  #pcpus = 0;

  /** Every call below is followed by calls with the same or a later `now`. */
  resize(pcpus: number, now: number): void {
    this.#pcpus = pcpus;
    this.#recompute(now);
  }

  set(key: Key, weight: number, now: number): void {
    const claim = this.#claims.get(key) ?? { weight, active: false, rate: 0, given: 0, since: now };
    claim.weight = weight;
    this.#claims.set(key, claim);
    this.#recompute(now);
  }

  activate(key: Key, active: boolean, now: number): void {
    const claim = this.#claims.get(key);
    if (claim === undefined || claim.active === active) return;
    claim.active = active;
    this.#recompute(now);
  }

  delete(key: Key, now: number): void {
    this.#claims.delete(key);
    this.#recompute(now);
  }

  given(key: Key, now: number): number {
    const claim = this.#claims.get(key);
    return claim === undefined ? 0 : claim.given + claim.rate * (now - claim.since);
  }

  #recompute(now: number): void {
    const active: Claim[] = [];
    for (const claim of this.#claims.values()) {
      claim.given += claim.rate * (now - claim.since);
      claim.since = now;
      claim.rate = 0;
      if (claim.active) active.push(claim);
    }
    const rates = idealRates(
      active.map(({ weight }) => weight),
      this.#pcpus,
    );
    for (const [index, claim] of active.entries()) claim.rate = rates[index] ?? 0;
  }
}
