import { type PciSlot, PciSlotToken } from '@vivarium/contracts';
import type { Machine } from '@vivarium/kernel';
import type { Made } from '../cells/recipe-load.ts';
import type { MachineDevice, MachineParts } from '../cells/recipe.ts';
import { errors } from '../errors.ts';
import type { HardwareView } from './change.ts';
import type { Patience } from './patience.ts';

/** A device from when its slot is reserved until that is free again. */
interface Entry {
  readonly slot: string;
  /** Its parts are in the machine; rejects when they cannot be. */
  joined: Promise<MachineDevice>;
  /** Somebody waits for the guest: to find it, or to let go of it. */
  wait: Patience | undefined;
  /** Taking it out has begun. */
  leaving: Promise<void> | undefined;
}

/** The hot-plug slots of a machine, and the devices that were put into them. */
export class DeviceBay {
  readonly #machine: Machine;
  readonly #parts: MachineParts;
  readonly #slots: readonly string[];
  readonly #entries = new Map<string, Entry>();
  /** Slots out of which a device was torn: a guest may believe that it is there. */
  readonly #torn = new Set<string>();

  constructor({ machine, parts }: Made) {
    this.#machine = machine;
    this.#parts = parts;
    this.#slots = machine.parts.filter(({ provides }) => provides.includes(PciSlotToken.id)).map(({ id }) => id);
  }

  get view(): Pick<HardwareView, 'slots' | 'devices'> {
    return {
      slots: this.#slots.length,
      devices: [...this.#entries].map(([name, { slot }]) => ({ name, slot })),
    };
  }

  /**
   * Puts a device into a free slot, and waits until an agent in the guest has found it. When that does not happen, it is taken
   * out again.
   */
  async attach(name: string, options: unknown, patience: Patience | undefined): Promise<void> {
    const { device: make, hardware } = this.#parts;
    if (make === undefined || this.#slots.length === 0) {
      throw errors.make('VIV_CELL_UNCHANGEABLE', 'the machine takes no devices while it is there');
    }
    if (this.#entries.has(name)) throw errors.make('VIV_CELL_CHANGE', `there is a device ${name} in the machine`);
    const slot = this.#freeSlot();
    const entry: Entry = { slot, joined: this.#join(name, slot, make, options), wait: patience, leaving: undefined };
    this.#entries.set(name, entry);
    try {
      await entry.joined;
    } catch (error) {
      this.#entries.delete(name);
      throw error;
    }
    try {
      if (patience === undefined || hardware === undefined) return;
      await patience.during(hardware.plugged(this.#machine, slot, patience.signal));
    } catch (error) {
      await this.#takeOut(name, entry, 'torn');
      throw error;
    } finally {
      entry.wait = undefined;
    }
  }

  /** Has the guest let go of a device, and takes it out then. A guest that does not keeps it. */
  async detach(name: string, patience: Patience | undefined): Promise<void> {
    const entry = this.#entry(name);
    if (entry.wait !== undefined || entry.leaving !== undefined) {
      throw errors.make('VIV_CELL_CHANGE', `the device ${name} is on its way in or out`);
    }
    if (patience !== undefined) {
      entry.wait = patience;
      try {
        await this.#release(entry.slot, patience);
      } finally {
        entry.wait = undefined;
      }
    }
    await this.#takeOut(name, entry, 'released');
  }

  /** Takes a device out, whatever the guest does with it. Whoever waits for the guest waits no longer. */
  async tearOut(name: string): Promise<void> {
    const entry = this.#entry(name);
    // Parts that are on their way in come first.
    await entry.joined.catch(() => {}); // whoever attaches it hears of that
    entry.wait?.callOff(errors.make('VIV_CELL_CHANGE', `the device ${name} was taken out by force meanwhile`));
    await this.#takeOut(name, entry, 'torn');
  }

  /** The machine is gone, and with it the parts of all devices. */
  async close(): Promise<void> {
    const devices = await Promise.allSettled([...this.#entries.values()].map(({ joined }) => joined));
    this.#entries.clear();
    for (const device of devices) if (device.status === 'fulfilled') await device.value.close?.();
  }

  #entry(name: string): Entry {
    const entry = this.#entries.get(name);
    if (entry !== undefined) return entry;
    throw errors.make('VIV_CELL_CHANGE', `there is no device ${name} in the machine, among those that were attached`);
  }

  #slot(id: string): PciSlot {
    return this.#machine.get(PciSlotToken, id);
  }

  #freeSlot(): string {
    const reserved = new Set([...this.#entries.values()].map(({ slot }) => slot));
    const free = this.#slots.filter((id) => !reserved.has(id) && !this.#slot(id).occupied);
    const slot = free.find((id) => !this.#torn.has(id)) ?? free[0];
    if (slot !== undefined) return slot;
    throw errors.make('VIV_CELL_CHANGE', `all ${this.#slots.length} slots of the machine are taken`);
  }

  async #join(
    name: string,
    slot: string,
    make: NonNullable<MachineParts['device']>,
    options: unknown,
  ): Promise<MachineDevice> {
    const device = await make(options, { name, slot });
    try {
      await this.#machine.add(device.parts);
      return device;
    } catch (error) {
      await device.close?.();
      throw error;
    }
  }

  /** By an agent where there is one, by the attention button of the slot where there is none. */
  async #release(id: string, patience: Patience): Promise<void> {
    const { hardware } = this.#parts;
    const slot = this.#slot(id);
    if (slot.released) return;
    if (hardware !== undefined) {
      await patience.during(hardware.release(this.#machine, id, patience.signal));
      return;
    }
    slot.requestRelease();
    await patience.until(() => slot.released);
  }

  #takeOut(name: string, entry: Entry, how: 'released' | 'torn'): Promise<void> {
    entry.leaving ??= this.#remove(name, entry, how);
    return entry.leaving;
  }

  async #remove(name: string, entry: Entry, how: 'released' | 'torn'): Promise<void> {
    try {
      const device = await entry.joined;
      // They are gone whatever their hooks do, and what those throw is an event of the machine.
      await this.#machine.remove(device.parts.map(({ id }) => id)).catch(() => {});
      await device.close?.();
      if (how === 'torn') this.#torn.add(entry.slot);
      else this.#torn.delete(entry.slot);
    } finally {
      this.#entries.delete(name);
    }
  }
}
