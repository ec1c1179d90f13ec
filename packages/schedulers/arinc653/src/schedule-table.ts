import { errors } from './errors.ts';

/** A stretch of the major frame. */
export interface Window {
  /** The partition whose time it is: the domain of its vCPUs. Absent: a gap. */
  readonly domain?: string | undefined;
  /** Nanoseconds. */
  readonly duration: number;
}

/** What repeats itself for ever: windows one after the other, and nothing for the rest of the frame. */
export interface TableOptions {
  /** Nanoseconds. */
  readonly majorFrame: number;
  readonly windows: readonly Window[];
}

/** Windows in a table. */
export const MOST_WINDOWS = 64;

/** What is on at a moment. */
export interface OpenWindow {
  readonly domain: string | undefined;
  /** When it began, and when something else does. */
  readonly start: number;
  readonly end: number;
}

/** What is wrong with a table; undefined: nothing. */
export const problemOf = ({ majorFrame, windows }: TableOptions): string | undefined => {
  if (!(Number.isSafeInteger(majorFrame) && majorFrame > 0)) return `the major frame is ${majorFrame} ns`;
  if (windows.length > MOST_WINDOWS) return `${windows.length} windows; ${MOST_WINDOWS} are the most`;
  const empty = windows.findIndex(({ duration }) => !(Number.isSafeInteger(duration) && duration > 0));
  if (empty >= 0) return `window ${empty} takes ${windows[empty]?.duration} ns`;
  const sum = windows.reduce((total, { duration }) => total + duration, 0);
  return sum > majorFrame ? `the windows take ${sum} ns and the major frame ${majorFrame}` : undefined;
};

/** A checked table that began at `epoch`. Every window has its times on the grid of frames; nothing adds up. */
export class ScheduleTable {
  readonly #options: TableOptions;
  readonly #epoch: number;

  /** Throws `VIV_ARINC653_TABLE`. */
  constructor(options: TableOptions, epoch: number) {
    const problem = problemOf(options);
    if (problem !== undefined) throw errors.make('VIV_ARINC653_TABLE', problem);
    this.#options = options;
    this.#epoch = epoch;
  }

  /** `now` is not before the epoch. */
  at(now: number): OpenWindow {
    const { majorFrame, windows } = this.#options;
    const frame = now - ((now - this.#epoch) % majorFrame);
    let start = frame;
    for (const { domain, duration } of windows) {
      if (now < start + duration) return { domain, start, end: start + duration };
      start += duration;
    }
    return { domain: undefined, start, end: frame + majorFrame };
  }
}
