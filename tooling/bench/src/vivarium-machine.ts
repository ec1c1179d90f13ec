import { readFileSync } from 'node:fs';
import { openHostFile } from '@vivarium/host-file/node';
import { runJobs } from './job-machine.ts';

/** Runs the guest to its end and prints how long its jobs took. `mode` is `interpret` when nothing is to be translated. */
export const runMachine = async (
  kernel: string,
  initrd: string,
  commandLine: string,
  mode: string,
  disk: string,
): Promise<void> => {
  // The time that the process needed to get here counts as boot, as it does for the other engine.
  const start = performance.now() - process.uptime() * 1000;
  const image = (path: string) => ({ name: path, bytes: readFileSync(path) });
  const run = { kernel: image(kernel), initrd: image(initrd), commandLine, translate: mode !== 'interpret', start };
  const file = disk === '' ? undefined : openHostFile(disk);
  const { times, queue } = await runJobs(file === undefined ? run : { ...run, disk: file });
  file?.close();
  const memory = process.resourceUsage().maxRSS * 1024;
  process.stdout.write(`${JSON.stringify({ times, memory, queue })}\n`);
};
