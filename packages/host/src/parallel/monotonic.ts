declare const performance: { now(): number; readonly timeOrigin: number };
declare const process: { readonly hrtime?: { bigint(): bigint } } | undefined;

const ATTEMPTS = 8;

/**
 * What to add to `performance.now()` of this thread so that all threads of a process read one and the same clock. Where
 * the host has no clock of the process, each thread's own origin says when it began.
 */
const offset = (): number => {
  const hrtime = typeof process === 'undefined' ? undefined : process.hrtime;
  if (hrtime === undefined) return performance.timeOrigin;
  let best = Number.POSITIVE_INFINITY;
  let found = 0;
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const before = performance.now();
    const whole = Number(hrtime.bigint()) / 1e6;
    const after = performance.now();
    if (after - before >= best) continue;
    best = after - before;
    found = whole - (before + after) / 2;
  }
  return found;
};

/** Makes a clock in milliseconds that never goes back and is the same on every thread, within a microsecond. */
export const createMonotonic = (): (() => number) => {
  const add = offset();
  return () => performance.now() + add;
};
