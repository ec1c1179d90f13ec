import type { Clock, InterruptLine, Timer } from '@vivarium/contracts';
import { Aclint } from '../src/index.ts';

/** A clock that the test moves; going on fires what is due on the way, deadline by deadline. */
export class FakeClock {
  time = 0;
  readonly timers: { deadline: number | undefined; expired: () => void }[] = [];

  now(): number {
    return this.time;
  }

  timer(expired: () => void): Timer {
    const timer = {
      deadline: undefined as number | undefined,
      expired,
      arm: (deadline: number) => {
        timer.deadline = deadline;
      },
      cancel: () => {
        timer.deadline = undefined;
      },
    };
    this.timers.push(timer);
    return timer;
  }

  advanceTo(time: number): void {
    for (;;) {
      const due = this.timers
        .filter((timer) => (timer.deadline ?? Number.POSITIVE_INFINITY) <= time)
        .sort((a, b) => (a.deadline ?? 0) - (b.deadline ?? 0))[0];
      if (due?.deadline === undefined) break;
      this.time = Math.max(this.time, due.deadline);
      due.deadline = undefined;
      due.expired();
    }
    this.time = time;
  }
}

export const makeRig = (harts = 2, frequency = 10_000_000) => {
  const clock = new FakeClock();
  const levels: Record<string, boolean> = {};
  const edges: string[] = [];
  const lines = (name: string): InterruptLine[] =>
    Array.from({ length: harts }, (_, hart) => ({
      set: (level) => {
        if (level && !levels[`${name}${hart}`]) edges.push(`${name}${hart}`);
        levels[`${name}${hart}`] = level;
      },
    }));
  const aclint = new Aclint({
    clock: clock as unknown as Clock,
    timer: (expired) => clock.timer(expired),
    frequency,
    msip: lines('msip'),
    mtip: lines('mtip'),
    ssip: lines('ssip'),
    deviceTree: { name: 'clint', properties: {} },
  });
  aclint.reset();
  const [clint, sswi] = aclint.regions;
  return { aclint, clock, levels, edges, clint: clint, sswi: sswi };
};
