import { availableParallelism } from 'node:os';
import type { Worker } from 'node:worker_threads';
import type { BackgroundEvents, BackgroundThread, StartBackgroundThread } from '@vivarium/contracts';
import { backgroundOn } from '../background.ts';
import { silentWorker } from './silent-worker.ts';

/** Milliseconds without work after which the thread ends: a guest at rest needs none. */
const REST = 5000;

/** MiB. It makes much that is soon forgotten: with less room for that, it is forgotten sooner. */
const LIMITS = { maxYoungGenerationSizeMb: 8, maxOldGenerationSizeMb: 128 };

/** What the thread says: an answer, or that it is done with a message. */
export interface BackgroundReport {
  readonly answer?: unknown;
}

/** A thread of Node that is there while it has something to do. */
class NodeBackgroundThread implements BackgroundThread {
  readonly #module: string;
  readonly #events: BackgroundEvents;
  #worker: Worker | undefined;
  #unfinished = 0;
  #rest: NodeJS.Timeout | undefined;

  constructor(module: string, events: BackgroundEvents) {
    this.#module = module;
    this.#events = events;
  }

  post(message: unknown): void {
    clearTimeout(this.#rest);
    this.#worker ??= this.#start();
    this.#unfinished += 1;
    this.#worker.postMessage(message, []);
  }

  end(): void {
    clearTimeout(this.#rest);
    const worker = this.#worker;
    this.#worker = undefined;
    this.#unfinished = 0;
    void worker?.terminate();
  }

  #start(): Worker {
    const worker = silentWorker('background-main', {
      name: 'background',
      workerData: this.#module,
      resourceLimits: LIMITS,
    });
    // A machine that is done does not wait for it.
    worker.unref();
    worker.on('message', (report: BackgroundReport) => {
      if (worker !== this.#worker) return;
      if (report.answer !== undefined) {
        this.#events.answer(report.answer);
        return;
      }
      this.#unfinished -= 1;
      if (this.#unfinished === 0) this.#rest = setTimeout(() => this.end(), REST).unref();
    });
    const died = (error: unknown): void => {
      if (worker !== this.#worker) return;
      this.#worker = undefined;
      this.#events.died(error);
    };
    worker.on('error', died);
    worker.once('exit', (code) => died(new Error(`the thread ended with code ${code}`)));
    return worker;
  }
}

/** Threads of Node for what a core does beside its vCPUs. */
export const startBackgroundThread: StartBackgroundThread = (module, events) =>
  new NodeBackgroundThread(module, events);

/** Such threads where there are cores for them. */
export const backgroundThreads = (): ReturnType<typeof backgroundOn> =>
  backgroundOn(availableParallelism(), startBackgroundThread);
