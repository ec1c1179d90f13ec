// Hot: every request of a driver goes through here.
import type { FsCaller, FsName, VirtioRequest } from '@vivarium/contracts';
import { bytesToName } from '@vivarium/fs-backend';
import { OPCODE, SIZE } from './fuse-table.ts';

/** What is copied at once: the header and every fixed structure with a short name. */
const FIRST_COPY = 256;
/** Longest request but for the data of WRITE: an attribute with its value and name. */
const LONGEST = 128 * 1024;

/**
 * One request, its header and arguments copied, so that the driver cannot change them any more. Reading past the end
 * gives zeroes, and `cut` tells that it was tried.
 */
export class Call {
  readonly request: VirtioRequest;
  readonly opcode: number;
  /** Both halves of the number that the answer carries. */
  readonly unique: readonly [low: number, high: number];
  readonly node: number;
  readonly pid: number;
  readonly caller: FsCaller;
  /** Something was read that the driver did not send. */
  cut = false;
  readonly #bytes: Uint8Array;
  readonly #fields: DataView;
  #at: number = SIZE.in_header;

  private constructor(request: VirtioRequest, bytes: Uint8Array, fields: DataView) {
    this.request = request;
    this.#bytes = bytes;
    this.#fields = fields;
    this.opcode = fields.getUint32(4, true);
    this.unique = [fields.getUint32(8, true), fields.getUint32(12, true)];
    this.node = fields.getUint32(16, true) + fields.getUint32(20, true) * 2 ** 32;
    this.caller = { uid: fields.getUint32(24, true), gid: fields.getUint32(28, true) };
    this.pid = fields.getUint32(32, true);
  }

  /** Undefined when there is no whole header, or its length is not that of the request. */
  static of(request: VirtioRequest): Call | undefined {
    const first = request.read(0, FIRST_COPY);
    if (first.length < SIZE.in_header) return undefined;
    const header = new DataView(first.buffer, first.byteOffset, first.length);
    const length = header.getUint32(0, true);
    if (length < SIZE.in_header || length > request.readableLength) return undefined;
    const isWrite = header.getUint32(4, true) === OPCODE.WRITE;
    if (!isWrite && length > LONGEST) return undefined;
    if (isWrite || length <= first.length) return new Call(request, first.subarray(0, length), header);
    const whole = request.read(0, length);
    // The header is the one that was checked, whatever the driver wrote over it meanwhile.
    whole.set(first.subarray(0, SIZE.in_header));
    return new Call(request, whole, new DataView(whole.buffer, whole.byteOffset, whole.length));
  }

  /** Bytes of arguments that were not read yet. */
  get left(): number {
    return this.#bytes.length - this.#at;
  }

  /** Passes over `count` bytes. */
  skip(count: number): void {
    if (this.left < count) this.cut = true;
    this.#at = Math.min(this.#at + count, this.#bytes.length);
  }

  u32(): number {
    const at = this.#at;
    this.skip(4);
    return this.cut ? 0 : this.#fields.getUint32(at, true);
  }

  /** A size, offset, handle or node; beyond 2^53 it is not exact, and too large for everything. */
  u64(): number {
    const low = this.u32();
    return low + this.u32() * 2 ** 32;
  }

  big(): bigint {
    const low = BigInt(this.u32());
    return low | (BigInt(this.u32()) << 32n);
  }

  /** Bytes up to the next NUL. */
  name(): FsName {
    const end = this.#bytes.indexOf(0, this.#at);
    if (end < 0) {
      this.skip(this.left + 1);
      return '';
    }
    const name = bytesToName(this.#bytes.subarray(this.#at, end));
    this.#at = end + 1;
    return name;
  }

  bytes(count: number): Uint8Array {
    const at = this.#at;
    this.skip(count);
    return this.#bytes.subarray(at, this.#at);
  }
}
