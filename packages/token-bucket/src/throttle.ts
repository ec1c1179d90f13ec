import type { Clock, RateLimited, Timer, TransferLimits } from '@vivarium/contracts';
import { errors } from './errors.ts';
import { RateLimiter } from './rate-limiter.ts';

/** What {@link Throttle} is made of. */
export interface ThrottleParts {
  /** Limits by flow. */
  readonly flows: Readonly<Record<string, TransferLimits>>;
  readonly clock: Clock;
  readonly timer: (expired: () => void) => Timer;
  /** A transfer of `flow` that was held back may go now. */
  readonly resume: (flow: string) => void;
}

interface Flow {
  readonly limiter: RateLimiter;
  readonly timer: Timer;
}

/** Holds the transfers of a device back until their flow's limits let them go; one timer a flow says when. */
export class Throttle implements RateLimited {
  readonly flows: readonly string[];
  readonly #flows: ReadonlyMap<string, Flow>;
  readonly #clock: Clock;
  readonly #resume: (flow: string) => void;

  constructor({ flows, clock, timer, resume }: ThrottleParts) {
    this.flows = Object.keys(flows);
    this.#clock = clock;
    this.#resume = resume;
    this.#flows = new Map(
      Object.entries(flows).map(([name, limits]) => [
        name,
        { limiter: new RateLimiter(limits, clock.now()), timer: timer(() => resume(name)) },
      ]),
    );
  }

  /** Whether a transfer of `bytes` may go now. If not, `resume` is called when it may. */
  admits(flow: string, bytes: number): boolean {
    const found = this.#flows.get(flow);
    if (found === undefined) return true;
    const now = this.#clock.now();
    if (found.limiter.take(bytes, now)) return true;
    found.timer.arm(now + found.limiter.wait(bytes, now));
    return false;
  }

  /** Nobody waits any more: the device was reset. */
  cancel(): void {
    for (const { timer } of this.#flows.values()) timer.cancel();
  }

  limits(flow: string): TransferLimits {
    return this.#flow(flow).limiter.limits;
  }

  limit(flow: string, limits: TransferLimits): void {
    this.#flow(flow).limiter.configure(limits, this.#clock.now());
    // What waits may be able to go now, or has to wait anew.
    this.#resume(flow);
  }

  #flow(name: string): Flow {
    const found = this.#flows.get(name);
    if (found !== undefined) return found;
    throw errors.make('VIV_BUCKET_FLOW', `there is no flow "${name}"; there are ${this.flows.join(', ') || 'none'}`);
  }
}
