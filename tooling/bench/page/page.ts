import type { JobTime } from '../src/marks.ts';

/** What the worker answers. */
export interface Answer {
  readonly times?: readonly JobTime[];
  readonly error?: string;
}

declare global {
  var runJobs: (commandLine: string) => Promise<readonly JobTime[]>;
}

/** Called by the benchmark: runs the guest in a worker, as a page would. */
globalThis.runJobs = (commandLine) =>
  new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
    worker.addEventListener('error', ({ message }) => reject(new Error(message)));
    worker.addEventListener('message', ({ data }: MessageEvent<Answer>) => {
      worker.terminate();
      if (data.times === undefined) reject(new Error(data.error));
      else resolve(data.times);
    });
    worker.postMessage(commandLine, {});
  });
