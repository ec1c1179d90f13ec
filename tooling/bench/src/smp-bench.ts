/** Prints how much faster two vCPUs do a job of two processes than one does. */
import { parseArgs } from 'node:util';
import { prepareSmpGuest, runSmpGuest, type SmpGuest } from './smp-guest.ts';

const { values } = parseArgs({ options: { rounds: { type: 'string' }, units: { type: 'string' } } });
const rounds = Number(values.rounds ?? 3);
const units = Number(values.units ?? 400);

/** Microseconds that the guest took, and what it computed. */
const measure = async (guest: SmpGuest, cpus: number): Promise<{ readonly time: number; readonly sum: string }> => {
  const lines = await runSmpGuest(guest, { cpus, threads: cpus > 1, words: ['work', 2, units] });
  const [, time, sum] = lines.map((line) => /^work (\d+) us sum (\d+)$/.exec(line)).find((found) => found) ?? [];
  if (time === undefined || sum === undefined) throw new Error(`the guest said: ${lines.join('; ')}`);
  return { time: Number(time), sum };
};

const guest = await prepareSmpGuest();
const best = new Map<number, number>();
const sums = new Set<string>();
for (let round = 0; round < rounds; round += 1) {
  for (const cpus of [1, 2]) {
    const { time, sum } = await measure(guest, cpus);
    sums.add(sum);
    best.set(cpus, Math.min(best.get(cpus) ?? Number.POSITIVE_INFINITY, time));
    process.stdout.write(`round ${round + 1}: ${cpus} vCPU ${(time / 1000).toFixed(0)} ms\n`);
  }
}
if (sums.size !== 1) throw new Error('the results differ');
const [one = 0, two = 1] = [best.get(1), best.get(2)];
process.stdout.write(`best: 1 vCPU ${(one / 1000).toFixed(0)} ms, 2 vCPUs ${(two / 1000).toFixed(0)} ms, `);
process.stdout.write(`${(one / two).toFixed(2)} times as fast\n`);
