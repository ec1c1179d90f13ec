// Hot code: `time` is read on each clock read of the guest.
import type { Clock } from '@vivarium/contracts';
import type { HartState } from '../state/hart-state.ts';
import { STATE_TIMER } from '../state/layout.ts';

const NANOSECONDS = 1_000_000_000;
const NEVER = -1n;
/** Numbers with a greater high half are not all exact. */
const EXACT_HIGH = 0x1f_ffff;

/** The time CSR and the Sstc comparator of one hart. */
export class SupervisorTimer {
  readonly #state: HartState;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #nanosecondsPerTick: number;

  constructor(state: HartState, clock: Pick<Clock, 'now'>, timebaseFrequency: number) {
    this.#state = state;
    this.#clock = clock;
    this.#nanosecondsPerTick = NANOSECONDS / timebaseFrequency;
  }

  /** Ticks of the timebase since power-on, a safe integer. */
  get ticks(): number {
    return Math.floor(this.#clock.now() / this.#nanosecondsPerTick);
  }

  get compare(): bigint {
    return BigInt.asUintN(64, this.#state.quad(STATE_TIMER));
  }

  set compare(value: bigint) {
    this.#state.setQuad(STATE_TIMER, value);
  }

  /** The comparator as a number, +∞ when it lies beyond exact numbers or menvcfg.STCE is off. */
  get #compareTicks(): number {
    const state = this.#state;
    const high = state.high(STATE_TIMER) >>> 0;
    if (high > EXACT_HIGH || !state.timerComparator) return Number.POSITIVE_INFINITY;
    return high * 0x1_0000_0000 + (state.low(STATE_TIMER) >>> 0);
  }

  /** True when the supervisor timer interrupt is pending by the comparator. */
  get due(): boolean {
    const ticks = this.#compareTicks;
    return ticks !== Number.POSITIVE_INFINITY && this.ticks >= ticks;
  }

  /** When it will be due, in nanoseconds of the clock. */
  get deadline(): number | undefined {
    const deadline = Math.ceil(this.#compareTicks * this.#nanosecondsPerTick);
    return Number.isSafeInteger(deadline) ? deadline : undefined;
  }

  reset(): void {
    this.compare = NEVER;
  }
}
