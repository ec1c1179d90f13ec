/**
 * The same Debian kernel and the same jobs in a worker of headless Chromium and in Node, in turns on the same machine:
 * prints the ratio of times for each job and their geometric mean, alone on the last line.
 *
 * Usage: browser-bench.ts [--rounds N] [--jobs a,b] [--json]
 */
import { parseArgs } from 'node:util';
import { chromiumBench } from './chromium.ts';
import { JOBS, prepareGuest } from './guest.ts';
import { type JobTime, timesOf } from './marks.ts';
import { printRow } from './print-row.ts';
import { geometricMean } from './statistics.ts';
import { runVivarium } from './vivarium.ts';

const best = (runs: readonly (readonly JobTime[])[], job: string): number =>
  Math.min(...timesOf(runs, job).map(({ milliseconds }) => milliseconds));

const main = async (): Promise<void> => {
  const { values } = parseArgs({
    options: {
      json: { type: 'boolean', default: false },
      rounds: { type: 'string', default: '3' },
      jobs: { type: 'string' },
    },
  });
  const jobs = values.jobs?.split(',') ?? JOBS;
  const guest = await prepareGuest();
  try {
    await using browser = await chromiumBench(guest);
    const inBrowser: (readonly JobTime[])[] = [];
    const inNode: (readonly JobTime[])[] = [];
    for (let round = 1; round <= Number(values.rounds); round += 1) {
      process.stderr.write(`bench: round ${round} of ${values.rounds}\n`);
      inBrowser.push(await browser.run(jobs));
      inNode.push((await runVivarium(guest, jobs)).times);
    }
    const rows = ['boot', ...jobs].map((job) => {
      const [chromium, node] = [best(inBrowser, job), best(inNode, job)];
      return { job, chromium, node, ratio: chromium / node };
    });
    const geomean = geometricMean(rows.map(({ ratio }) => ratio));
    if (values.json) {
      process.stdout.write(`${JSON.stringify({ rows, geomean })}\n`);
      return;
    }
    printRow(['job', 'chromium ms', 'node ms', 'ratio']);
    for (const { job, chromium, node, ratio } of rows) {
      printRow([job, chromium.toFixed(0), node.toFixed(0), ratio.toFixed(2)]);
    }
    process.stdout.write(`geomean ${geomean.toFixed(3)}\n`);
  } finally {
    guest.remove();
  }
};

await main();
