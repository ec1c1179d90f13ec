import type { StartBackgroundThread } from '@vivarium/contracts';
import { backgroundOn } from '@vivarium/host';

/** A worker beside that of the machine. The bundler finds its module by this URL, not by the one that the core gives. */
const startBackgroundThread: StartBackgroundThread = (_module, events) => {
  const worker = new Worker(new URL('../background/main.ts', import.meta.url), { type: 'module' });
  worker.onmessage = ({ data }) => events.answer(data);
  worker.onerror = (event) => {
    worker.terminate();
    events.died(new Error(event.message));
  };
  return {
    post: (message) => worker.postMessage(message, []),
    end: () => worker.terminate(),
  };
};

/** Such a worker where there is a core for it. */
export const backgroundThreads = (): ReturnType<typeof backgroundOn> =>
  backgroundOn(navigator.hardwareConcurrency, startBackgroundThread);
