import { Worker, type WorkerOptions } from 'node:worker_threads';
import { beside } from './beside.ts';

/**
 * A thread of Node that runs a module beside this one, with an empty environment. What parts print there is nobody's; the
 * streams are read so that nothing piles up.
 */
export const silentWorker = (
  module: string,
  options: Pick<WorkerOptions, 'name' | 'workerData' | 'transferList' | 'resourceLimits'>,
): Worker => {
  const worker = new Worker(beside(import.meta.url, module), {
    ...options,
    env: {},
    stdin: false,
    stdout: true,
    stderr: true,
  });
  worker.stdout.resume();
  worker.stderr.resume();
  return worker;
};
