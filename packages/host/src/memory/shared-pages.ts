import type { PageFile } from './page-tools.ts';

/** A file that pages are put into by the host, and read from by cells. */
export interface SharedFile extends PageFile {
  /** Where cells open it. */
  readonly path: string;
}

/**
 * The equal pages of guests that may share, each once. The host alone writes; cells read, and say what they use. A slot
 * that nobody uses is used again.
 */
export class SharedPages {
  readonly file: SharedFile;
  readonly #most: number;
  readonly #slots = new Map<number, number>();
  /** By slot: its hash, and how many pages it stands for. */
  readonly #hashes: number[] = [];
  readonly #uses: number[] = [];
  readonly #free: number[] = [];
  readonly #users = new Map<string, Map<number, number>>();

  /** `most`: pages in the file. */
  constructor(file: SharedFile, most: number) {
    this.file = file;
    this.#most = most;
  }

  /** Pages in the file. */
  get size(): number {
    return this.#hashes.length - this.#free.length;
  }

  slotOf(hash: number): number | undefined {
    return this.#slots.get(hash);
  }

  /** Puts a page in, for whoever calls to `use` at once; undefined when the file is full. Throws what writing throws. */
  add(hash: number, page: Uint8Array): number | undefined {
    const slot = this.#free.at(-1) ?? this.#hashes.length;
    if (slot >= this.#most) return undefined;
    this.file.write(slot, page);
    this.#free.pop();
    this.#hashes[slot] = hash;
    this.#uses[slot] = 0;
    this.#slots.set(hash, slot);
    return slot;
  }

  use(user: string, slot: number): void {
    const slots = this.#users.get(user) ?? new Map<number, number>();
    this.#users.set(user, slots);
    slots.set(slot, (slots.get(slot) ?? 0) + 1);
    this.#uses[slot] = (this.#uses[slot] ?? 0) + 1;
  }

  /** A user that gives up more than it has changes nothing for others. */
  release(user: string, slot: number, count = 1): void {
    const slots = this.#users.get(user);
    const has = slots?.get(slot) ?? 0;
    const given = Math.min(has, count);
    if (given === 0) return;
    if (given === has) slots?.delete(slot);
    else slots?.set(slot, has - given);
    this.#uses[slot] = (this.#uses[slot] ?? 0) - given;
    this.#drop(slot);
  }

  /** Frees a slot if nobody uses it. */
  #drop(slot: number): void {
    const hash = this.#hashes[slot];
    if (hash === undefined || this.#uses[slot] !== 0 || this.#slots.get(hash) !== slot) return;
    this.#slots.delete(hash);
    this.#free.push(slot);
  }

  /** A user has gone. */
  leave(user: string): void {
    for (const [slot, count] of this.#users.get(user) ?? []) this.release(user, slot, count);
    this.#users.delete(user);
  }
}
