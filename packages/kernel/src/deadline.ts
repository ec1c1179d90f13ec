import { errors } from './errors.ts';

// The kernel runs in Node, browsers and workers alike, so it declares the two globals they share.
declare const setTimeout: (callback: () => void, milliseconds: number) => unknown;
declare const clearTimeout: (timer: unknown) => void;

/** The hooks of a part, in the order of its life. */
export type Hook = 'setup' | 'wire' | 'start' | 'pause' | 'resume' | 'reset' | 'stop' | 'dispose';

/** Milliseconds for each hook. */
export type Deadlines = Readonly<Record<Hook, number>>;

/** Longer delays wrap round in every host's setTimeout. */
const MAX_DELAY = 2 ** 31 - 1;

const DEFAULT_DEADLINES: Deadlines = {
  setup: 30_000,
  wire: 5_000,
  start: 5_000,
  pause: 5_000,
  resume: 5_000,
  reset: 5_000,
  stop: 5_000,
  dispose: 5_000,
};

/** The defaults, with what the app says in their place. Throws `VIV_DEADLINE_INVALID`. */
export const chooseDeadlines = (chosen: Partial<Record<Hook, number>> = {}): Deadlines => {
  const deadlines = { ...DEFAULT_DEADLINES };
  for (const hook of Object.keys(DEFAULT_DEADLINES) as Hook[]) {
    const milliseconds = chosen[hook];
    if (milliseconds === undefined) continue;
    if (!Number.isSafeInteger(milliseconds) || milliseconds < 1 || milliseconds > MAX_DELAY) {
      throw errors.make('VIV_DEADLINE_INVALID', `deadline of ${hook} is ${milliseconds}`, { details: { hook } });
    }
    deadlines[hook] = milliseconds;
  }
  return deadlines;
};

/** Stands for work that did not settle in time. */
export const EXPIRED: unique symbol = Symbol('expired');

/**
 * Runs `act` and waits for it at most `milliseconds`. Nothing can stop work that goes on for ever; a value that
 * comes too late goes to `late`, an error that comes too late is dropped.
 */
export const within = async <T>(
  milliseconds: number,
  act: () => T | Promise<T>,
  late: (value: T) => void = () => {},
): Promise<T | typeof EXPIRED> => {
  let timer: unknown;
  let expired = false;
  const expiry = new Promise<typeof EXPIRED>((resolve) => {
    timer = setTimeout(() => {
      expired = true;
      resolve(EXPIRED);
    }, milliseconds);
  });
  const settle = async (): Promise<T> => {
    const value = await act();
    if (expired) late(value);
    return value;
  };
  try {
    return await Promise.race([settle(), expiry]);
  } finally {
    clearTimeout(timer);
  }
};
