import type { StateCodec } from './state.ts';
import { defineManyToken, type Token } from './token.ts';

/**
 * One request of a driver: memory that the device reads, then memory that it writes (Virtual I/O Device 1.3, section
 * 2.6.4.2). Already checked: every byte is guest RAM, the driver's writable part follows its readable part, and the
 * total is below 4 GiB. Offsets and lengths are bytes; each part is one run of bytes however the driver cut it.
 */
export interface VirtioRequest {
  readonly readableLength: number;
  readonly writableLength: number;
  /** False once it was completed, or the driver took the queue back: then it reads as empty and takes nothing. */
  readonly live: boolean;
  /** Views of guest memory, in order: `length` bytes (default all) from `offset` of the readable part, cut to what is there. */
  readable(offset?: number, length?: number): readonly Uint8Array[];
  /** Views to write into, as `readable`. The cores are told at once, so ask when the bytes are there and not before. */
  writable(offset?: number, length?: number): readonly Uint8Array[];
  /** Copies up to `length` bytes out of the readable part. The driver cannot change the copy any more. */
  read(offset: number, length: number): Uint8Array;
  /** Copies `bytes` into the writable part and returns how many had room. */
  write(offset: number, bytes: Uint8Array): number;
}

/**
 * A queue as a device sees it: requests come out, completed ones go back in. Rings, their formats and everything that
 * a driver can do wrong with them stay on the other side.
 */
export interface VirtioQueue {
  readonly index: number;
  /** Requests that can be in flight, as the driver set it. */
  readonly size: number;
  /** The next request, or undefined when there is none now. The device completes each one, in any order. */
  take(): VirtioRequest | undefined;
  /** Gives the last taken requests back untouched, so that `take` gives them again: for data that did not fit. */
  putBack(requests: readonly VirtioRequest[]): void;
  /**
   * Hands a request back to the driver with `written` bytes in its writable part, counted from its start. A request
   * that is not live is ignored.
   */
  complete(request: VirtioRequest, written: number): void;
  /** Completes several that the driver must see at once, such as the buffers of one network frame. */
  completeAll(completions: readonly { readonly request: VirtioRequest; readonly written: number }[]): void;
}

/** What a device can tell its driver besides completions. */
export interface VirtioSignals {
  /** The configuration space changed: its generation goes up and the driver is interrupted. */
  configChanged(): void;
  /** The device is beyond repair until the driver resets it (DEVICE_NEEDS_RESET, section 2.1.2). */
  needsReset(): void;
}

/** Device-specific configuration space (section 2.5), little-endian. */
export interface VirtioConfig {
  /** Bytes, 0 to 256. */
  readonly length: number;
  /** The byte at `offset`, below `length`. Consistent until {@link VirtioSignals.configChanged}. */
  read(offset: number): number;
  /** Absent: writes are ignored. */
  write?(offset: number, value: number): void;
}

/**
 * A virtio device without its transport and its rings. Calls come from a guest and never throw; what throws all the
 * same ends with DEVICE_NEEDS_RESET for this device and a report against its part.
 *
 * Order: `reset` → `activate` → (`notified`)* → `reset` …
 */
export interface VirtioDevice {
  /** Section 5, for example 2 for a block device. */
  readonly deviceId: number;
  /** Name of the kind of device for people, for example `block`. */
  readonly kind: string;
  /** Bits 0 to 23 and 50 to 63 that the device offers; the ring and transport bits are not its business. */
  readonly features: bigint;
  /** Largest size of each queue: a power of two up to 32768. */
  readonly queueSizes: readonly number[];
  readonly config: VirtioConfig;
  /**
   * The driver is ready (DRIVER_OK): `features` is what was agreed on, `queues` has an entry for each of `queueSizes`,
   * undefined for one that the driver left out. The queues are the device's until `reset`.
   */
  activate(features: bigint, queues: readonly (VirtioQueue | undefined)[], signals: VirtioSignals): void;
  /** There may be requests in queue `index`; take until there are none. */
  notified(index: number): void;
  /** The state after power-on. Requests in flight are dead; nothing may be completed or written any more. */
  reset(): void;
  /** Absent: a machine with this device cannot be snapshotted, and says so. */
  readonly state?: StateCodec;
}

/** A transport takes the device that the machine's spec names under `use`. */
export const VirtioDeviceToken: Token<VirtioDevice> = defineManyToken('vivarium/virtio-device', 1);
