import type { GuestMemory } from '@vivarium/contracts';
import type { ChainFault } from './descriptor.ts';
import type { Request, RequestOwner } from './request.ts';

/** Where a queue is, as the driver set it. Guest-physical addresses. */
export interface RingLayout {
  /** Entries. */
  readonly size: number;
  /** Descriptor table, or the ring of a packed queue. */
  readonly descriptors: number;
  /** Available ring, or the driver's event suppression. */
  readonly driver: number;
  /** Used ring, or the device's event suppression. */
  readonly device: number;
}

/** What was agreed on. */
export interface RingOptions {
  readonly indirect: boolean;
  readonly eventIndex: boolean;
}

/** Why a ring cannot go on; for the log. */
export type RingFault = 'unreadable' | 'index-jump' | 'head' | 'head-in-flight' | 'too-many' | 'chain';

/** What {@link Ring.next} found. */
export type RingEntry =
  | { readonly kind: 'empty' }
  | { readonly kind: 'request'; readonly request: Request }
  /** The ring is fine, its chain is not: the request goes straight back. */
  | { readonly kind: 'malformed'; readonly request: Request; readonly fault: ChainFault }
  /** The ring itself makes no sense any more. */
  | { readonly kind: 'broken'; readonly fault: RingFault };

export const EMPTY: RingEntry = { kind: 'empty' };
export const broken = (fault: RingFault): RingEntry => ({ kind: 'broken', fault });

/** One format of a ring: reads what the driver made available, writes what was used. */
export interface Ring {
  /** Takes fresh views; first thing in each batch. False when the ring is not RAM any more. */
  open(): boolean;
  next(owner: RequestOwner): RingEntry;
  /** Takes back the last `next`. */
  back(request: Request): void;
  /** Writes a used entry, visible to the driver at the next `publish`. */
  give(request: Request, written: number): void;
  /** Shows what was given, and says whether the driver wants an interrupt for it. */
  publish(): boolean;
  /** Asks for a notification of the next available buffer, or for none. */
  wantNotification(wanted: boolean): void;
}

/** Whether the index `event` was passed on the way from `old` to `now`, all modulo 2^16 (section 2.7.10). */
export const passed = (event: number, now: number, old: number): boolean =>
  ((now - event - 1) & 0xffff) < ((now - old) & 0xffff);

/** A view of `length` bytes at `address`, or undefined when that is not all RAM. */
export const viewOf = (memory: GuestMemory, address: number, length: number): DataView | undefined => {
  const bytes = memory.view(address, length);
  return bytes === undefined ? undefined : new DataView(bytes.buffer, bytes.byteOffset, length);
};
