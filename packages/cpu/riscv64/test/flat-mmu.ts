import type { MachineMemory } from '@vivarium/contracts';
import {
  ACCESS_FAULT,
  type Access,
  type CodePages,
  DEVICE,
  FETCH,
  type HartMmu,
  READ,
  type RiscvMmu,
  TLB_ENTRY_BYTES,
  type TranslationControl,
} from '@vivarium/isa-riscv';

const ENTRIES = 16;
const ARRAY_BYTES = ENTRIES * TLB_ENTRY_BYTES;

/** The MMU contract with nothing in it: no translation, no protection, one regime. Enough for what a core does alone. */
class FlatHartMmu implements HartMmu {
  readonly tlb = { entries: ENTRIES };
  readonly pmp = {
    readConfiguration: () => 0,
    writeConfiguration: () => undefined,
    readAddress: () => 0n,
    writeAddress: () => undefined,
    reset: () => undefined,
  };
  readonly readTlb: number;
  readonly writeTlb: number;
  readonly fetchTlb: number;
  readonly regimes: HartMmu['regimes'];
  readonly context = 1;
  readonly userContext = 1;
  readonly supervisorContext = 1;
  readonly uniform = true;
  physical = 0;
  readonly #memory: MachineMemory;
  readonly #code: CodePages;
  readonly #words: Int32Array;

  constructor(memory: MachineMemory, code: CodePages) {
    this.#memory = memory;
    this.#code = code;
    this.#words = new Int32Array(memory.linear.buffer);
    this.readTlb = memory.carve('flat-mmu', 3 * ARRAY_BYTES, 64);
    this.writeTlb = this.readTlb + ARRAY_BYTES;
    this.fetchTlb = this.writeTlb + ARRAY_BYTES;
    const all = { read: this.readTlb, write: this.writeTlb, fetch: this.fetchTlb };
    this.regimes = [all, all, all];
  }

  select(): void {}

  resolve(low: number, high: number, bytes: number, access: Access): number {
    if (high >>> 24 !== 0) return ACCESS_FAULT;
    this.physical = (low >>> 0) + high * 2 ** 32;
    const bank = this.#memory.banks.find(
      ({ base, length }) => this.physical >= base && this.physical + bytes <= base + length,
    );
    if (bank === undefined) return DEVICE;
    const offset = bank.offset + this.physical - bank.base;
    if (access === READ) this.#enter(this.readTlb, low, high, offset - low);
    else if (access !== FETCH && !this.#code.has(this.physical)) this.#enter(this.writeTlb, low, high, offset - low);
    return offset;
  }

  enterFetch(low: number, high: number, payload: number): void {
    this.#enter(this.fetchTlb, low, high, payload);
  }

  flush(): void {
    this.#words.fill(0, this.readTlb >> 2, (this.readTlb + 3 * ARRAY_BYTES) >> 2);
  }

  flushSpace(): void {
    this.flush();
  }

  flushPage(): void {
    this.flush();
  }

  flushWrites(): void {
    this.#words.fill(0, this.writeTlb >> 2, (this.writeTlb + ARRAY_BYTES) >> 2);
  }

  flushFetches(): void {
    this.#words.fill(0, this.fetchTlb >> 2, (this.fetchTlb + ARRAY_BYTES) >> 2);
  }

  #enter(array: number, low: number, high: number, payload: number): void {
    const at = (array + ((low >>> 12) & (ENTRIES - 1)) * TLB_ENTRY_BYTES) >> 2;
    this.#words.set([(low & ~0xfff) | this.context, high, payload], at);
  }
}

export const flatMmu = (memory: MachineMemory): RiscvMmu => ({
  memory,
  dirty: { start: () => undefined, stop: () => undefined, collect: () => undefined },
  createHart: (_: TranslationControl, code: CodePages) => new FlatHartMmu(memory, code),
});
