import type { GuestClaims } from '@vivarium/contracts';
import type { Dispatcher, Guest, HostedMachine, ResourceControl } from '@vivarium/host';
import type { MachineRecord } from './machine-record.ts';

/** Nanoseconds at a time: what pays for the way of a grant to another process and back. */
const SLICE = 10_000_000;
/** Thousandths of a pCPU in a percent. */
const THOUSANDTHS = 10;

/** What pCPUs and memory machines are given: weights and caps of their records, in the words of dispatcher and policy. */
export class Entitlements {
  readonly #dispatcher: Dispatcher | undefined;
  readonly #resources: ResourceControl | undefined;

  constructor(dispatcher: Dispatcher | undefined, resources: ResourceControl | undefined) {
    this.#dispatcher = dispatcher;
    this.#resources = resources;
  }

  /** Sets aside what a machine is to have. Throws `VIV_HOST_ADMISSION` when there is no room. */
  admit(record: MachineRecord): void {
    this.#resources?.admit(claimsOf(record));
  }

  release(name: string): void {
    this.#guest(name)?.detach();
    this.#resources?.release(name);
  }

  /** The machine has a cell that is about to run, or does: it gets pCPUs from now on. */
  attach(machine: HostedMachine, record: MachineRecord): void {
    const { name, lease } = machine;
    if (lease === undefined || this.#dispatcher === undefined) return;
    // Of a run before this one, which may not have said yet that it is over.
    this.#guest(name)?.detach();
    const own = this.#resources?.parameters(name) ?? { weight: record.weight, cap: capOf(record) };
    const vcpus = Array.from({ length: record.vcpus }, () => ({ slice: SLICE, ...own }));
    this.#dispatcher.attach({ name, lease, vcpus });
  }

  /** Weight or cap of the record have changed. Throws when that is refused. */
  change(record: MachineRecord): void {
    if (this.#resources === undefined) this.#guest(record.name)?.change({ weight: record.weight, cap: capOf(record) });
    else this.#resources.change(claimsOf(record));
  }

  stats(name: string): Guest['stats'] {
    return this.#guest(name)?.stats ?? [];
  }

  #guest(name: string): Guest | undefined {
    return this.#dispatcher?.guests.find((guest) => guest.name === name);
  }
}

const capOf = ({ cap }: MachineRecord): number => (cap ?? 0) * THOUSANDTHS;

const claimsOf = (record: MachineRecord): GuestClaims => ({
  guest: record.name,
  vcpus: record.vcpus,
  cpu: { shares: record.weight, ...(record.cap === null ? {} : { limit: capOf(record) }) },
  memory: { shares: record.weight, size: record.memory },
});
