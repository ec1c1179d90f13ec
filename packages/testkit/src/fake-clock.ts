import type { Clock, Timer } from '@vivarium/contracts';

/** A clock that moves only when the test says so. */
export interface FakeClock extends Clock {
  /** Moves time on by `nanoseconds` and fires what is due, as often as anything is. */
  advance(nanoseconds: number): void;
  /** True between `pause` and `resume`. */
  readonly paused: boolean;
}

class FakeTimer implements Timer {
  deadline: number | undefined;
  arming = 0;
  readonly expired: () => void;
  readonly #nextArming: () => number;

  constructor(expired: () => void, nextArming: () => number) {
    this.expired = expired;
    this.#nextArming = nextArming;
  }

  arm(deadline: number): void {
    this.deadline = deadline;
    this.arming = this.#nextArming();
  }

  cancel(): void {
    this.deadline = undefined;
  }
}

/** A timer that always arms itself in the past would fire for ever. */
const MAX_ROUNDS = 1000;

/** Makes a clock at 0 ns; `epoch` is the wall-clock time at power-on in nanoseconds since the Unix epoch. */
export const fakeClock = (epoch = 0n): FakeClock => {
  const timers: FakeTimer[] = [];
  let now = 0;
  let armings = 0;
  let paused = false;
  const armed = (): FakeTimer[] =>
    timers
      .filter((timer) => timer.deadline !== undefined)
      .sort((a, b) => (a.deadline ?? 0) - (b.deadline ?? 0) || a.arming - b.arming);
  const fire = (): number => {
    const last = armings;
    let fired = 0;
    for (;;) {
      // A timer armed by a callback of this round waits for the next.
      const due = armed().find((timer) => (timer.deadline ?? 0) <= now && timer.arming <= last);
      if (due === undefined) return fired;
      due.cancel();
      due.expired();
      fired++;
    }
  };
  return {
    kind: 'virtual',
    epoch,
    now: () => now,
    timer: (expired) => {
      const timer = new FakeTimer(expired, () => ++armings);
      timers.push(timer);
      return timer;
    },
    get nextDeadline() {
      return armed()[0]?.deadline;
    },
    fire,
    pause: () => {
      paused = true;
    },
    resume: () => {
      paused = false;
    },
    get paused() {
      return paused;
    },
    reset: () => {
      for (const timer of timers) timer.cancel();
      now = 0;
    },
    advance: (nanoseconds) => {
      now += nanoseconds;
      for (let round = 0; round < MAX_ROUNDS && fire() > 0; round++);
    },
  };
};
