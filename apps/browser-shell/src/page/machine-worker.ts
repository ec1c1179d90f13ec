import { errors } from '../errors.ts';
import { problemOf } from '../problem.ts';
import type { BootRequest, Command, MachineEvent, Report } from '../protocol.ts';
import { InputQueue } from './input-queue.ts';

/** What the page does with what the machine says. */
export interface MachineListener {
  /** Shows output, and calls `shown` when it is done with it: until then the guest may have to wait. */
  output(bytes: Uint8Array, shown: () => void): void;
  event(event: MachineEvent): void;
}

/** Milliseconds until a worker that does not answer `stop` is ended from outside. */
const STOP_GRACE = 3000;

const startWorker = (): Worker => new Worker(new URL('../worker/main.ts', import.meta.url), { type: 'module' });

/** One machine in a worker of its own, as the page sees it. Ends with one `ended` or `failed`, after which all is free. */
export class MachineWorker {
  readonly #worker: Worker;
  readonly #listener: MachineListener;
  readonly #input = new InputQueue((bytes) => this.#post({ kind: 'input', bytes }, [bytes.buffer]));
  #over = false;
  #grace: ReturnType<typeof setTimeout> | undefined;

  constructor(request: BootRequest, listener: MachineListener, start: () => Worker = startWorker) {
    this.#listener = listener;
    this.#worker = start();
    this.#worker.addEventListener('message', ({ data }: MessageEvent<Report>) => this.#hear(data));
    this.#worker.addEventListener('error', (event) => {
      const reason = event.message === undefined ? 'the worker could not be loaded' : event.message;
      this.#finish({ kind: 'failed', problem: problemOf(errors.make('VIV_SHELL_WORKER', reason)) });
    });
    this.#post({ kind: 'boot', ...request }, request.network === undefined ? [] : [request.network.channel]);
  }

  /** Input for the guest. False when too much of it already waits: then none of it is taken. */
  type(bytes: Uint8Array): boolean {
    return this.#input.push(bytes);
  }

  resize(columns: number, rows: number): void {
    this.#post({ kind: 'resize', columns, rows });
  }

  reset(): void {
    this.#post({ kind: 'reset' });
  }

  /** Pulls the plug. */
  stop(): void {
    if (this.#over) return;
    this.#post({ kind: 'stop' });
    this.#grace ??= setTimeout(() => this.#finish({ kind: 'ended', ending: { kind: 'stopped' } }), STOP_GRACE);
  }

  #hear(report: Report): void {
    if (this.#over) return;
    switch (report.kind) {
      case 'output': {
        const count = report.bytes.length;
        this.#listener.output(report.bytes, () => this.#post({ kind: 'shown', count }));
        return;
      }
      case 'taken':
        this.#input.taken(report.count);
        return;
      case 'ended':
      case 'failed':
        this.#finish(report);
        return;
      default:
        this.#listener.event(report);
    }
  }

  #finish(event: MachineEvent): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#grace);
    this.#worker.terminate();
    this.#listener.event(event);
  }

  #post(command: Command, transfer: Transferable[] = []): void {
    if (!this.#over) this.#worker.postMessage(command, transfer);
  }
}
