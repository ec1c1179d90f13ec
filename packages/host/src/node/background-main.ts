/** What runs in the thread beside the vCPUs of a core. */
import { parentPort, workerData } from 'node:worker_threads';
import type { BackgroundModule } from '@vivarium/contracts';
import type { BackgroundReport } from './background-threads.ts';

const port = parentPort;
const { openBackground } = (await import(workerData as string)) as BackgroundModule;
const work = openBackground((answer) => port?.postMessage({ answer } satisfies BackgroundReport));
port?.on('message', (message: unknown) => {
  work(message);
  port.postMessage({} satisfies BackgroundReport);
});
