import type { SchedulerFactory, VcpuParameters } from '@vivarium/contracts';
import { type Cell, createInlineCell, Dispatcher, type Guest, type HostThread } from '@vivarium/host';
import { assemble } from '@vivarium/kernel';
import { type BareWork, bareGuest } from './bare-guest.ts';

/** One pCPU for small guests on this thread. */
export class BareHost implements AsyncDisposable {
  readonly thread: HostThread;
  readonly dispatcher: Dispatcher;
  readonly #cells: Cell[] = [];
  readonly #runs: Promise<unknown>[] = [];

  constructor(scheduler: SchedulerFactory, thread: HostThread) {
    this.thread = thread;
    this.dispatcher = new Dispatcher({ scheduler, pcpus: 1, time: thread });
  }

  /** It runs from the next `at` on: no time passes while machines are made. */
  async add(guest: {
    readonly name: string;
    readonly work: BareWork;
    readonly parameters: Omit<VcpuParameters, 'domain'>;
  }): Promise<Guest> {
    const { name, work, parameters } = guest;
    const cell = createInlineCell(await assemble(bareGuest(name, work, this.thread.kind)), { leased: this.thread });
    const { lease } = cell;
    if (lease === undefined) throw new Error(`${name} has no lease`);
    const attached = this.dispatcher.attach({ name, lease, vcpus: [parameters] });
    this.#cells.push(cell);
    return attached;
  }

  /** Lets guests run until `time` of the thread, and gives what `look` sees then. */
  at<Seen>(time: number, look: () => Seen): Promise<Seen> {
    for (const cell of this.#cells.slice(this.#runs.length)) this.#runs.push(cell.run());
    return new Promise((resolve) => {
      this.thread.timer(() => resolve(look())).arm(time);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const cell of this.#cells) await cell.stop();
    await Promise.all(this.#runs);
    for (const cell of this.#cells) await cell[Symbol.asyncDispose]();
  }
}
