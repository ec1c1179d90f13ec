import { MessageChannel } from 'node:worker_threads';
import { portChannel } from '../cells/channel.ts';
import type { CodedError } from '../cells/end.ts';
import type { CellKind, CellLink, CellOrder } from '../cells/link.ts';
import { cut } from '../cells/plain.ts';
import { silentWorker } from './silent-worker.ts';

/** MiB of JavaScript heap, unless a cell's limits say otherwise. */
export const DEFAULT_HEAP = 512;

/** What an error event of a worker means. */
const reasonOf = (name: string, heap: number, error: unknown): CodedError => {
  if ((error as { readonly code?: unknown } | undefined)?.code === 'ERR_WORKER_OUT_OF_MEMORY') {
    return { code: 'VIV_CELL_OUT_OF_MEMORY', message: `cell ${name} used up its heap of ${heap} MiB` };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { code: 'VIV_CELL_EXCEPTION', message: cut(`nobody caught an exception in cell ${name}: ${message}`) };
};

const launch = async ({ name, limits }: CellOrder): Promise<CellLink> => {
  const heap = limits.heap ?? DEFAULT_HEAP;
  const { port1, port2 } = new MessageChannel();
  const worker = silentWorker('worker-main', {
    name: `cell ${name}`,
    workerData: { port: port2 },
    transferList: [port2],
    resourceLimits: { maxOldGenerationSizeMb: heap },
  });
  let reason: CodedError | undefined;
  let asked = false;
  worker.on('error', (error) => {
    reason = reasonOf(name, heap, error);
  });
  const died = new Promise<CodedError | undefined>((resolve) => {
    worker.once('exit', (code) => {
      port1.close();
      if (asked) resolve(undefined);
      else resolve(reason ?? { code: 'VIV_CELL_DIED', message: `cell ${name} ended its thread with code ${code}` });
    });
  });
  return {
    channel: portChannel(port1),
    died,
    kill: async () => {
      asked = true;
      await worker.terminate();
      await died;
    },
    clean: async () => {},
  };
};

/**
 * Cells in threads of this process. A heap that overflows, an exception, a thread that hangs end that cell alone. Memory
 * outside of the JavaScript heap (guest RAM, buffers) is bounded by what the machine is made of, and not by limits;
 * an error in the engine itself ends the process, which is what process cells are for.
 */
export const workerCells = (): CellKind => ({ name: 'worker', launch });
