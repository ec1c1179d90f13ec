import {
  FS_ROOT,
  type FsBackend,
  type FsEntry,
  type FsErrno,
  type FsHandle,
  type FsName,
  type FsNode,
} from '@vivarium/contracts';
import type { Budget } from '@vivarium/fs-backend';

/** Where a file was found. */
export interface FidPlace {
  readonly parent: FsNode;
  readonly name: FsName;
}

/** Bytes of an extended attribute that is read, or gathered until it is set. */
export interface FidAttribute {
  readonly bytes: Uint8Array;
  /** Set when the fid is clunked; undefined for one that is only read. */
  readonly set: { readonly name: FsName; readonly how: 'any' | 'create' | 'replace' } | undefined;
  written: number;
}

/** What a driver calls a file by. */
export interface Fid {
  readonly node: FsNode;
  /** Undefined for the root. */
  readonly place: FidPlace | undefined;
  /** Who attached. */
  readonly uid: number;
  handle: FsHandle | undefined;
  attribute: FidAttribute | undefined;
}

/** Fids, and how often they hold the nodes of the backend. */
export class FidTable {
  readonly #backend: FsBackend;
  readonly #capacity: number;
  readonly #attributes: Budget;
  readonly #fids = new Map<number, Fid>();
  readonly #holds = new Map<FsNode, { fids: number; lookups: number }>();

  /** @param attributes bytes of the extended attributes that fids hold */
  constructor(backend: FsBackend, capacity: number, attributes: Budget) {
    this.#backend = backend;
    this.#capacity = capacity;
    this.#attributes = attributes;
  }

  get size(): number {
    return this.#fids.size;
  }

  get(number: number): Fid | undefined {
    return this.#fids.get(number);
  }

  /** Why a number cannot become a fid. */
  fault(number: number): FsErrno | undefined {
    if (this.#fids.has(number)) return 'EINVAL';
    return this.#fids.size >= this.#capacity ? 'ENFILE' : undefined;
  }

  /** A fid of its own; what it holds must be held by somebody already. */
  add(number: number, { node, place, uid }: Pick<Fid, 'node' | 'place' | 'uid'>): Fid {
    const fid = { node, place, uid, handle: undefined, attribute: undefined };
    this.#hold(fid);
    this.#fids.set(number, fid);
    return fid;
  }

  /** The fid is another file from now on. */
  replace(number: number, next: Pick<Fid, 'node' | 'place' | 'uid'>, handle?: FsHandle): void {
    const old = this.#fids.get(number);
    const fid = { node: next.node, place: next.place, uid: next.uid, handle, attribute: undefined };
    this.#hold(fid);
    this.#fids.set(number, fid);
    if (old !== undefined) this.#drop(old);
  }

  /** An attribute takes from what all of them have. False when there is no room for it. */
  attach(fid: Fid, attribute: FidAttribute): boolean {
    if (!this.#attributes.take(attribute.bytes.length)) return false;
    fid.attribute = attribute;
    return true;
  }

  remove(number: number): Fid | undefined {
    const fid = this.#fids.get(number);
    if (fid === undefined) return undefined;
    this.#fids.delete(number);
    this.#drop(fid);
    return fid;
  }

  /** Notes that the backend gave out a node once more; `unhold` gives that back. */
  hold({ node }: FsEntry): void {
    const holds = this.#holdsOf(node);
    holds.fids++;
    holds.lookups++;
  }

  unhold(node: FsNode): void {
    const holds = this.#holds.get(node);
    if (holds === undefined || --holds.fids > 0) return;
    this.#holds.delete(node);
    if (node !== FS_ROOT) this.#backend.forget(node, holds.lookups);
  }

  /** Everything is gone; the backend is reset by whoever calls this. */
  clear(): void {
    for (const { attribute } of this.#fids.values()) this.#attributes.give(attribute?.bytes.length ?? 0);
    this.#fids.clear();
    this.#holds.clear();
  }

  #hold({ node, place }: Fid): void {
    this.#holdsOf(node).fids++;
    if (place !== undefined) this.#holdsOf(place.parent).fids++;
  }

  #drop({ node, place, handle, attribute }: Fid): void {
    if (handle !== undefined) this.#backend.release(handle);
    if (attribute !== undefined) this.#attributes.give(attribute.bytes.length);
    this.unhold(node);
    if (place !== undefined) this.unhold(place.parent);
  }

  #holdsOf(node: FsNode): { fids: number; lookups: number } {
    const known = this.#holds.get(node);
    if (known !== undefined) return known;
    const holds = { fids: 0, lookups: 0 };
    this.#holds.set(node, holds);
    return holds;
  }
}
