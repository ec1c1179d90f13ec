import type { JobTime } from './marks.ts';
import { median } from './statistics.ts';

/** One job in both engines: minima and medians in milliseconds. */
export interface Row {
  readonly job: string;
  readonly vivarium: number;
  readonly vivariumMedian: number;
  readonly qemu: number;
  readonly qemuMedian: number;
  readonly ratio: number;
  readonly mips: number;
}

/** Throws when the engines disagree on what the job computed. */
export const rowOf = (job: string, ours: readonly JobTime[], theirs: readonly JobTime[]): Row => {
  const times = (list: readonly JobTime[]): readonly number[] => list.map((time) => time.milliseconds);
  const best = ours.reduce((a, b) => (b.milliseconds < a.milliseconds ? b : a));
  const qemu = Math.min(...times(theirs));
  for (const [index, time] of ours.entries()) {
    if (time.digest !== theirs[index]?.digest) throw new Error(`${job} computes something else in QEMU`);
  }
  return {
    job,
    vivarium: best.milliseconds,
    vivariumMedian: median(times(ours)),
    qemu,
    qemuMedian: median(times(theirs)),
    ratio: best.milliseconds / qemu,
    mips: best.instructions / best.milliseconds / 1000,
  };
};
