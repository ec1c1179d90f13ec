import type { HostConsole, HostedMachine } from '@vivarium/host';
import { GuestChannel, type GuestControl } from './guest-channel.ts';
import type { MachineRecord } from './machine-record.ts';

const MILLISECOND = 1e6;

/** Listens to the guests that have a port to the control plane. */
export class GuestChannels {
  readonly #control: GuestControl;
  readonly #open = new Set<HostConsole>();

  constructor(control: GuestControl) {
    this.#control = control;
  }

  /** A machine is there, was adopted, or has a cell again. Throws `VIV_CELL_VIEWERS`. */
  listen(machine: HostedMachine, record: MachineRecord): void {
    // One that has no cell yet has no consoles.
    const console = machine.consoles.find(({ name }) => name === record.port);
    if (console === undefined || this.#open.has(console)) return;
    const { name } = record;
    new GuestChannel(console, {
      control: this.#control,
      principal: () => ({ name: `guest:${name}`, role: record.management, via: 'guest', machine: name }),
      now: () => performance.now() * MILLISECOND,
      closed: () => this.#open.delete(console),
    });
    this.#open.add(console);
  }
}
