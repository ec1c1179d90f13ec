import { PAGE_BYTES, type PageKeeper } from '@vivarium/contracts';
import { errors } from '../errors.ts';
import type { PageFile, PageTools } from './page-tools.ts';

/** Where the contents of a page are that has no memory. */
export type Kept =
  | { readonly kind: 'shared'; readonly slot: number }
  | { readonly kind: 'compressed'; readonly packed: Uint8Array }
  | { readonly kind: 'swapped'; readonly slot: number };

/** What a compressed page costs besides its bytes, about. */
const OVERHEAD = 128;

/** The contents of a guest's absent pages, and the files that they are in. */
export class PageStore implements PageKeeper {
  readonly #tools: PageTools;
  readonly #failed: (error: Error) => void;
  readonly #kept = new Map<number, Kept>();
  readonly #pages = { shared: 0, compressed: 0, swapped: 0 };
  readonly #mostSwapped: number;
  #compressedHeld = 0;
  #swap: PageFile | undefined;
  #shared: { readonly path: string; readonly file: PageFile } | undefined;
  /** Slots of the swap file that were in use and are not. */
  readonly #free: number[] = [];
  #slots = 0;
  readonly #released: number[] = [];
  #restored = 0;

  /** `failed` hears of a page that is lost, before whoever wanted it does. */
  constructor(tools: PageTools, mostSwapped: number, failed: (error: Error) => void) {
    this.#tools = tools;
    this.#mostSwapped = mostSwapped;
    this.#failed = failed;
  }

  /** Pages of each kind. */
  get pages(): Readonly<Record<Kept['kind'], number>> {
    return this.#pages;
  }

  get compressedHeld(): number {
    return this.#compressedHeld;
  }

  get restored(): number {
    return this.#restored;
  }

  /** Pages that the swap file has room for. */
  get swapRoom(): number {
    return this.#mostSwapped - this.#pages.swapped;
  }

  restore(page: number, into: Uint8Array): void {
    const kept = this.#kept.get(page);
    if (kept === undefined) {
      into.fill(0);
      return;
    }
    try {
      if (kept.kind === 'compressed') this.#tools.decompress(kept.packed, into);
      else if (kept.kind === 'swapped') this.#swap?.read(kept.slot, into);
      else this.#shared?.file.read(kept.slot, into);
    } catch (cause) {
      const where = {
        compressed: 'from its compressed form',
        swapped: 'from the swap file',
        shared: 'from the shared file',
      };
      const error = failure('VIV_PAGE_LOST', `page ${page} cannot be read ${where[kept.kind]}`, cause);
      this.#failed(error);
      throw error;
    }
    this.#restored += 1;
    this.#forget(page, kept);
  }

  clear(): void {
    for (const [page, kept] of this.#kept) this.#forget(page, kept);
  }

  /** Keeps a page where it was put. */
  note(page: number, kept: Kept): void {
    this.#kept.set(page, kept);
    this.#pages[kept.kind] += 1;
    if (kept.kind === 'compressed') this.#compressedHeld += kept.packed.length + OVERHEAD;
  }

  /** Takes back a `note` of which nobody has heard. */
  unnote(page: number): void {
    const kept = this.#kept.get(page);
    if (kept === undefined) return;
    this.#forget(page, kept);
    if (kept.kind === 'shared') this.#released.pop();
  }

  #forget(page: number, kept: Kept): void {
    this.#kept.delete(page);
    this.#pages[kept.kind] -= 1;
    if (kept.kind === 'compressed') this.#compressedHeld -= kept.packed.length + OVERHEAD;
    else if (kept.kind === 'swapped') this.#free.push(kept.slot);
    else this.#released.push(kept.slot);
  }

  /** Writes a page to the swap file, in which there must be room. Throws `VIV_PAGE_SWAP`. */
  swapOut(bytes: Uint8Array): Kept {
    const slot = this.#free.pop() ?? this.#slots++;
    try {
      this.#swap ??= this.#tools.openSwap();
      this.#swap.write(slot, bytes);
      return { kind: 'swapped', slot };
    } catch (cause) {
      this.#free.push(slot);
      throw failure('VIV_PAGE_SWAP', 'a page cannot be written to the swap file', cause);
    }
  }

  /** The page compressed, or undefined where that is not worth it. */
  compress(bytes: Uint8Array): Kept | undefined {
    const packed = this.#tools.compress(bytes);
    return packed.length > PAGE_BYTES / 2 ? undefined : { kind: 'compressed', packed };
  }

  /** Whether a page is what a slot of the shared file has. Throws when that cannot be read. */
  matches(path: string, slot: number, bytes: Uint8Array, room: Uint8Array): boolean {
    if (this.#shared?.path !== path) {
      if (this.#pages.shared > 0) return false;
      this.#shared?.file.close();
      this.#shared = undefined;
      this.#shared = { path, file: this.#tools.openShared(path) };
    }
    this.#shared.file.read(slot, room);
    return equal(bytes, room);
  }

  /** Slots of the shared file that have been given up since, at most so many. */
  takeReleased(most: number): readonly number[] {
    return this.#released.splice(0, most);
  }

  close(): void {
    this.#swap?.close();
    this.#shared?.file.close();
    this.#swap = undefined;
    this.#shared = undefined;
  }
}

const failure = (code: 'VIV_PAGE_LOST' | 'VIV_PAGE_SWAP', what: string, cause: unknown): Error =>
  errors.make(code, `${what}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });

const equal = (one: Uint8Array, other: Uint8Array): boolean => {
  const [left, right] = [one, other].map((bytes) => new Int32Array(bytes.buffer, bytes.byteOffset, PAGE_BYTES / 4));
  return left !== undefined && right !== undefined && left.every((word, index) => word === right[index]);
};
