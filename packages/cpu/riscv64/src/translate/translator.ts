// Hot code: called when code becomes hot, and when code pages are written.
import type { MachineMemory, StartBackgroundThread } from '@vivarium/contracts';
import type { CodeCache, CodePageHandle } from '../decode/code-cache.ts';
import { COMPILED, PAGE_SLOTS, SLOT_BYTES, UNDECODED } from '../decode/slot.ts';
import type { HelperIndices } from '../emit/arithmetic.ts';
import { memoryShape } from '../emit/memory-shape.ts';
import { POSITION_BITS, POSITION_MASK } from '../emit/region-mark.ts';
import { hasFusedMultiplyAdd } from './fused.ts';
import type { JumpCounters } from './jump-counters.ts';
import { regionExport, type RegionSurroundings } from './region.ts';
import { translate, type Translation, type TranslationRequest } from './translation.ts';
import { type Pending, type PostedTranslations, TranslationDesk } from './translation-desk.ts';

/** A translated region of a code page. */
interface Region {
  readonly index: number;
  readonly page: number;
  readonly entries: readonly number[];
  /** 1 for each halfword of the page that was translated. */
  readonly covered: Uint8Array;
  readonly bytes: number;
}

/** A region that was made for a slot of a page, and its place in the table. */
interface Placed {
  readonly page: CodePageHandle;
  readonly slot: number;
  readonly index: number;
  readonly translation: Translation;
}

export interface TranslatorOptions {
  readonly tlbEntries: number;
  /** Helper functions of the interpreter's instance, by name. */
  readonly helpers: Readonly<Record<keyof HelperIndices, (...operands: bigint[]) => bigint>>;
  readonly table: WebAssembly.Table;
  /** Bytes of generated modules at which everything is dropped. */
  readonly capacity: number;
  readonly counters: JumpCounters;
  /** Jumps that make code hot, on this thread and with the background thread. */
  readonly hotJumps: number;
  readonly backgroundHotJumps: number;
}

/** Translates hot code to WebAssembly regions, marks their entries in the decoded slots, and drops what changes. */
export class Translator {
  readonly #memory: MachineMemory;
  readonly #code: CodeCache;
  readonly #options: TranslatorOptions;
  readonly #bytes: Uint8Array;
  readonly #words: Int32Array;
  readonly #halves: Uint16Array;
  /** Regions by pool index of their page. */
  readonly #pages = new Map<number, Region[]>();
  readonly #free: number[] = [];
  readonly #surroundings: RegionSurroundings;
  #desk: TranslationDesk | undefined;
  /** Regions made and dropped, and the milliseconds that making took, on whichever thread. */
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
    this.#halves = new Uint16Array(buffer);
    this.#surroundings = {
      tlbEntries: options.tlbEntries,
      memory: memoryShape(buffer),
      fused: hasFusedMultiplyAdd(),
      helpers: Object.keys(options.helpers) as (keyof HelperIndices)[],
    };
  }

  /** Bytes of the regions that are there. */
  get size(): number {
    return this.#size;
  }

  /** From now on another thread translates, and code is hot sooner. Gives what ends that. */
  background(start: StartBackgroundThread): () => void {
    const { counters, hotJumps, backgroundHotJumps } = this.#options;
    const desk = new TranslationDesk(start, this.#surroundings, {
      made: (regions, answer) => this.#settle(regions, answer),
      closed: () => {
        this.#desk = undefined;
        counters.threshold = hotJumps;
      },
    });
    this.#desk = desk;
    counters.threshold = Math.min(hotJumps, backgroundHotJumps);
    return () => {
      if (this.#desk === desk) desk.close();
    };
  }

  /** The instruction of a slot was reached by jumps often enough. */
  hot(slot: number): void {
    this.#options.counters.rewind(slot);
    const start = performance.now();
    this.#translate(slot);
    this.milliseconds += performance.now() - start;
  }

  #translate(slot: number): void {
    const page = this.#code.pageOf(slot);
    if (page === undefined || this.#bytes[slot] === COMPILED) return;
    const desk = this.#desk;
    const pending = desk?.pendingOf(page.index);
    if (pending !== undefined) {
      if (!pending.slots.includes(slot)) pending.slots.push(slot);
      return;
    }
    if (desk?.full === true) return;
    const request = this.#request(page, slot);
    if (desk !== undefined) {
      desk.ask(page.index, slot, request);
      return;
    }
    const { regions, module, size } = translate([request], this.#surroundings, this.#code.decoder);
    const [translation] = regions;
    if (translation === undefined) this.#free.push(request.index);
    else this.#enter([{ page, slot, index: request.index, translation }], module, size);
  }

  /** Regions of the page that have the instruction at `offset`. */
  #around(page: number, offset: number): readonly Region[] {
    return (this.#pages.get(page) ?? []).filter((region) => region.covered[offset >> 1] === 1);
  }

  #request(page: CodePageHandle, slot: number): TranslationRequest {
    const offset = ((slot - page.slots) / SLOT_BYTES) * 2;
    const warm = new Uint8Array(PAGE_SLOTS);
    for (let half = 0, slot = page.slots; half < PAGE_SLOTS; half += 1, slot += SLOT_BYTES) {
      warm[half] = this.#bytes[slot] === UNDECODED ? 0 : 1;
    }
    return {
      code: this.#halves.slice(page.source >>> 1, (page.source >>> 1) + PAGE_SLOTS),
      warm,
      apart: this.#code.apartOf(page.index),
      entries: [...new Set([offset, ...this.#around(page.index, offset).flatMap(({ entries }) => entries)])],
      slots: page.slots,
      index: this.#takeIndex(),
    };
  }

  /** The background thread answered, or never will. */
  #settle(
    regions: readonly (readonly [Pending, Translation | undefined])[],
    answer: PostedTranslations | undefined,
  ): void {
    const start = performance.now();
    const placed = regions.flatMap(([{ slots, request }, translation]): readonly Placed[] => {
      const [slot = 0] = slots;
      if (translation !== undefined) {
        const page = this.#code.pageOf(slot);
        if (page !== undefined) return [{ page, slot, index: request.index, translation }];
      }
      this.#free.push(request.index);
      return [];
    });
    this.#enter(placed, answer?.module, answer?.size ?? 0);
    // Not what was hot first: there may be no region of it.
    for (const [{ slots }, translation] of regions) {
      if (translation !== undefined) for (const slot of slots.slice(1)) this.#translate(slot);
    }
    this.milliseconds += performance.now() - start + (answer?.milliseconds ?? 0);
  }

  /** Enters the regions of a module into the table. Without one, the engine has no room for more code. */
  #enter(placed: readonly Placed[], module: WebAssembly.Module | undefined, size: number): void {
    if (placed.length === 0) return;
    const { helpers, table } = this.#options;
    if (this.#size > this.#options.capacity) this.clear();
    const imports = { region: { ...helpers, regions: table, memory: this.#memory.linear as WebAssembly.Memory } };
    const instance = module && instantiate(module, imports);
    if (instance === undefined) {
      for (const { index } of placed) this.#free.push(index);
      this.clear();
      return;
    }
    for (const region of placed) {
      table.set(region.index, instance.exports[regionExport(region.translation.number)]);
      this.#install(region, size / placed.length);
    }
  }

  #install({ page, slot, index, translation: { labels, covered } }: Placed, bytes: number): void {
    for (const replaced of this.#around(page.index, ((slot - page.slots) / SLOT_BYTES) * 2)) this.#drop(replaced);
    const list = this.#pages.get(page.index) ?? [];
    const entries = labels.map(([offset]) => offset);
    list.push({ index, page: page.index, entries, covered, bytes });
    this.#pages.set(page.index, list);
    for (const [offset, label] of labels) {
      const word = (page.slots + offset * 4) >> 2;
      this.#words[word] = COMPILED;
      this.#words[word + 1] = (index << POSITION_BITS) | (label & POSITION_MASK);
    }
    this.#size += bytes;
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
    this.#desk?.changed(page, first, last);
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

  /** All decoded code is forgotten: pages get other numbers. */
  forget(): void {
    this.#desk?.clear();
    this.clear();
  }
}

const instantiate = (module: WebAssembly.Module, imports: WebAssembly.Imports): WebAssembly.Instance | undefined => {
  try {
    return new WebAssembly.Instance(module, imports);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
};
