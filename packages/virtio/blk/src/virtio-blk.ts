// Hot: the way of each request from the queue to the backend.
import {
  type BlockBackend,
  type BlockResult,
  SECTOR_SIZE,
  type VirtioDevice,
  type VirtioQueue,
  type VirtioRequest,
} from '@vivarium/contracts';
import { BlockConfig } from './block-config.ts';
import * as r from './registers.ts';

/** What {@link VirtioBlk} is made of. */
export interface VirtioBlkParts {
  readonly backend: BlockBackend;
  readonly readOnly: boolean;
  readonly serial: string;
  readonly queues: number;
  readonly queueSize: number;
  /** Whether a transfer of so many bytes may go now; who says no calls `VirtioBlk.resume` later. Default always. */
  readonly admits?: (bytes: number) => boolean;
}

const RANGE_SEGMENTS = 32;
/** 1 GiB in one segment of a discard: the guest cuts larger ones, so that one request does not take for ever. */
const RANGE_SECTORS = 2 ** 21;

/** How a request ends: its status, and the bytes of data before the status byte that were written. */
interface Outcome {
  readonly status: number;
  readonly written: number;
}

const IOERR: Outcome = { status: r.VIRTIO_BLK_S_IOERR, written: 0 };
const UNSUPP: Outcome = { status: r.VIRTIO_BLK_S_UNSUPP, written: 0 };
const OK: Outcome = { status: r.VIRTIO_BLK_S_OK, written: 0 };

type Eventually<T> = T | Promise<T>;

/** A piece of the disk in bytes, or undefined when it is not all there. */
interface Range {
  readonly offset: number;
  readonly length: number;
}

/** Block device: each request is a header, data, and a status byte. */
export class VirtioBlk implements VirtioDevice {
  readonly deviceId = 2;
  readonly kind = 'block';
  readonly features: bigint;
  readonly queueSizes: readonly number[];
  readonly config: BlockConfig;
  readonly #backend: BlockBackend;
  readonly #readOnly: boolean;
  readonly #id: Uint8Array;
  readonly #admits: (bytes: number) => boolean;
  #queues: readonly (VirtioQueue | undefined)[] = [];
  /** The driver flushes by itself (VIRTIO_BLK_F_FLUSH); one that cannot gets write-through. */
  #flushes = false;
  /** One object, so that requests that end after a reset know their life is over. */
  #life = {};

  constructor({ backend, readOnly, serial, queues, queueSize, admits = () => true }: VirtioBlkParts) {
    this.#admits = admits;
    this.#backend = backend;
    this.#readOnly = readOnly || backend.readOnly;
    this.#id = new Uint8Array(r.ID_LENGTH);
    new TextEncoder().encodeInto(serial, this.#id);
    this.queueSizes = Array.from({ length: queues }, () => queueSize);
    this.features =
      r.VIRTIO_BLK_F_SEG_MAX |
      r.VIRTIO_BLK_F_BLK_SIZE |
      r.VIRTIO_BLK_F_FLUSH |
      r.VIRTIO_BLK_F_CONFIG_WCE |
      (queues > 1 ? r.VIRTIO_BLK_F_MQ : 0n) |
      (this.#readOnly ? r.VIRTIO_BLK_F_RO : 0n) |
      (backend.discard === undefined || this.#readOnly ? 0n : r.VIRTIO_BLK_F_DISCARD) |
      (backend.writeZeroes === undefined || this.#readOnly ? 0n : r.VIRTIO_BLK_F_WRITE_ZEROES);
    this.config = new BlockConfig({
      capacity: backend.capacity,
      // Header and status take a descriptor each.
      segments: Math.max(1, queueSize - 2),
      queues,
      rangeSegments: RANGE_SEGMENTS,
      rangeSectors: RANGE_SECTORS,
    });
  }

  activate(features: bigint, queues: readonly (VirtioQueue | undefined)[]): void {
    this.#queues = queues;
    this.#flushes = (features & r.VIRTIO_BLK_F_FLUSH) !== 0n;
  }

  notified(index: number): void {
    const queue = this.#queues[index];
    for (;;) {
      const request = queue?.take();
      if (queue === undefined || request === undefined) return;
      if (!this.#admits(transferLength(request))) {
        queue.putBack([request]);
        return;
      }
      this.#serve(queue, request);
    }
  }

  /** Transfers that were held back may go on. */
  resume(): void {
    for (const index of this.#queues.keys()) this.notified(index);
  }

  reset(): void {
    this.#queues = [];
    this.#flushes = false;
    this.#life = {};
    this.config.reset();
  }

  #serve(queue: VirtioQueue, request: VirtioRequest): void {
    // Without room for a status there is nothing to say (section 5.2.6.1).
    if (request.writableLength === 0) {
      queue.complete(request, 0);
      return;
    }
    const outcome = this.#execute(request);
    if (!(outcome instanceof Promise)) {
      finish(queue, request, outcome);
      return;
    }
    const life = this.#life;
    const settle = async (): Promise<void> => {
      const settled = await outcome.catch(() => IOERR);
      if (life === this.#life) finish(queue, request, settled);
    };
    void settle();
  }

  #execute(request: VirtioRequest): Eventually<Outcome> {
    if (request.readableLength < r.HEADER_SIZE) return IOERR;
    const header = request.read(0, r.HEADER_SIZE);
    const fields = new DataView(header.buffer, header.byteOffset, header.length);
    const sector = fields.getUint32(8, true) + fields.getUint32(12, true) * 2 ** 32;
    switch (fields.getUint32(0, true)) {
      case r.VIRTIO_BLK_T_IN:
        return this.#in(request, sector);
      case r.VIRTIO_BLK_T_OUT:
        return this.#out(request, sector);
      case r.VIRTIO_BLK_T_FLUSH:
        return then(this.#readOnly ? undefined : this.#backend.flush(), OK);
      case r.VIRTIO_BLK_T_GET_ID: {
        const room = Math.min(this.#id.length, request.writableLength - 1);
        return { status: r.VIRTIO_BLK_S_OK, written: request.write(0, this.#id.subarray(0, room)) };
      }
      case r.VIRTIO_BLK_T_DISCARD:
        return this.#ranges(request, 0, this.#backend.discard?.bind(this.#backend));
      case r.VIRTIO_BLK_T_WRITE_ZEROES:
        return this.#ranges(request, r.SEGMENT_UNMAP, this.#backend.writeZeroes?.bind(this.#backend));
      default:
        return UNSUPP;
    }
  }

  #in(request: VirtioRequest, sector: number): Eventually<Outcome> {
    const length = request.writableLength - 1;
    const range = this.#range(sector, length);
    if (range === undefined) return IOERR;
    const done: Outcome = { status: r.VIRTIO_BLK_S_OK, written: length };
    if (length === 0) return done;
    if (!this.#backend.deferred) return then(this.#backend.read(range.offset, request.writable(0, length)), done);
    const own = new Uint8Array(length);
    return then(this.#backend.read(range.offset, [own]), done, () => request.write(0, own));
  }

  #out(request: VirtioRequest, sector: number): Eventually<Outcome> {
    if (this.#readOnly) return IOERR;
    const length = request.readableLength - r.HEADER_SIZE;
    const range = this.#range(sector, length);
    if (range === undefined) return IOERR;
    if (length === 0) return OK;
    const data = this.#backend.deferred
      ? [request.read(r.HEADER_SIZE, length)]
      : request.readable(r.HEADER_SIZE, length);
    return this.#through(this.#backend.write(range.offset, data));
  }

  #ranges(
    request: VirtioRequest,
    allowedFlags: number,
    act: ((offset: number, length: number, mayUnmap: boolean) => Eventually<BlockResult>) | undefined,
  ): Eventually<Outcome> {
    if (this.#readOnly) return IOERR;
    if (act === undefined) return UNSUPP;
    const length = request.readableLength - r.HEADER_SIZE;
    const count = length / r.SEGMENT_SIZE;
    if (!Number.isInteger(count) || count < 1 || count > RANGE_SEGMENTS) return IOERR;
    const bytes = request.read(r.HEADER_SIZE, length);
    const fields = new DataView(bytes.buffer, bytes.byteOffset, length);
    const ranges: (Range & { readonly unmap: boolean })[] = [];
    for (let at = 0; at < length; at += r.SEGMENT_SIZE) {
      const flags = fields.getUint32(at + 12, true);
      if ((flags & ~allowedFlags) !== 0) return UNSUPP;
      const sectors = fields.getUint32(at + 8, true);
      const sector = fields.getUint32(at, true) + fields.getUint32(at + 4, true) * 2 ** 32;
      const range = sectors > RANGE_SECTORS ? undefined : this.#range(sector, sectors * SECTOR_SIZE);
      if (range === undefined) return IOERR;
      ranges.push({ ...range, unmap: flags === r.SEGMENT_UNMAP });
    }
    let result: Eventually<BlockResult>;
    for (const { offset, length: bytesOf, unmap } of ranges) {
      const previous: Eventually<BlockResult> = result;
      result =
        previous instanceof Promise
          ? previous.then((fault) => fault ?? act(offset, bytesOf, unmap))
          : act(offset, bytesOf, unmap);
      if (typeof result === 'string') break;
    }
    return this.#through(result);
  }

  /** Flushes behind a write when the driver does not do it, or asked for write-through (section 5.2.6.2). */
  #through(written: Eventually<BlockResult>): Eventually<Outcome> {
    if (this.#flushes && this.config.writeback) return then(written, OK);
    if (written instanceof Promise)
      return then(
        written.then((fault) => fault ?? this.#backend.flush()),
        OK,
      );
    return written === undefined ? then(this.#backend.flush(), OK) : then(written, OK);
  }

  #range(sector: number, length: number): Range | undefined {
    // The largest sector number is not exact as a double, and too large all the same.
    const offset = sector * SECTOR_SIZE;
    return length % SECTOR_SIZE === 0 && offset + length <= this.#backend.capacity ? { offset, length } : undefined;
  }
}

/** Bytes of data that a request moves, whichever way. */
const transferLength = ({ readableLength, writableLength }: VirtioRequest): number =>
  Math.max(0, readableLength - r.HEADER_SIZE, writableLength - 1);

/** `outcome` once the backend succeeded; `act` first. */
const then = (result: Eventually<BlockResult>, outcome: Outcome, act?: () => void): Eventually<Outcome> => {
  if (result instanceof Promise) return result.then((settled) => then(settled, outcome, act));
  if (result !== undefined) return result === 'unsupported' ? UNSUPP : IOERR;
  act?.();
  return outcome;
};

const STATUS_BYTES = [0, 1, 2].map((status) => Uint8Array.of(status));

/** The status is the last byte that the driver gave (section 5.2.6). */
const finish = (queue: VirtioQueue, request: VirtioRequest, { status, written }: Outcome): void => {
  request.write(request.writableLength - 1, STATUS_BYTES[status] ?? Uint8Array.of(status));
  // Bytes between short data and the status are not written, so the length says what is, unless all of it is.
  queue.complete(request, written === request.writableLength - 1 ? request.writableLength : Math.max(written, 0) + 1);
};
