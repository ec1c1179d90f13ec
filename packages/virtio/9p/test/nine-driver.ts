import type { FsBackend, FsErrno } from '@vivarium/contracts';
import { bytesToName, ERRNO, MemoryFiles, nameToBytes } from '@vivarium/fs-backend';
import { type FakeVirtioQueueOptions, fakeVirtioQueue } from '@vivarium/testkit';
import { Virtio9p, type Virtio9pParts } from '../src/index.ts';
import { T } from '../src/protocol-table.ts';

/** A little-endian field, a string with its length, or bytes as they are. */
export type Field =
  | { readonly u8: number }
  | { readonly u16: number }
  | { readonly u32: number }
  | { readonly u64: number | bigint }
  | string
  | Uint8Array;

export const u8 = (value: number): Field => ({ u8: value });
export const u16 = (value: number): Field => ({ u16: value });
export const u32 = (value: number): Field => ({ u32: value });
export const u64 = (value: number | bigint): Field => ({ u64: value });

export const bytesOf = (fields: readonly Field[]): Uint8Array => {
  const parts = fields.flatMap((field): readonly Uint8Array[] => {
    if (field instanceof Uint8Array) return [field];
    if (typeof field === 'string') return [Uint8Array.of(field.length & 0xff, field.length >> 8), nameToBytes(field)];
    if ('u8' in field) return [Uint8Array.of(field.u8)];
    const part = new DataView(new ArrayBuffer('u16' in field ? 2 : 'u32' in field ? 4 : 8));
    if ('u16' in field) part.setUint16(0, field.u16, true);
    else if ('u32' in field) part.setUint32(0, field.u32, true);
    else part.setBigUint64(0, BigInt.asUintN(64, BigInt(field.u64)), true);
    return [new Uint8Array(part.buffer)];
  });
  return Uint8Array.from(parts.flatMap((part) => [...part]));
};

/** Reads an answer field by field. */
export class Answer {
  /** Undefined when it succeeded. */
  readonly error: FsErrno | undefined;
  readonly tag: number;
  readonly type: number;
  /** Bytes that the device says it wrote. */
  readonly written: number;
  readonly #bytes: DataView;
  #at = 7;

  constructor(bytes: Uint8Array, written: number) {
    this.written = written;
    this.#bytes = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    if (written === 0) {
      this.error = undefined;
      this.tag = -1;
      this.type = -1;
      return;
    }
    const size = this.#bytes.getUint32(0, true);
    if (size !== written || written < 7) throw new Error(`a message of ${size} bytes, ${written} written`);
    this.type = this.#bytes.getUint8(4);
    this.tag = this.#bytes.getUint16(5, true);
    if (this.type !== 7) return;
    const number = this.u32();
    const found = Object.entries(ERRNO).find(([, known]) => known === number)?.[0];
    if (found === undefined || this.left !== 0) throw new Error(`a strange error ${number}`);
    this.error = found as FsErrno;
  }

  get left(): number {
    return this.#bytes.byteLength - this.#at;
  }

  #next(count: number): number {
    this.#at += count;
    return this.#at - count;
  }

  u8 = (): number => this.#bytes.getUint8(this.#next(1));
  u16 = (): number => this.#bytes.getUint16(this.#next(2), true);
  u32 = (): number => this.#bytes.getUint32(this.#next(4), true);
  big = (): bigint => this.#bytes.getBigUint64(this.#next(8), true);
  u64 = (): number => Number(this.big());
  text = (length: number): string =>
    bytesToName(new Uint8Array(this.#bytes.buffer, this.#bytes.byteOffset + this.#next(length), length));
  name = (): string => this.text(this.u16());
  qid = () => ({ type: this.u8(), version: this.u32(), path: this.big() });
}

export const memory = (): MemoryFiles =>
  new MemoryFiles({ capacity: 16 * 1024 * 1024, inodes: 4096, handles: 256, now: () => 1_700_000_000_123_456_789n });

export const ROOT = 1;
const NOFID = 0xffff_ffff;
const ROOM = 8192;

/** The guest's side of the protocol: what Linux sends, and whatever else. */
export class NineDriver {
  readonly backend: FsBackend;
  readonly device: Virtio9p;
  readonly queue;
  #tag = 0;

  constructor(options: { backend?: FsBackend; parts?: Partial<Virtio9pParts>; queue?: FakeVirtioQueueOptions } = {}) {
    this.backend = options.backend ?? memory();
    this.device = new Virtio9p({
      ...{ backend: this.backend, tag: 'share', msize: 512 * 1024, fids: 1000, queueSize: 128 },
      ...options.parts,
    });
    this.queue = fakeVirtioQueue({ size: 16, ...options.queue });
    this.start();
  }

  start(): void {
    this.device.reset();
    this.device.activate(this.device.features, [this.queue]);
  }

  message(type: number, fields: readonly Field[], tag = (this.#tag = (this.#tag + 1) & 0x7fff)): Uint8Array {
    const body = bytesOf(fields);
    return Uint8Array.from([...bytesOf([u32(7 + body.length), u8(type), u16(tag)]), ...body]);
  }

  submit(message: Uint8Array, room = ROOM) {
    const request = this.queue.submit(message, room);
    this.device.notified();
    return request;
  }

  raw(message: Uint8Array, room = ROOM): Answer {
    const { answer, written } = this.submit(message, room);
    if (written === undefined) throw new Error('the request is still in flight');
    return new Answer(answer, written);
  }

  call(type: number, fields: readonly Field[], room = ROOM): Answer {
    const answer = this.raw(this.message(type, fields), room);
    if (answer.written > 0 && answer.error === undefined && answer.type !== type + 1)
      throw new Error(`an answer of type ${answer.type} to ${type}`);
    return answer;
  }

  version(version = '9P2000.L', msize = 8192): Answer {
    return this.call(T.VERSION, [u32(msize), version]);
  }

  /** A version, and the root as fid 1. */
  mount(uid = 0): this {
    if (this.version().error !== undefined) throw new Error('no version');
    if (this.call(T.ATTACH, [u32(ROOT), u32(NOFID), 'user', '', u32(uid)]).error !== undefined)
      throw new Error('no attach');
    return this;
  }

  walk(fid: number, newFid: number, ...names: readonly string[]): Answer {
    return this.call(T.WALK, [u32(fid), u32(newFid), u16(names.length), ...names]);
  }

  clunk(fid: number): Answer {
    return this.call(T.CLUNK, [u32(fid)]);
  }
}
