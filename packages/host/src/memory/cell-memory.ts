import { type MachineMemory, type MemoryPaging, PAGE_BYTES } from '@vivarium/contracts';
import { codedError } from '../cells/plain.ts';
import type { BalloonTarget } from '../hardware/balloon-target.ts';
import {
  bytesOf,
  type MemoryAct,
  type MemoryAnswer,
  type MemoryReport,
  MOST_FETCHED,
  MOST_PAGES,
  numbersIn,
} from './acts.ts';
import { NOTHING_BUT_ZEROES, pageHash } from './page-hash.ts';
import { type Kept, PageStore } from './page-store.ts';
import type { PageTools } from './page-tools.ts';

/** What {@link CellMemory} is made of. */
export interface CellMemoryParts {
  readonly memory: MachineMemory;
  readonly paging: MemoryPaging;
  readonly balloon: BalloonTarget | undefined;
  readonly tools: PageTools;
  /** Bytes of the swap file at most. */
  readonly swap: number;
  /** The guest has lost a page for good. */
  readonly failed: (error: Error) => void;
}

/** The part of a guest's RAM that may be held in compressed form. */
const COMPRESSED = 0.1;
/** Pages that one act tries to compress, whether that is worth it or not: some ten milliseconds. */
const MOST_TRIED = 256;
const WORDS = PAGE_BYTES / 4;

type Outcome = Omit<MemoryAnswer, 'report' | 'released'> & { readonly bytes?: Uint8Array };

/** Takes a guest's pages as its host says, and knows what is in them until the guest wants them back. */
export class CellMemory {
  readonly #parts: CellMemoryParts;
  readonly #store: PageStore;
  readonly #words: Int32Array;
  readonly #pages: number;
  /** Where the next page to take is looked for, counted from the first of RAM. */
  #hand = 0;

  constructor(parts: CellMemoryParts) {
    this.#parts = parts;
    this.#store = new PageStore(parts.tools, Math.floor(parts.swap / PAGE_BYTES), parts.failed);
    this.#words = new Int32Array(parts.memory.linear.buffer);
    this.#pages = parts.memory.size / PAGE_BYTES;
    parts.paging.keep(this.#store);
  }

  report(): MemoryReport {
    const { paging, swap } = this.#parts;
    const balloon = this.#parts.balloon?.balloon;
    const { pages, compressedHeld, restored } = this.#store;
    const present = paging.accessed + paging.idle;
    const kept = pages.shared + pages.compressed + pages.swapped;
    return {
      size: this.#pages * PAGE_BYTES,
      present: present * PAGE_BYTES,
      active: paging.accessed * PAGE_BYTES,
      zero: (this.#pages - present - kept) * PAGE_BYTES,
      shared: pages.shared * PAGE_BYTES,
      compressed: pages.compressed * PAGE_BYTES,
      compressedHeld,
      compressedMost: Math.floor(this.#pages * COMPRESSED) * PAGE_BYTES,
      swapped: pages.swapped * PAGE_BYTES,
      swapMost: swap,
      restored,
      ...(balloon?.active === true
        ? { balloon: { actual: balloon.actual, target: balloon.target, limit: balloon.limit } }
        : {}),
    };
  }

  act(act: MemoryAct, bytes: Uint8Array | undefined): MemoryAnswer & { readonly bytes?: Uint8Array } {
    const outcome = this.#do(act, bytes);
    const released = this.#store.takeReleased(MOST_PAGES);
    return { report: this.report(), ...outcome, ...(released.length > 0 ? { released: [...released] } : {}) };
  }

  close(): void {
    this.#store.close();
  }

  #do(act: MemoryAct, bytes: Uint8Array | undefined): Outcome {
    const { paging, balloon } = this.#parts;
    switch (act.do) {
      case 'look':
        return { won: 0 };
      case 'window':
        paging.beginWindow();
        return { won: 0 };
      case 'survey':
        return this.#survey(act.from);
      case 'fetch':
        return this.#fetch(numbersIn(bytes));
      case 'adopt':
        return this.#adopt(act.file, numbersIn(bytes));
      case 'compress':
        return this.#squeeze(act.amount, (page) => this.#store.compress(page), MOST_TRIED);
      case 'swap':
        return this.#squeeze(act.amount, (page) => this.#store.swapOut(page), this.#store.swapRoom);
      case 'balloon':
        balloon?.want('reclaim', act.target);
        return { won: 0 };
    }
  }

  #survey(from: number): Outcome {
    const { paging } = this.#parts;
    const found: number[] = [];
    const zeroes: number[] = [];
    const end = Math.min(from + MOST_PAGES, this.#pages);
    for (let index = from; index < end; index += 1) {
      const page = this.#pageAt(index);
      if (!paging.takable(page)) continue;
      const hash = pageHash(this.#words, page * WORDS, WORDS);
      if (hash === NOTHING_BUT_ZEROES) zeroes.push(page);
      else found.push(page, Math.floor(hash / 2 ** 32), hash >>> 0);
    }
    const won = this.#take(zeroes).length * PAGE_BYTES;
    return { won, bytes: bytesOf(found), ...(end < this.#pages ? { next: end } : {}) };
  }

  #fetch(wanted: readonly number[]): Outcome {
    const { paging } = this.#parts;
    const pages = wanted.slice(0, MOST_FETCHED).filter((page) => this.#isRam(page) && paging.takable(page));
    const bytes = new Uint8Array(pages.length * PAGE_BYTES);
    pages.forEach((page, index) => bytes.set(paging.peek(page), index * PAGE_BYTES));
    return { won: 0, pages, bytes };
  }

  #adopt(file: string, pairs: readonly number[]): Outcome {
    const { paging } = this.#parts;
    const room = new Uint8Array(PAGE_BYTES);
    const same: number[] = [];
    let trouble: MemoryAnswer['trouble'];
    for (let at = 0; at + 1 < pairs.length && same.length < MOST_PAGES; at += 2) {
      const [page = 0, slot = 0] = pairs.slice(at, at + 2);
      if (!this.#isRam(page) || !paging.takable(page)) continue;
      try {
        if (!this.#store.matches(file, slot, paging.peek(page), room)) continue;
      } catch (error) {
        trouble = codedError(error, 'VIV_PAGE_SHARED');
        break;
      }
      this.#store.note(page, { kind: 'shared', slot });
      same.push(page);
    }
    const pages = this.#take(same.sort((one, other) => one - other));
    return { won: pages.length * PAGE_BYTES, pages: [...pages], ...(trouble === undefined ? {} : { trouble }) };
  }

  /** Puts pages elsewhere, first those that nobody looked at, then, after a new window, others: who asks must have some. */
  #squeeze(amount: number, keep: (page: Uint8Array) => Kept | undefined, room: number): Outcome {
    const { paging } = this.#parts;
    const before = this.#held();
    const most = Math.min(MOST_PAGES, room);
    let tried = 0;
    let trouble: MemoryAnswer['trouble'];
    for (let round = 0; round < 2 && trouble === undefined; round += 1) {
      if (round === 1) paging.beginWindow();
      const pages: number[] = [];
      let won = 0;
      for (let seen = 0; seen < this.#pages && tried < most; seen += 1) {
        if (before - this.#held() + won >= amount) break;
        const page = this.#pageAt(this.#hand);
        this.#hand = (this.#hand + 1) % this.#pages;
        if (!paging.takable(page)) continue;
        tried += 1;
        try {
          const kept = keep(paging.peek(page));
          if (kept === undefined) continue;
          this.#store.note(page, kept);
          pages.push(page);
          won += PAGE_BYTES;
        } catch (error) {
          trouble = codedError(error, 'VIV_PAGE_SWAP');
          break;
        }
      }
      this.#take(pages.sort((one, other) => one - other));
      if (before - this.#held() >= amount || tried >= most) break;
    }
    return { won: Math.max(0, before - this.#held()), ...(trouble === undefined ? {} : { trouble }) };
  }

  #held(): number {
    const { paging } = this.#parts;
    return (paging.accessed + paging.idle) * PAGE_BYTES + this.#store.compressedHeld;
  }

  /** Takes pages whose contents are kept, in ascending order; those that could not be taken are forgotten again. */
  #take(pages: readonly number[]): readonly number[] {
    const taken: number[] = [];
    for (let at = 0; at < pages.length; ) {
      let end = at + 1;
      while (end < pages.length && pages[end] === (pages[end - 1] ?? 0) + 1) end += 1;
      const run = pages.slice(at, end);
      if (this.#parts.paging.take(run[0] ?? 0, run.length)) taken.push(...run);
      else for (const page of run) this.#store.unnote(page);
      at = end;
    }
    return taken;
  }

  /** Banks, one behind the other. */
  #pageAt(index: number): number {
    let left = index;
    for (const { offset, length } of this.#parts.memory.banks) {
      if (left < length / PAGE_BYTES) return offset / PAGE_BYTES + left;
      left -= length / PAGE_BYTES;
    }
    return 0;
  }

  #isRam(page: number): boolean {
    return this.#parts.memory.banks.some(
      ({ offset, length }) => page >= offset / PAGE_BYTES && page < (offset + length) / PAGE_BYTES,
    );
  }
}
