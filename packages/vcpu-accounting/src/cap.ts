import { CapWindow } from './cap-window.ts';

/** What the vCPUs of a guest do at a moment. */
export interface CapLoad {
  /** How many run, and how many would: the one that is asked for among them. */
  readonly running: number;
  readonly ready: number;
  /** What those that run have used since they were charged, and will have used when their slices end. */
  readonly used: number;
  readonly committed: number;
}

const MILLISECOND = 1_000_000;
/** In any time of this length a guest has no more than its part of it. */
const WINDOW = 100 * MILLISECOND;
/** A guest that computes runs for its part of this time, then it waits for the rest. */
const PACE = 10 * MILLISECOND;
/** So long at least, by making the time longer: a switch costs a host some of it. */
const LEAST_PIECE = MILLISECOND;
/** The least that is granted of what is left of a piece. */
const LEAST_REST = 100_000;
/** What a host that is late, and so grants late, makes up for. */
const LATE = 5 * MILLISECOND;
/** What a host that stops a guest late holds against it at most. */
const MOST_DEBT = 1000 * MILLISECOND;

/**
 * A cap, kept twice. Credit comes in at its rate and every nanosecond of use takes from it, also one that was too many,
 * so the cap is neither missed nor exceeded in the long run; and a {@link CapWindow} keeps it in the short run. Who has
 * used up its credit waits for a piece worth running: otherwise pieces become ever smaller, until a guest gets little
 * but switches.
 *
 * Credit is in thousandths of nanoseconds, so that everything is in whole numbers.
 */
export class Cap {
  /** Thousandths of a pCPU. */
  readonly #rate: number;
  readonly #window: CapWindow;
  readonly #pace: number;
  #credit: number;
  /** Up to when it came in. */
  #at: number;
  #spent = false;

  constructor(rate: number, now: number) {
    this.#rate = rate;
    this.#pace = Math.min(Math.max(PACE, Math.ceil((LEAST_PIECE * 1000) / rate)), WINDOW);
    this.#window = new CapWindow((rate * WINDOW) / 1000, WINDOW, 1);
    this.#at = now;
    const piece = Math.floor((rate * this.#pace) / 1000);
    this.#credit = piece * Math.max(1000 - rate, 0);
  }

  /** `ranFor` nanoseconds that end at `now`. */
  charge(ranFor: number, now: number): void {
    this.#window.charge(ranFor, now);
    this.#credit = Math.max(this.#creditAt(now) - ranFor * 1000, -MOST_DEBT * this.#rate);
    this.#at = now;
    if (this.#credit <= 0) this.#spent = true;
  }

  /** How long one of those that are ready may run from `now` on; 0 when that is less than is worth a switch. */
  grant(load: CapLoad, now: number): number {
    const granted = this.#allowed(load, now);
    // While others run, what they are about to use may be all that is missing.
    this.#spent = granted === 0 && (this.#spent || load.running === 0);
    return granted;
  }

  /** The first time from `now` on at which {@link grant} gives something, if those that run use no more. */
  nextGrant(load: CapLoad, now: number): number {
    const lacks = this.#piece(load) * this.#drain(load) + load.used * 1000 - this.#creditAt(now);
    // What was used only leaves the window with time, and credit only comes in, so a grant that is possible stays so.
    let [early, late] = [now, now + Math.max(WINDOW, Math.ceil(lacks / this.#rate))];
    while (early < late) {
      const middle = Math.floor((early + late) / 2);
      if (this.#allowed(load, middle) > 0) late = middle;
      else early = middle + 1;
    }
    return late;
  }

  #allowed(load: CapLoad, now: number): number {
    const { ready, used, committed } = load;
    const drain = this.#drain(load);
    const paced = drain > 0 ? Math.floor((this.#creditAt(now) - used * 1000) / drain) : Number.POSITIVE_INFINITY;
    const piece = this.#piece(load);
    const rest = Math.min(LEAST_REST, piece);
    if (paced < (this.#spent ? piece : rest)) return 0;
    const left = this.#window.grant(committed, now);
    const part = Math.max(Math.min(left, LEAST_REST), Math.floor(left / Math.max(1, ready)));
    const least = this.#spent ? Math.ceil(piece / 2) : rest;
    return part < least ? 0 : Math.min(paced, part);
  }

  #creditAt(now: number): number {
    const most = this.#rate * (this.#pace + LATE);
    return Math.min(most, this.#credit + this.#rate * (now - this.#at));
  }

  /** How fast credit goes down while all run that would, in thousandths. */
  #drain({ running, ready }: CapLoad): number {
    return 1000 * (running + ready) - this.#rate;
  }

  /** How long each of them runs at a time, when all of them would always run. */
  #piece({ running, ready }: CapLoad): number {
    const vcpus = Math.max(running + ready, 1);
    return Math.max(1, Math.min(this.#pace, Math.floor((this.#rate * this.#pace) / (1000 * vcpus))));
  }
}
