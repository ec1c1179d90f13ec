// Hot code: called when code becomes hot, and when code pages are written.
import type { MachineMemory } from '@vivarium/contracts';
import type { CodeCache, CodePageHandle } from '../decode/code-cache.ts';
import { COMPILED, SLOT_BYTES, UNDECODED } from '../decode/slot.ts';
import type { HelperIndices } from '../emit/arithmetic.ts';
import { memoryShape } from '../emit/memory-shape.ts';
import { POSITION_BITS, POSITION_MASK } from '../emit/region-mark.ts';
import { type CodeRegion, discoverRegion } from './blocks.ts';
import { hasFusedMultiplyAdd } from './fused.ts';
import { translateRegion } from './region.ts';

const HALVES = 2048;

/** A translated region of a code page. */
interface Region {
  readonly index: number;
  readonly page: number;
  readonly entries: readonly number[];
  /** 1 for each halfword of the page that was translated. */
  readonly covered: Uint8Array;
  readonly bytes: number;
}

export interface TranslatorOptions {
  readonly tlbEntries: number;
  /** Helper functions of the interpreter's instance, by name. */
  readonly helpers: Readonly<Record<keyof HelperIndices, (...operands: bigint[]) => bigint>>;
  readonly table: WebAssembly.Table;
  /** Bytes of generated modules at which everything is dropped. */
  readonly capacity: number;
}

/** Translates hot code to WebAssembly regions, marks their entries in the decoded slots, and drops what changes. */
export class Translator {
  readonly #memory: MachineMemory;
  readonly #code: CodeCache;
  readonly #options: TranslatorOptions;
  readonly #bytes: Uint8Array;
  readonly #words: Int32Array;
  /** Regions by pool index of their page. */
  readonly #pages = new Map<number, Region[]>();
  readonly #free: number[] = [];
  readonly #fused = hasFusedMultiplyAdd();
  /** Regions made and dropped, and the milliseconds that making took. */
  made = 0;
  dropped = 0;
  milliseconds = 0;
  #nextIndex = 1;
  #size = 0;

  constructor(memory: MachineMemory, code: CodeCache, options: TranslatorOptions) {
    this.#memory = memory;
    this.#code = code;
    this.#options = options;
    const { buffer } = memory.linear;
    this.#bytes = new Uint8Array(buffer);
    this.#words = new Int32Array(buffer);
  }

  /** Bytes of the regions that are there. */
  get size(): number {
    return this.#size;
  }

  /** The instruction of a slot was reached by jumps often enough. */
  hot(slot: number): void {
    const start = performance.now();
    this.#translate(slot);
    this.milliseconds += performance.now() - start;
  }

  #translate(slot: number): void {
    const page = this.#code.pageOf(slot);
    if (page === undefined || this.#bytes[slot] === COMPILED) return;
    const offset = ((slot - page.slots) / SLOT_BYTES) * 2;
    const old = (this.#pages.get(page.index) ?? []).filter((region) => region.covered[offset >> 1] === 1);
    const entries = new Set([offset, ...old.flatMap((region) => region.entries)]);
    const region = discoverRegion(
      {
        half: (at) => this.#code.half(page, at),
        warm: (at) => this.#bytes[page.slots + at * 4] !== UNDECODED,
        apart: (at) => this.#code.isApart(page.index, at >> 1),
      },
      this.#code.decoder,
      entries,
    );
    if (!region.entries.includes(offset)) return;
    for (const replaced of old) this.#drop(replaced);
    if (this.#size > this.#options.capacity) this.clear();
    this.#install(page, region);
  }

  #install(page: CodePageHandle, region: CodeRegion): void {
    const { tlbEntries, helpers, table } = this.#options;
    const { buffer } = this.#memory.linear;
    const index = this.#takeIndex();
    const translated = translateRegion(region, {
      tlbEntries,
      memory: memoryShape(buffer),
      slots: page.slots,
      fused: this.#fused,
      index,
      helpers: Object.keys(helpers) as (keyof HelperIndices)[],
    });
    const imports = { region: { ...helpers, regions: table, memory: this.#memory.linear as WebAssembly.Memory } };
    const instance = instantiate(translated.bytes, imports);
    if (instance === undefined) {
      this.#free.push(index);
      this.clear();
      return;
    }
    table.set(index, instance.exports['region']);
    const covered = new Uint8Array(HALVES);
    for (const block of region.blocks) {
      for (const { offset, length } of block.instructions) covered.fill(1, offset >> 1, (offset + length) >> 1);
    }
    const list = this.#pages.get(page.index) ?? [];
    list.push({ index, page: page.index, entries: region.entries, covered, bytes: translated.bytes.length });
    this.#pages.set(page.index, list);
    for (const [offset, label] of translated.labels) {
      const slot = (page.slots + offset * 4) >> 2;
      this.#words[slot] = COMPILED;
      this.#words[slot + 1] = (index << POSITION_BITS) | (label & POSITION_MASK);
    }
    this.#size += translated.bytes.length;
    this.made += 1;
  }

  #takeIndex(): number {
    const free = this.#free.pop();
    if (free !== undefined) return free;
    const index = this.#nextIndex;
    this.#nextIndex += 1;
    const { table } = this.#options;
    if (index >= table.length) table.grow(table.length);
    return index;
  }

  /** Halfwords `first` to `last` (exclusive) of a page were written. */
  changed(page: number, first: number, last: number): void {
    for (const region of this.#pages.get(page) ?? []) {
      const at = region.covered.indexOf(1, first);
      if (at >= 0 && at < last) this.#drop(region);
    }
  }

  #drop(region: Region): void {
    const slots = this.#code.slotsOf(region.page);
    for (const entry of region.entries) {
      const slot = (slots + entry * 4) >> 2;
      const mine = (this.#words[slot + 1] ?? 0) >>> POSITION_BITS === region.index;
      if (((this.#words[slot] ?? 0) & 0xff) === COMPILED && mine) this.#words[slot] = UNDECODED;
    }
    this.#options.table.set(region.index, null);
    this.#free.push(region.index);
    this.#size -= region.bytes;
    this.dropped += 1;
    const list = (this.#pages.get(region.page) ?? []).filter((other) => other !== region);
    if (list.length === 0) this.#pages.delete(region.page);
    else this.#pages.set(region.page, list);
  }

  /** Drops every region. */
  clear(): void {
    for (const list of [...this.#pages.values()]) for (const region of list) this.#drop(region);
  }
}

/** Undefined when the engine has no room for more code: the guest goes on in the interpreter. */
const instantiate = (
  bytes: Uint8Array<ArrayBuffer>,
  imports: WebAssembly.Imports,
): WebAssembly.Instance | undefined => {
  try {
    return new WebAssembly.Instance(new WebAssembly.Module(bytes), imports);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
};
