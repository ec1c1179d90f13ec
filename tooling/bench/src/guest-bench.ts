/**
 * The same Debian kernel and the same jobs in Vivarium and in QEMU's translator, in turns on the same machine: prints
 * the ratio of times for each job and their geometric mean, alone on the last line.
 *
 * Usage: guest-bench.ts [--interp] [--rounds N] [--jobs a,b] [--json]
 */
import { parseArgs } from 'node:util';
import { JOBS, prepareGuest } from './guest.ts';
import { type JobTime, timesOf } from './marks.ts';
import { printRow } from './print-row.ts';
import { runQemu } from './qemu.ts';
import { type Row, rowOf } from './row.ts';
import { geometricMean } from './statistics.ts';
import { runVivarium } from './vivarium.ts';

/** Jobs without system calls or floating point: what an interpreter's speed is quoted for. */
const CPU_BOUND = ['alu', 'sieve', 'quicksort', 'calls', 'crc', 'sha256', 'md5', 'gzip', 'coremark'];

const print = (rows: readonly Row[], memory: number, interp: boolean): void => {
  printRow(['job', 'vivarium ms', 'median', 'qemu ms', 'median', 'ratio', 'MIPS']);
  for (const row of rows) {
    const numbers = [row.vivarium, row.vivariumMedian, row.qemu, row.qemuMedian].map((value) => value.toFixed(0));
    printRow([row.job, ...numbers, row.ratio.toFixed(2), row.mips.toFixed(0)]);
  }
  process.stdout.write(`memory ${(memory / 1024 / 1024).toFixed(0)} MB resident at most, 256 MB guest\n`);
  if (interp) {
    const mips = rows.filter((row) => row.job !== 'boot').map((row) => row.mips);
    process.stdout.write(`MIPS geomean ${geometricMean(mips).toFixed(0)}, lowest ${Math.min(...mips).toFixed(0)}\n`);
  }
  process.stdout.write(`geomean ${geometricMean(rows.map((row) => row.ratio)).toFixed(3)}\n`);
};

const main = async (): Promise<void> => {
  const { values } = parseArgs({
    options: {
      interp: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      rounds: { type: 'string', default: '3' },
      jobs: { type: 'string' },
    },
  });
  const jobs = values.jobs?.split(',') ?? (values.interp ? CPU_BOUND : JOBS);
  const guest = await prepareGuest();
  try {
    const ours: JobTime[][] = [];
    const theirs: JobTime[][] = [];
    let memory = 0;
    for (let round = 1; round <= Number(values.rounds); round += 1) {
      process.stderr.write(`bench: round ${round} of ${values.rounds}\n`);
      const run = await runVivarium(guest, jobs, { interpret: values.interp });
      ours.push([...run.times]);
      memory = Math.max(memory, run.memory);
      theirs.push([...(await runQemu(guest, jobs))]);
    }
    const names = (ours[0] ?? []).map((time) => time.name);
    const rows = names.map((job) => rowOf(job, timesOf(ours, job), timesOf(theirs, job)));
    if (values.json) {
      const geomean = geometricMean(rows.map((row) => row.ratio));
      process.stdout.write(`${JSON.stringify({ rows, memory, geomean })}\n`);
    } else print(rows, memory, values.interp);
  } finally {
    guest.remove();
  }
};

await main();
