/** Counts under locks of several kinds on several vCPUs in parallel, and prints whether the sums are right. */
import { parseArgs } from 'node:util';
import { prepareSmpGuest, runSmpGuest } from './smp-guest.ts';

const { values } = parseArgs({ options: { cpus: { type: 'string' }, rounds: { type: 'string' } } });
const cpus = Number(values.cpus ?? 4);
const rounds = Number(values.rounds ?? 200_000);

const words = ['stress', cpus, rounds];
const lines = await runSmpGuest(await prepareSmpGuest(), { cpus, threads: true, words });
process.stdout.write(`${lines.join('\n')}\n`);
const right = lines.filter((line) => / ok /.test(line)).length;
process.exitCode = right === 6 && lines[0] === `cpus ${cpus}` ? 0 : 1;
