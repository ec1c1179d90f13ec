import type { StartBackgroundThread } from '@vivarium/contracts';

/** A worker beside that of the machine. The bundler finds its module by this URL, not by the one that the core gives. */
export const startBackgroundThread: StartBackgroundThread = (_module, events) => {
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
