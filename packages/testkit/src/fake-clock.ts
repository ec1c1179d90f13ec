import type { Clock, Timer, VirtualTime } from '@vivarium/contracts';

/** A clock that moves only when the test says so. */
export interface FakeClock extends Clock {
  /** Moves time on by `nanoseconds` and fires what is due, as often as anything is. */
  advance(nanoseconds: number): void;
  readonly virtual: VirtualTime;
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
  let base = 0;
  let slice = (): number => 0;
  let armings = 0;
  let last = 0;
  // Never goes back, also when a slice ends without advanceTo.
  const now = (): number => {
    last = Math.max(last, base + slice());
    return last;
  };
  const armed = (): FakeTimer[] =>
    timers
      .filter((timer) => timer.deadline !== undefined)
      .sort((a, b) => (a.deadline ?? 0) - (b.deadline ?? 0) || a.arming - b.arming);
  const fire = (): number => {
    const lastArming = armings;
    let fired = 0;
    for (;;) {
      // A timer armed by a callback of this round waits for the next.
      const due = armed().find((timer) => (timer.deadline ?? 0) <= now() && timer.arming <= lastArming);
      if (due === undefined) return fired;
      due.cancel();
      due.expired();
      fired++;
    }
  };
  return {
    kind: 'virtual',
    epoch,
    now,
    timer: (expired) => {
      const timer = new FakeTimer(expired, () => ++armings);
      timers.push(timer);
      return timer;
    },
    get nextDeadline() {
      return armed()[0]?.deadline;
    },
    fire,
    pause: () => {},
    resume: () => {},
    reset: () => {
      for (const timer of timers) timer.cancel();
      base = -slice();
      last = 0;
    },
    advance: (nanoseconds) => {
      base = now() - slice() + nanoseconds;
      for (let round = 0; round < MAX_ROUNDS && fire() > 0; round++);
    },
    virtual: {
      nanosecondsPerInstruction: 1,
      advanceTo: (time) => {
        base = Math.max(time, now()) - slice();
      },
      follow: (retiredInSlice) => {
        slice = retiredInSlice ?? (() => 0);
      },
    },
  };
};
