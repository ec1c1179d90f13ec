// Hot code: looked up on each TLB miss and page-table access.
import type { MachineMemory } from '@vivarium/contracts';

/** Finds guest RAM by guest-physical address. */
export class PhysicalMap {
  readonly #bases: Float64Array;
  readonly #lengths: Float64Array;
  readonly #offsets: Float64Array;

  constructor(memory: MachineMemory) {
    this.#bases = Float64Array.from(memory.banks, (bank) => bank.base);
    this.#lengths = Float64Array.from(memory.banks, (bank) => bank.length);
    this.#offsets = Float64Array.from(memory.banks, (bank) => bank.offset);
  }

  /** Offset in linear memory of `bytes` at a physical address, or −1 when they are not all in one bank. */
  offset(physical: number, bytes: number): number {
    for (let bank = 0; bank < this.#bases.length; bank += 1) {
      const within = physical - this.#bases[bank];
      if (within >= 0 && within + bytes <= this.#lengths[bank]) {
        return this.#offsets[bank] + within;
      }
    }
    return -1;
  }
}
