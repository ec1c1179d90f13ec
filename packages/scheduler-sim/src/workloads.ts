import { SpinLock, type Step, type Workload } from './workload.ts';

const MILLISECOND = 1_000_000;

/** Computes without end. */
export const alwaysRunnable = (): Workload => () => ({ kind: 'run' });

/**
 * Needs `service` in every `period`, from `offset` on, and sleeps for the rest. What is done after the period's end is
 * late; periods that began meanwhile are late, too.
 */
export const periodic = (service: number, period: number, offset = 0): Workload => {
  let release = offset;
  let working = false;
  return ({ now, done }) => {
    if (working) {
      working = false;
      release += period;
      done(now > release);
    }
    if (now < release) return { kind: 'sleep', until: release };
    working = true;
    return { kind: 'run', service };
  };
};

/** Computes for a short while when something happens, at random: an editor, a web server. */
export const interactive = (service: number, meanSleep: number): Workload => {
  let asleep = false;
  return ({ now, random }) => {
    asleep = !asleep;
    return asleep ? { kind: 'sleep', until: now + random.exponential(meanSleep) } : { kind: 'run', service };
  };
};

/** Long stretches of work and of sleep, both at random. */
export const bursty = (meanService: number, meanSleep: number): Workload => {
  let asleep = true;
  return ({ now, random }) => {
    asleep = !asleep;
    return asleep
      ? { kind: 'sleep', until: now + random.exponential(meanSleep) }
      : { kind: 'run', service: random.exponential(meanService) };
  };
};

/**
 * The attack on accounting by ticks: runs for most of a tick and is gone when the tick comes, so that whoever is
 * charged for the whole tick, it is another (F. Zhou et al., "Scheduler Vulnerabilities and Coordinated Attacks in Cloud
 * Computing", 2011). It gives way for a moment or sleeps over the tick.
 */
export const tickEvasion = (way: 'yield' | 'sleep', tick = 10 * MILLISECOND, used = 9.5 * MILLISECOND): Workload => {
  let ran = false;
  return ({ now }) => {
    const intoTick = now % tick;
    const nextTick = now - intoTick + tick;
    if (intoTick < used) {
      ran = true;
      return { kind: 'run', until: nextTick - tick + used };
    }
    if (way === 'sleep') return { kind: 'sleep', until: nextTick + 1 };
    // It gives way once when its time is over. Should it run again before the tick, it gives way again soon.
    if (ran) {
      ran = false;
      return { kind: 'yield' };
    }
    ran = true;
    return { kind: 'run', service: 50_000 };
  };
};

/** How long the members of {@link lockHolders} compute, hold the lock, and spin before they give way. */
export interface LockTimes {
  readonly outside: number;
  readonly inside: number;
  /** Absent: they spin until they have the lock. */
  readonly patience?: number;
}

/** `size` vCPUs of one guest that compute and take turns at one spin lock: what suffers most when a holder waits. */
export const lockHolders = (size: number, { outside, inside, patience }: LockTimes): readonly Workload[] => {
  const lock = new SpinLock();
  return Array.from({ length: size }, (): Workload => {
    let phase = -1;
    return ({ random }): Step => {
      phase = (phase + 1) % 4;
      switch (phase) {
        case 0:
          return { kind: 'run', service: random.exponential(outside) };
        case 1:
          return { kind: 'acquire', lock, ...(patience === undefined ? {} : { patience }) };
        case 2:
          return { kind: 'run', service: random.exponential(inside) };
        default:
          return { kind: 'release', lock };
      }
    };
  });
};
