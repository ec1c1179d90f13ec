import { type CpuCore, CpuCoreToken, type VcpuAllotment, VcpuAllotmentToken } from '@vivarium/contracts';
import type { Machine } from '@vivarium/kernel';
import type { HardwareAgent } from '../cells/recipe.ts';
import { errors } from '../errors.ts';
import type { Patience } from './patience.ts';

/** vCPUs that a guest has: the first so many of those of its machine. */
export class VcpuChange {
  readonly #machine: Machine;
  readonly #core: CpuCore;
  readonly #allotment: VcpuAllotment | undefined;
  readonly #agent: HardwareAgent | undefined;

  constructor(machine: Machine, agent: HardwareAgent | undefined) {
    this.#machine = machine;
    this.#core = machine.get(CpuCoreToken);
    this.#allotment = machine.maybe(VcpuAllotmentToken);
    this.#agent = agent;
  }

  /** How many the guest may have. */
  get count(): number {
    return this.#allotment?.count ?? this.#core.vcpus.length;
  }

  /**
   * Allots so many vCPUs, and waits until the guest has stopped those that it is to give back, or an agent in it has started
   * the new ones. When it does not, it keeps what it had, and what it has started.
   */
  async set(count: number, patience: Patience | undefined): Promise<void> {
    const allotment = this.#allotment;
    const { vcpus } = this.#core;
    if (allotment === undefined) {
      throw errors.make(
        'VIV_CELL_UNCHANGEABLE',
        'the firmware of the machine allots no vCPUs, so their number is fixed',
      );
    }
    if (count > vcpus.length) {
      throw errors.make('VIV_CELL_CHANGE', `the machine has ${vcpus.length} vCPUs, its guest cannot have ${count}`);
    }
    const before = allotment.count;
    allotment.allot(count);
    if (patience === undefined) return;
    try {
      if (this.#agent === undefined) {
        if (this.#inUse > count) throw errors.make('VIV_CELL_GUEST', 'nobody in the guest can be asked to stop vCPUs');
        return;
      }
      await patience.during(this.#agent.vcpus(this.#machine, count, patience.signal));
      await patience.until(() => (count < before ? this.#inUse <= count : this.#inUse >= count));
    } catch (error) {
      allotment.allot(Math.max(before, this.#inUse));
      throw error;
    }
  }

  /** vCPUs up to the last that runs. */
  get #inUse(): number {
    return this.#core.vcpus.findLastIndex(({ running }) => running) + 1;
  }
}
