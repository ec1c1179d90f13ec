// Hot: the answers to every request.
import type { FsAttributes, FsErrno, FsName } from '@vivarium/contracts';
import { ERRNO, isDirectory, isSymbolicLink, nameToBytes } from '@vivarium/fs-backend';
import type { Message } from './message.ts';
import { ERROR_SIZE, HEADER_SIZE, QTDIR, QTSYMLINK, RLERROR } from './protocol-table.ts';

/** An answer under construction. */
export class Reply {
  readonly bytes: Uint8Array;
  readonly #fields: DataView;
  #at = HEADER_SIZE;

  /** @param room bytes behind the header */
  constructor(room = 0) {
    this.bytes = new Uint8Array(HEADER_SIZE + room);
    this.#fields = new DataView(this.bytes.buffer);
  }

  /** Bytes so far, header included. */
  get length(): number {
    return this.#at;
  }

  get room(): number {
    return this.bytes.length - this.#at;
  }

  u8(value: number): this {
    this.#fields.setUint8(this.#at, value);
    this.#at += 1;
    return this;
  }

  u16(value: number): this {
    this.#fields.setUint16(this.#at, value, true);
    this.#at += 2;
    return this;
  }

  u32(value: number): this {
    this.#fields.setUint32(this.#at, value, true);
    this.#at += 4;
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

  name(name: FsName): this {
    return this.u16(name.length).raw(nameToBytes(name));
  }

  raw(bytes: Uint8Array): this {
    this.bytes.set(bytes, this.#at);
    this.#at += bytes.length;
    return this;
  }

  qid(attributes: FsAttributes): this {
    return this.u8(qidType(attributes.mode)).u32(versionOf(attributes)).big(attributes.inode);
  }

  /** Overwrites a number that depends on what came after it. */
  patch(at: number, value: number): this {
    this.#fields.setUint32(at, value, true);
    return this;
  }

  /** Hands the answer to the driver. Returns how much of it had room: all or nothing. */
  send({ request, type, tag }: Message): number {
    if (request.writableLength < this.#at) return 0;
    this.#head(this.#at, type + 1, tag);
    return request.write(0, this.bytes.subarray(0, this.#at));
  }

  /** As `send`, for an answer with `length` more bytes, which are in place already. */
  sendBefore({ request, type, tag }: Message, length: number): number {
    this.#head(this.#at + length, type + 1, tag);
    return request.write(0, this.bytes.subarray(0, this.#at)) + length;
  }

  static error({ request, tag }: Message, errno: FsErrno): number {
    if (request.writableLength < ERROR_SIZE) return 0;
    const reply = new Reply(4).u32(ERRNO[errno]);
    reply.#head(ERROR_SIZE, RLERROR, tag);
    return request.write(0, reply.bytes);
  }

  #head(size: number, type: number, tag: number): void {
    this.#fields.setUint32(0, size, true);
    this.#fields.setUint8(4, type);
    this.#fields.setUint16(5, tag, true);
  }
}

export const qidType = (mode: number): number => (isDirectory(mode) ? QTDIR : isSymbolicLink(mode) ? QTSYMLINK : 0);

/** Changes when the file does. Never 0, by which Linux takes it that there is none, and caches nothing. */
const versionOf = ({ modified, size }: FsAttributes): number => {
  const mixed = Number(BigInt.asUintN(32, modified ^ (modified >> 32n))) ^ Math.imul(size, 0x9e37_79b1);
  return mixed >>> 0 || 1;
};
