import { type AccessBytes, TLB_ENTRY_BYTES } from '@vivarium/isa-riscv';
import type { FunctionBuilder, MemoryOpcode } from '@vivarium/wasm-emit';
import { STATE_ADDRESS, STATE_VALUE } from '../state/layout.ts';
import type { CallIndices } from './imports.ts';
import type { LocalPool } from './operands.ts';

const LOADS: Readonly<Record<`${AccessBytes}${'s' | 'u'}`, MemoryOpcode>> = {
  '1s': 'i64.load8_s',
  '1u': 'i64.load8_u',
  '2s': 'i64.load16_s',
  '2u': 'i64.load16_u',
  '4s': 'i64.load32_s',
  '4u': 'i64.load32_u',
  '8s': 'i64.load',
  '8u': 'i64.load',
};
const STORES: Readonly<Record<AccessBytes, MemoryOpcode>> = {
  1: 'i64.store8',
  2: 'i64.store16',
  4: 'i64.store32',
  8: 'i64.store',
};
const LOG2: Readonly<Record<AccessBytes, number>> = { 1: 0, 2: 1, 4: 2, 8: 3 };
const PAGE_MASK = -4096n;
/** Accesses of up to 8 bytes below this offset end in the same page. */
const PAGE_LIMIT = 4089n;

/** Locals that remember a translation while no TLB entry can change. */
export interface RecentPage {
  /** i64: page of the last load (or store) that started at the same base register. */
  readonly page: number;
  /** i64: offsets in that page below which an access of any width stays in it; 0 before the first access. */
  readonly limit: number;
  /** i32: what to add to an address in that page to get the offset in linear memory. */
  readonly addend: number;
}

/** What memory code needs of the function that it is emitted into. */
export interface AccessFrame {
  readonly f: FunctionBuilder;
  readonly locals: LocalPool;
  /** What to add to places in the hart's state, whose base `base` pushes. */
  readonly state: number;
  base(): void;
  /** Entries of a TLB. */
  readonly tlbEntries: number;
  /** Pushes the offset of the read or write TLB. */
  tlb(kind: 'read' | 'write'): void;
  /** Pushes the context, an i64. */
  context(): void;
  /** What accesses around this one touched last; absent where nothing is known of other instructions. */
  readonly recent?: RecentPage;
  /** The read TLB does not have local `address`: pushes the value loaded some other way, or leaves. */
  loadMiss(address: number, bytes: AccessBytes, signed: boolean): void;
  /** The write TLB does not have it: stores what `value` pushes some other way, or leaves. */
  storeMiss(address: number, bytes: AccessBytes, value: () => void): void;
}

/** Pushes where in a TLB of `entries` entries the one for the address in local `address` is: its index × TLB_ENTRY_BYTES. */
export const emitEntryPlace = (f: FunctionBuilder, address: number, entries: number): void => {
  // (address >> 12) mod entries × TLB_ENTRY_BYTES.
  f.get(address)
    .i64(8n)
    .op('i64.shr_u')
    .op('i32.wrap_i64')
    .i32((entries - 1) * TLB_ENTRY_BYTES)
    .op('i32.and');
};

/** Pushes where the slot of the instruction at the address in local `address` is among the slots of its page. */
export const emitSlotOffset = (f: FunctionBuilder, address: number): void => {
  f.get(address).op('i32.wrap_i64').i32(0xffe).op('i32.and').i32(2).op('i32.shl');
};

/** Leaves the entry's offset in local `entry` and pushes whether its tag matches (an access of `bytes` at `address`). */
export const emitLookup = (
  frame: AccessFrame,
  kind: 'read' | 'write',
  address: number,
  entry: number,
  bytes: number,
): void => {
  const { f } = frame;
  emitEntryPlace(f, address, frame.tlbEntries);
  frame.tlb(kind);
  f.op('i32.add').tee(entry).memory('i64.load', 0);
  f.get(address);
  // The last byte decides: an access that leaves the page cannot match.
  if (bytes > 1) f.i64(BigInt(bytes - 1)).op('i64.add');
  f.i64(PAGE_MASK).op('i64.and');
  frame.context();
  f.op('i64.or').op('i64.eq');
};

/** Pushes the offset in linear memory of `address`, whose TLB entry was found. */
export const emitOffset = (frame: AccessFrame, address: number, entry: number): void => {
  frame.f.get(address).op('i32.wrap_i64').get(entry).memory('i32.load', 8).op('i32.add');
};

/**
 * Pushes the offset in linear memory of `address`. The page of the last access is compared first: a program mostly stays
 * in it, and the offset then does not wait for an entry to be loaded. `miss` must leave.
 */
const emitRecent = (
  frame: AccessFrame,
  kind: 'read' | 'write',
  recent: RecentPage,
  address: number,
  bytes: number,
  miss: () => void,
): void => {
  const { f } = frame;
  const entry = frame.locals.take('i32');
  const found = f.block();
  f.get(address).get(recent.page).op('i64.sub').get(recent.limit).op('i64.lt_u').likely().brIf(found);
  emitLookup(frame, kind, address, entry, bytes);
  f.op('i32.eqz').unlikely().if();
  miss();
  f.end();
  f.get(address).i64(PAGE_MASK).op('i64.and').set(recent.page);
  f.i64(PAGE_LIMIT).set(recent.limit);
  f.get(entry).memory('i32.load', 8).set(recent.addend);
  f.end();
  f.get(address).op('i32.wrap_i64').get(recent.addend).op('i32.add');
};

/** Loads from the address in local `address` and pushes an i64. */
export const emitLoad = (frame: AccessFrame, address: number, bytes: AccessBytes, signed: boolean): void => {
  const { f, recent } = frame;
  if (recent !== undefined) {
    emitRecent(frame, 'read', recent, address, bytes, () => frame.loadMiss(address, bytes, signed));
    f.memory(LOADS[`${bytes}${signed ? 's' : 'u'}`], 0);
    return;
  }
  const entry = frame.locals.take('i32');
  emitLookup(frame, 'read', address, entry, bytes);
  f.likely().if('i64');
  emitOffset(frame, address, entry);
  f.memory(LOADS[`${bytes}${signed ? 's' : 'u'}`], 0);
  f.else();
  frame.loadMiss(address, bytes, signed);
  f.end();
};

/** Stores what `value` pushes (an i64) at the address in local `address`. */
export const emitStore = (frame: AccessFrame, address: number, bytes: AccessBytes, value: () => void): void => {
  const { f, recent } = frame;
  if (recent !== undefined) {
    emitRecent(frame, 'write', recent, address, bytes, () => frame.storeMiss(address, bytes, value));
    value();
    f.memory(STORES[bytes], 0);
    return;
  }
  const entry = frame.locals.take('i32');
  emitLookup(frame, 'write', address, entry, bytes);
  f.likely().if();
  emitOffset(frame, address, entry);
  value();
  f.memory(STORES[bytes], 0);
  f.else();
  frame.storeMiss(address, bytes, value);
  f.end();
};

/** What a frame that calls TypeScript on a miss needs besides. */
export interface CallingFrame {
  readonly f: FunctionBuilder;
  readonly calls: CallIndices;
  readonly state: number;
  /** Before a call to TypeScript: pc and budget into the state. */
  beforeCall(): void;
  /** After it, with the call's status on the stack: takes the budget back and leaves the instruction when not 0. */
  afterCall(): void;
}

/** Misses that TypeScript resolves while the instruction waits. */
export const callOnMiss = (frame: CallingFrame): Pick<AccessFrame, 'loadMiss' | 'storeMiss'> => {
  const { f, calls, state } = frame;
  const storeAddress = (address: number): void => {
    frame.beforeCall();
    f.i32(0)
      .get(address)
      .memory('i64.store', state + STATE_ADDRESS);
  };
  return {
    loadMiss: (address, bytes, signed) => {
      storeAddress(address);
      f.i32(LOG2[bytes] + (signed ? 4 : 0)).call(calls.loadMiss);
      frame.afterCall();
      f.i32(0).memory('i64.load', state + STATE_VALUE);
    },
    storeMiss: (address, bytes, value) => {
      storeAddress(address);
      f.i32(0);
      value();
      f.memory('i64.store', state + STATE_VALUE);
      f.i32(LOG2[bytes]).call(calls.storeMiss);
      frame.afterCall();
    },
  };
};
