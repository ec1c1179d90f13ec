import type { MemoryState, MemoryWatch, Reclaim } from '@vivarium/contracts';

/** States from good to bad: below which part of the minimum they begin, and what is done in them. */
const STATES: readonly {
  readonly state: MemoryState;
  readonly below: number;
  readonly reclaims: readonly Reclaim[];
}[] = [
  { state: 'high', below: 4, reclaims: [] },
  { state: 'clear', below: 1, reclaims: ['share'] },
  { state: 'soft', below: 0.64, reclaims: ['share', 'balloon'] },
  { state: 'hard', below: 0.32, reclaims: ['share', 'compress', 'swap'] },
  { state: 'low', below: 0.16, reclaims: ['share', 'compress', 'swap', 'block'] },
];

const GIBIBYTE = 2 ** 30;

/** Less is needed for each byte of a larger host: 6% of the first 4 GiB, 4% of the next 8, 2% of 16 more, 1% of the rest. */
export const minimumFree = (memory: number): number => {
  const steps = [
    [4 * GIBIBYTE, 0.06],
    [8 * GIBIBYTE, 0.04],
    [16 * GIBIBYTE, 0.02],
    [Number.POSITIVE_INFINITY, 0.01],
  ] as const;
  let left = memory;
  let minimum = 0;
  for (const [length, part] of steps) {
    minimum += Math.min(left, length) * part;
    left = Math.max(0, left - length);
  }
  return Math.floor(minimum);
};

/**
 * Memory states with hysteresis: a state begins when less is free than its own part of the minimum, and ends when there
 * is as much as the part of the state above. So what is won is more than what the next guest takes at once.
 */
export class StateWatch implements MemoryWatch {
  readonly #minimum: number;
  #index = 0;
  #free = 0;

  constructor(minimum: number) {
    this.#minimum = minimum;
  }

  get state(): MemoryState {
    return STATES[this.#index]?.state ?? 'high';
  }

  get reclaims(): readonly Reclaim[] {
    return STATES[this.#index]?.reclaims ?? [];
  }

  get wanted(): number {
    return this.#index === 0 ? 0 : Math.max(0, Math.ceil(this.#threshold(this.#index - 1) - this.#free));
  }

  get spare(): number {
    return Math.max(0, Math.floor(this.#free - this.#threshold(0)));
  }

  update(free: number): MemoryState {
    this.#free = free;
    while (this.#index > 0 && free >= this.#threshold(this.#index - 1)) this.#index -= 1;
    while (this.#index + 1 < STATES.length && free < this.#threshold(this.#index + 1)) this.#index += 1;
    return this.state;
  }

  #threshold(index: number): number {
    return (STATES[index]?.below ?? 0) * this.#minimum;
  }
}
