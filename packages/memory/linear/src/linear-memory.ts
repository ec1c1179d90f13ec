import { defineErrors, type MachineMemory, type MemoryBank, PAGE_BYTES } from '@vivarium/contracts';
import { type GiveBack, giveBackOf } from './give-back.ts';
import { PagedRam } from './paged-ram.ts';

const WASM_PAGE = 0x10000;
/** A 32-bit linear memory ends here. */
const LINEAR_LIMIT = 0x1_0000_0000;
/** What a scan for non-zero bytes looks at in one step when RAM is cleared. */
const CLEAR_GRANULE = PAGE_BYTES;

export const errors = defineErrors({
  VIV_MEMORY_SIZE: {
    when: 'The banks and the private area together do not fit into one linear memory, or the host has not enough.',
    hint: 'Ask for less guest memory: all banks and the private area must stay below 4 GiB.',
  },
  VIV_MEMORY_BANKS: {
    when: 'Two banks of guest RAM overlap, or a bank is empty or not aligned to 4 KiB.',
    hint: 'Give each bank a base and a size that are multiples of 4096, and keep them apart.',
  },
  VIV_MEMORY_EXHAUSTED: {
    when: 'Parts carved out more private memory than the private area holds.',
    hint: 'Raise the option privateBytes of @vivarium/memory-linear, or lower the caches of the cores.',
  },
});

export interface LinearMemoryOptions {
  readonly banks: readonly { readonly base: number; readonly size: number }[];
  readonly privateBytes: number;
  readonly shared: boolean;
}

/** Guest RAM and the cores' private areas in one `WebAssembly.Memory`: private area first, then the banks. */
export class LinearMachineMemory implements MachineMemory {
  readonly linear: WebAssembly.Memory;
  readonly banks: readonly MemoryBank[];
  readonly size: number;
  readonly #privateEnd: number;
  /** Offset 0 stays unused, so that a zero offset in a table can mean "nothing". */
  #carved = 64;
  readonly #bytes: Uint8Array;
  readonly paging?: PagedRam;
  readonly pin?: MachineMemory['pin'];
  readonly unpin?: MachineMemory['pin'];
  readonly #listeners = new Set<(address: number, length: number) => void>();
  #untouched = true;

  /** `giveBack`: how to give parts of the memory back to the operating system; by default as the runtime can, if it can. */
  constructor(
    options: LinearMemoryOptions,
    giveBack: (memory: WebAssembly.Memory) => GiveBack | undefined = giveBackOf,
  ) {
    this.#privateEnd = Math.ceil(options.privateBytes / WASM_PAGE) * WASM_PAGE;
    this.banks = placeBanks(options, this.#privateEnd);
    this.size = this.banks.reduce((sum, bank) => sum + bank.length, 0);
    // Each bank starts at a WebAssembly page of its own.
    const rounded = this.banks.reduce(
      (sum, bank) => sum + Math.ceil(bank.length / WASM_PAGE),
      this.#privateEnd / WASM_PAGE,
    );
    if (rounded * WASM_PAGE > LINEAR_LIMIT) {
      throw errors.make('VIV_MEMORY_SIZE', `${this.size} bytes of guest RAM do not fit below 4 GiB`);
    }
    try {
      this.linear = new WebAssembly.Memory({ initial: rounded, maximum: rounded, shared: options.shared });
    } catch (cause) {
      throw errors.make('VIV_MEMORY_SIZE', `the host cannot give ${rounded * WASM_PAGE} bytes`, { cause });
    }
    this.#bytes = new Uint8Array(this.linear.buffer);
    const gives = giveBack(this.linear);
    if (gives === undefined) return;
    const paging = new PagedRam(this.linear.buffer, this.banks, gives);
    this.paging = paging;
    const pin = (address: number, length: number, by: 1 | -1): void => {
      const offset = this.#offset(address, length);
      if (offset >= 0 && length > 0) paging.pin(offset, length, by);
    };
    this.pin = (address, length) => pin(address, length, 1);
    this.unpin = (address, length) => pin(address, length, -1);
  }

  carve(owner: string, bytes: number, align: number): number {
    const start = Math.ceil(this.#carved / align) * align;
    if (start + bytes > this.#privateEnd) {
      throw errors.make(
        'VIV_MEMORY_EXHAUSTED',
        `${owner} asks for ${bytes} bytes, ${this.#privateEnd - start} are left`,
      );
    }
    this.#carved = start + bytes;
    return start;
  }

  #offset(address: number, length: number): number {
    if (!Number.isSafeInteger(address) || !Number.isSafeInteger(length)) return -1;
    for (const bank of this.banks) {
      const within = address - bank.base;
      if (within >= 0 && length >= 0 && within + length <= bank.length) return bank.offset + within;
    }
    return -1;
  }

  view(address: number, length: number): Uint8Array | undefined {
    const offset = this.#offset(address, length);
    if (offset < 0 || !this.#bring(offset, length)) return undefined;
    return this.#bytes.subarray(offset, offset + length);
  }

  /** Devices do not throw: what the host cannot bring back is as if it were not RAM, and the keeper ends the guest. */
  #bring(offset: number, length: number): boolean {
    if (this.paging === undefined || length === 0) return true;
    try {
      this.paging.bringRange(offset, length);
      return true;
    } catch {
      return false;
    }
  }

  writableView(address: number, length: number): Uint8Array | undefined {
    const offset = this.#offset(address, length);
    if (offset < 0 || !this.#bring(offset, length)) return undefined;
    this.#untouched = false;
    for (const listener of this.#listeners) listener(address, length);
    return this.#bytes.subarray(offset, offset + length);
  }

  write(address: number, bytes: Uint8Array): boolean {
    const target = this.writableView(address, bytes.length);
    if (target === undefined) return false;
    target.set(bytes);
    return true;
  }

  read(address: number, length: number): Uint8Array | undefined {
    return this.view(address, length)?.slice();
  }

  onExternalWrite(listener: (address: number, length: number) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Writes only where something is not zero: a page that was never touched stays uncommitted on the host. */
  clear(): void {
    if (this.#untouched) {
      // Guest stores do not pass through here, so only the clear before the first start may be skipped.
      this.#untouched = false;
      return;
    }
    this.paging?.clear();
    for (const bank of this.banks) {
      for (const listener of this.#listeners) listener(bank.base, bank.length);
      const words = new Int32Array(this.linear.buffer, bank.offset, bank.length / 4);
      const step = CLEAR_GRANULE / 4;
      for (let start = 0; start < words.length; start += step) {
        // What is absent is zeroes already.
        if (this.paging?.present((bank.offset + start * 4) / PAGE_BYTES) === false) continue;
        const end = Math.min(start + step, words.length);
        for (let at = start; at < end; at += 1) {
          if (words[at] !== 0) {
            words.fill(0, start, end);
            break;
          }
        }
      }
    }
  }
}

const placeBanks = (options: LinearMemoryOptions, start: number): readonly MemoryBank[] => {
  let offset = start;
  const banks: MemoryBank[] = [];
  for (const { base, size } of options.banks) {
    const problem =
      size <= 0 || size % 4096 !== 0 || base % 4096 !== 0
        ? `bank at 0x${base.toString(16)} of ${size} bytes is empty or not aligned`
        : banks.some((other) => base < other.base + other.length && other.base < base + size)
          ? `bank at 0x${base.toString(16)} of ${size} bytes overlaps another`
          : undefined;
    if (problem !== undefined) throw errors.make('VIV_MEMORY_BANKS', problem);
    banks.push({ base, length: size, offset });
    offset += Math.ceil(size / WASM_PAGE) * WASM_PAGE;
  }
  return banks;
};
