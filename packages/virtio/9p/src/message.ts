// Hot: every request of a driver goes through here.
import type { FsName, VirtioRequest } from '@vivarium/contracts';
import { bytesToName } from '@vivarium/fs-backend';
import { HEADER_SIZE, T, WRITE_HEADER } from './protocol-table.ts';

/** What is copied at once: most messages whole. */
const FIRST_COPY = 512;

/**
 * One request, copied, so that the driver cannot change it any more; of Twrite all but the data. Reading past the end
 * gives zeroes, and `cut` tells that it was tried.
 */
export class Message {
  readonly request: VirtioRequest;
  /** As the driver says it; not more than the request has. */
  readonly size: number;
  readonly type: number;
  readonly tag: number;
  /** Something was read that the driver did not send. */
  cut = false;
  readonly #bytes: Uint8Array;
  readonly #fields: DataView;
  #at = HEADER_SIZE;

  private constructor(request: VirtioRequest, bytes: Uint8Array, size: number) {
    this.request = request;
    this.#bytes = bytes;
    this.#fields = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.size = size;
    this.type = bytes[4] ?? 0;
    this.tag = this.#fields.getUint16(5, true);
  }

  /** Undefined when there is no whole header, or the size is not that of the request, or beyond `largest`. */
  static of(request: VirtioRequest, largest: number): Message | undefined {
    const first = request.read(0, FIRST_COPY);
    if (first.length < HEADER_SIZE) return undefined;
    const size = new DataView(first.buffer, first.byteOffset).getUint32(0, true);
    if (size < HEADER_SIZE || size > request.readableLength || size > largest) return undefined;
    if (first[4] === T.WRITE) return new Message(request, first.subarray(0, Math.min(size, WRITE_HEADER)), size);
    if (size <= first.length) return new Message(request, first.subarray(0, size), size);
    const whole = request.read(0, size);
    // The header is the one that was checked, whatever the driver wrote over it meanwhile.
    whole.set(first.subarray(0, HEADER_SIZE));
    return new Message(request, whole, size);
  }

  u8(): number {
    const at = this.#skip(1);
    return at === undefined ? 0 : this.#fields.getUint8(at);
  }

  u16(): number {
    const at = this.#skip(2);
    return at === undefined ? 0 : this.#fields.getUint16(at, true);
  }

  u32(): number {
    const at = this.#skip(4);
    return at === undefined ? 0 : this.#fields.getUint32(at, true);
  }

  /** A size, offset or cookie; beyond 2^53 it is not exact, and too large for everything. */
  u64(): number {
    const low = this.u32();
    return low + this.u32() * 2 ** 32;
  }

  big(): bigint {
    const low = BigInt(this.u32());
    return low | (BigInt(this.u32()) << 32n);
  }

  /** A string: its length, then its bytes. */
  name(): FsName {
    const length = this.u16();
    const at = this.#skip(length);
    return at === undefined ? '' : bytesToName(this.#bytes.subarray(at, at + length));
  }

  #skip(count: number): number | undefined {
    const at = this.#at;
    if (at + count > this.#bytes.length) this.cut = true;
    if (this.cut) return undefined;
    this.#at += count;
    return at;
  }
}
