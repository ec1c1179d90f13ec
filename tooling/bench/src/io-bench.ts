/**
 * The same Debian kernel and the same jobs in Vivarium and in QEMU, each with a virtio disk on a raw image, a card behind
 * address translation and a directory shared by virtio-fs, in turns on the same machine: prints the ratio of times for
 * each job, notifications and interrupts for each request of the disk, and the geometric mean of the ratios, alone on
 * the last line.
 *
 * Usage: io-bench.ts [--rounds N] [--jobs a,b] [--json]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { freshDevices } from './devices.ts';
import { BLOCK_JOBS, FILE_JOBS, NETWORK_JOBS, prepareGuest } from './guest.ts';
import { type JobTime, timesOf } from './marks.ts';
import { serveNetworkJobs } from './network-server.ts';
import { printRow } from './print-row.ts';
import { runQemu } from './qemu.ts';
import { type Row, rowOf } from './row.ts';
import { geometricMean } from './statistics.ts';
import { runVivarium, type VivariumRun } from './vivarium.ts';

const perRequest = ({ queue }: VivariumRun): { readonly notifications: number; readonly interrupts: number } => {
  const { notifications = 0, interrupts = 0, requests = 0 } = queue ?? {};
  return { notifications: notifications / requests, interrupts: interrupts / requests };
};

const print = (rows: readonly Row[], rates: ReturnType<typeof perRequest>): void => {
  printRow(['job', 'vivarium ms', 'median', 'qemu ms', 'median', 'ratio', '']);
  for (const row of rows) {
    const numbers = [row.vivarium, row.vivariumMedian, row.qemu, row.qemuMedian].map((value) => value.toFixed(0));
    printRow([row.job, ...numbers, row.ratio.toFixed(2), '']);
  }
  const { notifications, interrupts } = rates;
  process.stdout.write(
    `for each request of the disk ${notifications.toFixed(2)} notifications, ${interrupts.toFixed(2)} interrupts\n`,
  );
  process.stdout.write(`geomean ${geometricMean(rows.map((row) => row.ratio)).toFixed(3)}\n`);
};

const main = async (): Promise<void> => {
  const { values } = parseArgs({
    options: {
      json: { type: 'boolean', default: false },
      rounds: { type: 'string', default: '3' },
      jobs: { type: 'string' },
    },
  });
  const jobs = values.jobs?.split(',') ?? [...BLOCK_JOBS, ...NETWORK_JOBS, ...FILE_JOBS];
  const folder = mkdtempSync(join(tmpdir(), 'vivarium-io-'));
  const guest = await prepareGuest();
  using server = await serveNetworkJobs();
  try {
    const ours: (readonly JobTime[])[] = [];
    const theirs: (readonly JobTime[])[] = [];
    let rates = { notifications: Number.NaN, interrupts: Number.NaN };
    for (let round = 1; round <= Number(values.rounds); round += 1) {
      process.stderr.write(`bench: round ${round} of ${values.rounds}\n`);
      const run = await runVivarium(guest, jobs, { devices: freshDevices(folder, 'vivarium', server.port) });
      ours.push(run.times);
      rates = perRequest(run);
      theirs.push(await runQemu(guest, jobs, freshDevices(folder, 'qemu', server.port)));
    }
    const names = (ours[0] ?? []).map(({ name }) => name).filter((name) => name !== 'boot');
    const rows = names.map((job) => rowOf(job, timesOf(ours, job), timesOf(theirs, job)));
    if (values.json) {
      const geomean = geometricMean(rows.map(({ ratio }) => ratio));
      process.stdout.write(`${JSON.stringify({ rows, ...rates, geomean })}\n`);
    } else print(rows, rates);
  } finally {
    guest.remove();
    rmSync(folder, { recursive: true });
  }
};

await main();
