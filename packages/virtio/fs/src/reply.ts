// Hot: the answers to every request.
import type { FsAttributes, FsErrno } from '@vivarium/contracts';
import { ERRNO } from '@vivarium/fs-backend';
import type { Call } from './call.ts';
import { SIZE } from './fuse-table.ts';

/** An answer under construction: room for the header, then what the opcode answers with. */
export class Reply {
  readonly bytes: Uint8Array;
  readonly #fields: DataView;
  #at: number = SIZE.out_header;

  /** @param room bytes behind the header */
  constructor(room: number) {
    this.bytes = new Uint8Array(SIZE.out_header + room);
    this.#fields = new DataView(this.bytes.buffer);
  }

  /** Bytes so far, header included. */
  get length(): number {
    return this.#at;
  }

  /** Bytes that there is still room for. */
  get room(): number {
    return this.bytes.length - this.#at;
  }

  u32(value: number): this {
    this.#fields.setUint32(this.#at, value, true);
    this.#at += 4;
    return this;
  }

  u16(value: number): this {
    this.#fields.setUint16(this.#at, value, true);
    this.#at += 2;
    return this;
  }

  u64(value: number): this {
    return this.u32(value % 2 ** 32).u32(Math.floor(value / 2 ** 32));
  }

  big(value: bigint): this {
    this.#fields.setBigUint64(this.#at, BigInt.asUintN(64, value), true);
    this.#at += 8;
    return this;
  }

  raw(bytes: Uint8Array): this {
    this.bytes.set(bytes, this.#at);
    return this.skip(bytes.length);
  }

  /** Zeroes. */
  skip(count: number): this {
    this.#at += count;
    return this;
  }

  /** Back to a length that was there before; what comes next overwrites the rest. */
  rewind(length: number): void {
    this.bytes.fill(0, length, this.#at);
    this.#at = length;
  }

  /** struct fuse_attr */
  attributes(attributes: FsAttributes): this {
    const [accessed, modified, changed] = [attributes.accessed, attributes.modified, attributes.changed].map(split);
    this.big(attributes.inode).u64(attributes.size).u64(attributes.blocks);
    for (const time of [accessed, modified, changed]) this.big(time?.[0] ?? 0n);
    for (const time of [accessed, modified, changed]) this.u32(time?.[1] ?? 0);
    return this.u32(attributes.mode)
      .u32(attributes.links)
      .u32(attributes.uid)
      .u32(attributes.gid)
      .u32(attributes.rdev)
      .u32(attributes.blockSize)
      .skip(4);
  }

  /** Fills in the header and hands the answer to the driver. Returns how much of it had room: all or nothing. */
  send({ request, unique }: Call): number {
    if (request.writableLength < this.#at) return 0;
    this.#head(unique, 0);
    return request.write(0, this.bytes.subarray(0, this.#at));
  }

  /** As `send`, for an answer whose data (`length` bytes behind the header) is already in place. */
  sendHeader({ request, unique }: Call, length: number): number {
    this.#head(unique, 0, SIZE.out_header + length);
    return request.write(0, this.bytes) + length;
  }

  sendError({ request, unique }: Call, errno: FsErrno): number {
    if (request.writableLength < SIZE.out_header) return 0;
    this.#head(unique, -ERRNO[errno]);
    return request.write(0, this.bytes);
  }

  /** struct fuse_out_header */
  #head([low, high]: Call['unique'], error: number, length = this.#at): void {
    this.#fields.setUint32(0, length, true);
    this.#fields.setInt32(4, error, true);
    this.#fields.setUint32(8, low, true);
    this.#fields.setUint32(12, high, true);
  }
}

const SECOND = 1_000_000_000n;

/** Seconds, possibly before 1970, and the nanoseconds after them. */
const split = (time: bigint): readonly [bigint, number] => {
  const nanoseconds = time % SECOND;
  const rest = nanoseconds < 0n ? nanoseconds + SECOND : nanoseconds;
  return [(time - rest) / SECOND, Number(rest)];
};

export const joinTime = (seconds: bigint, nanoseconds: number): bigint =>
  BigInt.asIntN(64, seconds) * SECOND + BigInt(nanoseconds);
