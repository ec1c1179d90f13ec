// Hot code: `time` is read on each clock read of the guest.
import type { Clock } from '@vivarium/contracts';

const NANOSECONDS = 1_000_000_000;
const NEVER = (1n << 64n) - 1n;

/** The time CSR and the Sstc comparator of one hart. */
export class SupervisorTimer {
  /** menvcfg.STCE: the comparator exists. */
  enabled = false;
  readonly #clock: Clock;
  readonly #nanosecondsPerTick: number;
  #compare = NEVER;
  /** The comparator as a number, +∞ when it lies beyond exact numbers. */
  #compareTicks = Number.POSITIVE_INFINITY;

  constructor(clock: Clock, timebaseFrequency: number) {
    this.#clock = clock;
    this.#nanosecondsPerTick = NANOSECONDS / timebaseFrequency;
  }

  /** Ticks of the timebase since power-on, a safe integer. */
  get ticks(): number {
    return Math.floor(this.#clock.now() / this.#nanosecondsPerTick);
  }

  get compare(): bigint {
    return this.#compare;
  }

  set compare(value: bigint) {
    this.#compare = BigInt.asUintN(64, value);
    this.#compareTicks =
      this.#compare <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(this.#compare) : Number.POSITIVE_INFINITY;
  }

  /** True when the supervisor timer interrupt is pending by the comparator. */
  get due(): boolean {
    return this.enabled && this.#compareTicks !== Number.POSITIVE_INFINITY && this.ticks >= this.#compareTicks;
  }

  /** When it will be due, in nanoseconds of the clock. */
  get deadline(): number | undefined {
    if (!this.enabled || this.#compareTicks === Number.POSITIVE_INFINITY) return undefined;
    const deadline = Math.ceil(this.#compareTicks * this.#nanosecondsPerTick);
    return Number.isSafeInteger(deadline) ? deadline : undefined;
  }

  reset(): void {
    this.enabled = false;
    this.compare = NEVER;
  }
}
