// Hot code: `slots` runs on each miss of the fetch TLB, `changed` on each store that hits a code page.
import { type MachineMemory, PAGE_ACCESSED } from '@vivarium/contracts';
import { createDecoder, type Decoder, type InstructionRow, instructions } from '@vivarium/isa-riscv';
import { CodeCopies } from './code-copies.ts';
import { createOperationIndex, isPure } from './operations.ts';
import {
  COLD_16,
  COLD_32,
  COMPILED,
  NOP_16,
  NOP_32,
  PAGE_BYTES,
  PAGE_END,
  PAGE_SLOTS,
  SELF_JUMP,
  SLOT_BYTES,
  STRADDLE,
  UNDECODED,
} from './slot.ts';

/** Instructions decoded in one go, unless a jump ends the run earlier. */
const RUN = 32;
const NONE = -1;
/** Writes after which a page is data again, twice as many each time that it was: a write to code misses the TLB. */
const MOST_WRITES = 32;
/** So many times as many for one of which something is translated: that was hot, and may still be. */
const HOT_FACTOR = 64;
const MOST_RELEASES = 20;

/** A decoded page: its number in the pool, its slots, and where its code is in linear memory. */
export interface CodePageHandle {
  readonly index: number;
  readonly slots: number;
  readonly source: number;
}

/** Told about writes to decoded pages: page number, first and last (exclusive) halfword. */
export type PageListener = (index: number, first: number, last: number) => void;

/** What harts have to do. */
export interface CodeCacheEvents {
  readonly onFull: () => void;
  readonly onMarked: () => void;
  readonly onReleased: () => void;
}

/** What the decoder needs of a row, looked up once. */
interface RowFacts {
  readonly pure: boolean;
  /** Branch or jal: the immediate is a distance in code. */
  readonly relative: boolean;
  /** Unconditional: nothing follows. */
  readonly ends: boolean;
  /** The row has x[rd]; false for stores, branches and floating-point destinations. */
  readonly writesX: boolean;
  readonly float: boolean;
}

const factsOf = (row: InstructionRow): RowFacts => {
  const kinds = new Set(row.semantics.map((statement) => statement.kind));
  return {
    pure: isPure(row),
    relative: kinds.has('branch') || row.name === 'jal',
    ends: kinds.has('jump'),
    writesX: row.registers.rd === 'x',
    float: kinds.has('float'),
  };
};

/**
 * Decoded pages of guest RAM, shared by the harts of a machine. Keyed by physical page, so address spaces share them.
 * When the pool is full everything is dropped and decoded again as it is needed.
 */
export class CodeCache {
  readonly decoder: Decoder = createDecoder();
  readonly #operations = createOperationIndex();
  readonly #facts = instructions.map(factsOf);
  readonly #memory: MachineMemory;
  readonly #bytes: Uint8Array;
  readonly #words: Int32Array;
  readonly #halves: Uint16Array;
  readonly #base: number;
  readonly #capacity: number;
  /** For each bank: pool index of each page, or NONE. */
  readonly #pages: readonly Int32Array[];
  /** Offset in linear memory of the code behind each pool index: the page of RAM, or the copy of it. */
  readonly #sources: Uint32Array;
  /** Guest-physical page by pool index, and writes to it since it is there. */
  readonly #physical: Float64Array;
  readonly #writes: Uint32Array;
  /** For each bank: how often each page became data again. */
  readonly #releases: readonly Uint8Array[];
  /** Pool indices of pages that did. */
  #free: number[] = [];
  /** Where RAM is written behind the core's back, code is decoded from copies. */
  readonly #copies: CodeCopies | undefined;
  #used = 0;
  /** Halfwords of which the instruction is executed apart, by pool index. */
  readonly #apart = new Map<number, Set<number>>();
  readonly #onFull: () => void;
  readonly #onMarked: () => void;
  readonly #onReleased: () => void;
  readonly #listeners = new Set<PageListener>();

  /**
   * `onFull` drops all fetch translations, `onMarked` all write translations, of every hart; so does `onReleased` with
   * fetch translations, and what executes leaves decoded code before the next instruction. `copied`: RAM is written by
   * threads that do not tell, so that code which may have changed is looked at again after each `recheck`.
   */
  constructor(
    memory: MachineMemory,
    capacity: number,
    { onFull, onMarked, onReleased }: CodeCacheEvents,
    copied = false,
  ) {
    this.#memory = memory;
    const { buffer } = memory.linear;
    this.#bytes = new Uint8Array(buffer);
    this.#words = new Int32Array(buffer);
    this.#halves = new Uint16Array(buffer);
    this.#capacity = capacity;
    this.#base = memory.carve('@vivarium/cpu-riscv64 decoded code', capacity * PAGE_BYTES, 64);
    this.#pages = memory.banks.map((bank) => new Int32Array(bank.length / 4096).fill(NONE));
    this.#sources = new Uint32Array(capacity);
    this.#onFull = onFull;
    this.#onMarked = onMarked;
    this.#onReleased = onReleased;
    this.#physical = new Float64Array(capacity);
    this.#writes = new Uint32Array(capacity);
    this.#releases = memory.banks.map((bank) => new Uint8Array(bank.length / 4096));
    this.#copies = copied ? new CodeCopies(memory, capacity) : undefined;
    memory.onExternalWrite((address, length) => this.changed(address, length));
  }

  /** Pool index of the page at a guest-physical address, or NONE. */
  #index(physical: number): number {
    const { banks } = this.#memory;
    for (let bank = 0; bank < banks.length; bank += 1) {
      const { base, length } = banks[bank] as { base: number; length: number };
      const within = physical - base;
      if (within >= 0 && within < length) return this.#pages[bank][Math.floor(within / 4096)];
    }
    return NONE;
  }

  has(physical: number): boolean {
    return this.#index(physical) !== NONE;
  }

  /** Slots of the page of RAM at guest-physical `page`, which lies at `offset` in linear memory. */
  slots(page: number, offset: number): number {
    let index = this.#index(page);
    if (index === NONE) {
      index = this.#take();
      this.#physical[index] = page;
      this.#writes[index] = 0;
      this.#sources[index] = this.#copies?.take(index, page, offset) ?? offset;
      this.#setIndex(page, index);
      const slots = this.#base + index * PAGE_BYTES;
      this.#bytes.fill(UNDECODED, slots, slots + PAGE_BYTES);
      this.#bytes[slots + PAGE_SLOTS * SLOT_BYTES] = PAGE_END;
      this.#onMarked();
    } else this.#copies?.check(index, (address, length) => this.changed(address, length));
    return this.#base + index * PAGE_BYTES;
  }

  #take(): number {
    const free = this.#free.pop();
    if (free !== undefined) return free;
    if (this.#used === this.#capacity) this.clear();
    this.#used += 1;
    return this.#used - 1;
  }

  /**
   * The page is no longer code: what was decoded of it is forgotten, and writes to it are as fast as to any other. A
   * page that held a program holds something else once that has ended.
   */
  #release(index: number): void {
    this.#writes[index] = 0;
    const page = this.#physical[index];
    const [bank, number] = this.#place(page);
    const releases = this.#releases[bank];
    // What a debugger or another thread has to do with stays.
    if (releases === undefined || this.copied || this.#apart.has(index)) return;
    releases[number] = Math.min(releases[number] + 1, MOST_RELEASES);
    for (const listener of this.#listeners) listener(index, 0, PAGE_SLOTS);
    this.#pages[bank][number] = NONE;
    this.#free.push(index);
    this.#onReleased();
  }

  /** The bank of a guest-physical page, and its number there. */
  #place(page: number): readonly [bank: number, number: number] {
    const bank = this.#memory.banks.findIndex(({ base, length }) => page >= base && page < base + length);
    return [bank, Math.floor((page - (this.#memory.banks[bank]?.base ?? 0)) / 4096)];
  }

  /** Counts a write to a decoded page. */
  #written(index: number): void {
    const writes = this.#writes[index] + 1;
    this.#writes[index] = writes;
    if (writes < MOST_WRITES) return;
    const [bank, number] = this.#place(this.#physical[index]);
    const most = MOST_WRITES * 2 ** (this.#releases[bank]?.[number] ?? 0);
    if ((writes === most && !this.#translated(index)) || writes === most * HOT_FACTOR) this.#release(index);
  }

  #translated(index: number): boolean {
    const slots = this.slotsOf(index);
    for (let half = 0; half < PAGE_SLOTS; half += 1) {
      if (this.#bytes[slots + half * SLOT_BYTES] === COMPILED) return true;
    }
    return false;
  }

  #setIndex(page: number, index: number): void {
    this.#memory.banks.forEach((bank, number) => {
      const within = page - bank.base;
      if (within >= 0 && within < bank.length) this.#pages[number][within / 4096] = index;
    });
  }

  /** Calls `listener` when code of a decoded page changes. */
  onPageChange(listener: PageListener): void {
    this.#listeners.add(listener);
  }

  /** The page that a slot belongs to; undefined for slots outside of the pool. */
  pageOf(slot: number): CodePageHandle | undefined {
    const index = Math.floor((slot - this.#base) / PAGE_BYTES);
    if (index < 0 || index >= this.#used) return undefined;
    const source = this.#sources[index] ?? 0;
    this.#present(source);
    return { index, slots: this.slotsOf(index), source };
  }

  /** A page may be taken from its guest while what was decoded of it is executed. */
  #present(source: number): void {
    const { paging } = this.#memory;
    if (paging !== undefined && paging.states[source >>> 12] !== PAGE_ACCESSED) paging.bring(source >>> 12);
  }

  slotsOf(index: number): number {
    return this.#base + index * PAGE_BYTES;
  }

  /** Halfword of code at a byte offset of a page. */
  half(page: CodePageHandle, offset: number): number {
    return this.#halves[(page.source + offset) >>> 1] ?? 0;
  }

  /**
   * From now on the instruction at a halfword of the page with these slots is in no region and is handed to
   * `FetchPort.single` each time: there a debugger can stop.
   */
  setApart(slots: number, half: number): void {
    const index = (slots - this.#base) / PAGE_BYTES;
    const halves = this.#apart.get(index) ?? new Set();
    if (halves.has(half)) return;
    this.#apart.set(index, halves.add(half));
    for (const listener of this.#listeners) listener(index, half, half + 1);
    this.#bytes[slots + half * SLOT_BYTES] = STRADDLE;
  }

  isApart(index: number, half: number): boolean {
    return this.#apart.get(index)?.has(half) === true;
  }

  /** The halfwords of a page that are. */
  apartOf(index: number): readonly number[] {
    return [...(this.#apart.get(index) ?? [])];
  }

  /** How many instructions `setApart` was called for. */
  get marks(): number {
    let count = 0;
    for (const halves of this.#apart.values()) count += halves.size;
    return count;
  }

  /** As if `setApart` had never been called: regions around the instructions are made anew, too. */
  clearApart(): void {
    for (const [index, halves] of this.#apart) {
      for (const listener of this.#listeners) listener(index, 0, PAGE_SLOTS);
      for (const half of halves) this.#bytes[this.slotsOf(index) + half * SLOT_BYTES] = UNDECODED;
    }
    this.#apart.clear();
  }

  /** Whether code that other threads write is only seen after `recheck`. */
  get copied(): boolean {
    return this.#copies !== undefined;
  }

  /** From now on code that changed is found when its page enters a fetch TLB. */
  recheck(): void {
    this.#copies?.recheck();
  }

  /** Forgets all decoded code. */
  clear(): void {
    this.#apart.clear();
    for (const pages of this.#pages) pages.fill(NONE);
    this.#used = 0;
    this.#free = [];
    this.#onFull();
  }

  /** Guest-physical bytes changed: what was decoded there is decoded again. */
  changed(address: number, length: number): void {
    if (this.#used === 0) return;
    // A 32-bit instruction that starts one halfword earlier is affected, too.
    const end = address + length;
    for (let at = address - (address % 2) - 2; at < end; ) {
      const page = at - (at % 4096);
      const next = Math.min(page + 4096, end);
      const index = this.#index(at);
      if (index !== NONE) {
        const slots = this.#base + index * PAGE_BYTES;
        // Whoever listens knows where its instructions end, and hears of the bytes that changed alone.
        const first = Math.max(at, address - (address % 2));
        if (first < next) {
          for (const listener of this.#listeners) listener(index, (first - page) >> 1, (next - page + 1) >> 1);
        }
        this.#copies?.refresh(index, first - page, next - page);
        for (let half = at - page; half < next - page; half += 2) this.#bytes[slots + half * 4] = UNDECODED;
        this.#written(index);
      }
      at = page + 4096;
    }
  }

  /** Decodes from the slot at `slot` on, to the end of a run. */
  decodeAt(slot: number): void {
    const index = Math.floor((slot - this.#base) / PAGE_BYTES);
    const slots = this.#base + index * PAGE_BYTES;
    this.#present(this.#sources[index]);
    const source = this.#sources[index] >>> 1;
    let half = (slot - slots) / SLOT_BYTES;
    for (let count = 0; count < RUN && half < PAGE_SLOTS; count += 1) {
      const at = slots + half * SLOT_BYTES;
      if (count > 0 && this.#bytes[at] !== UNDECODED) return;
      if (this.isApart(index, half)) {
        this.#bytes[at] = STRADDLE;
        return;
      }
      const low = this.#halves[source + half];
      const length = (low & 3) === 3 ? 2 : 1;
      if (length === 2 && half === PAGE_SLOTS - 1) {
        this.#bytes[at] = STRADDLE;
        return;
      }
      const word = length === 1 ? low : low | (this.#halves[source + half + 1] << 16);
      if (this.decodeInto(at, word)) return;
      half += length;
    }
  }

  /** Decodes one instruction (16 bits when its low two bits are not 11) into a slot; true when nothing follows it. */
  decodeInto(slot: number, raw: number): boolean {
    const short = (raw & 3) !== 3;
    const word = short ? this.decoder.expandCompressed(raw & 0xffff) | 0 : raw;
    // A reserved compressed encoding expands to 0, which is illegal as a 32-bit encoding as well.
    const row = word === 0 ? -1 : this.decoder.decode(word);
    const facts = this.#facts[row];
    if (facts === undefined) {
      this.#write(slot, short ? COLD_16 : COLD_32, 0, 0xffff0000 | 0);
      return true;
    }
    const rd = (word >>> 7) & 31;
    const immediate = this.decoder.immediate(row, word);
    if (facts.pure && facts.writesX && rd === 0) {
      this.#write(slot, short ? NOP_16 : NOP_32, 0, 0);
      return false;
    }
    const links = facts.ends ? rd !== 0 : true;
    const hot = this.#operations[row * 4 + (short ? 0 : 2) + (links ? 1 : 0)];
    if (facts.relative && facts.ends && !links && immediate === 0) {
      this.#write(slot, SELF_JUMP, 0, 0);
    } else if (hot !== 0 && (!facts.writesX || facts.ends || rd !== 0)) {
      this.#write(slot, hot, word, facts.relative ? immediate * 4 : immediate);
    } else {
      const low = facts.float ? ((word >>> 27) << 3) | ((word >>> 12) & 7) : immediate & 0xffff;
      this.#write(slot, short ? COLD_16 : COLD_32, word, (row << 16) | low);
    }
    return facts.ends;
  }

  #write(slot: number, operation: number, word: number, immediate: number): void {
    const registers = (((word >>> 7) & 31) << 11) | (((word >>> 15) & 31) << 19) | (((word >>> 20) & 31) << 27);
    this.#words[slot >> 2] = operation | registers;
    this.#words[(slot >> 2) + 1] = immediate;
  }
}
