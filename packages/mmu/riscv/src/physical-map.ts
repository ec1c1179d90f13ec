// Hot code: looked up on each TLB miss and page-table access.
import { type MachineMemory, type MemoryPaging, PAGE_ACCESSED } from '@vivarium/contracts';

/** Finds guest RAM by guest-physical address. */
export class PhysicalMap {
  readonly #bases: Float64Array;
  readonly #lengths: Float64Array;
  readonly #offsets: Float64Array;
  readonly #paging: MemoryPaging | undefined;

  constructor(memory: MachineMemory) {
    this.#bases = Float64Array.from(memory.banks, (bank) => bank.base);
    this.#lengths = Float64Array.from(memory.banks, (bank) => bank.length);
    this.#offsets = Float64Array.from(memory.banks, (bank) => bank.offset);
    this.#paging = memory.paging;
  }

  /**
   * Offset in linear memory of `bytes` at a physical address, or −1 when they are not all in one bank. There is memory
   * behind them then; they are all of one page.
   */
  offset(physical: number, bytes: number): number {
    for (let bank = 0; bank < this.#bases.length; bank += 1) {
      const within = physical - this.#bases[bank];
      if (within >= 0 && within + bytes <= this.#lengths[bank]) {
        const offset = this.#offsets[bank] + within;
        const paging = this.#paging;
        if (paging !== undefined && paging.states[offset >>> 12] !== PAGE_ACCESSED) paging.bring(offset >>> 12);
        return offset;
      }
    }
    return -1;
  }
}
