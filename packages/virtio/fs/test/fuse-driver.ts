import type { FsBackend, FsErrno } from '@vivarium/contracts';
import { bytesToName, ERRNO, MemoryFiles, nameToBytes } from '@vivarium/fs-backend';
import { type FakeVirtioQueueOptions, fakeVirtioQueue } from '@vivarium/testkit';
import { VirtioFs, type VirtioFsParts } from '../src/index.ts';
import { OPCODE } from '../src/fuse-table.ts';

/** A little-endian field, a name with its NUL, or bytes as they are. */
export type Field =
  | { readonly u16: number }
  | { readonly u32: number }
  | { readonly u64: number | bigint }
  | string
  | Uint8Array;

export const u32 = (value: number): Field => ({ u32: value });
export const u64 = (value: number | bigint): Field => ({ u64: value });

export const bytesOf = (fields: readonly Field[]): Uint8Array => {
  const parts = fields.map((field) => {
    if (typeof field === 'string') return nameToBytes(`${field}\0`);
    if (field instanceof Uint8Array) return field;
    const part = new DataView(new ArrayBuffer('u16' in field ? 2 : 'u32' in field ? 4 : 8));
    if ('u16' in field) part.setUint16(0, field.u16, true);
    else if ('u32' in field) part.setUint32(0, field.u32, true);
    else part.setBigUint64(0, BigInt.asUintN(64, BigInt(field.u64)), true);
    return new Uint8Array(part.buffer);
  });
  return Uint8Array.from(parts.flatMap((part) => [...part]));
};

/** What the device answered. */
export interface Answer {
  /** Undefined when it succeeded. */
  readonly error: FsErrno | undefined;
  readonly data: DataView;
  readonly unique: bigint;
  /** Bytes that the device says it wrote. */
  readonly written: number;
}

const NAMES = new Map(Object.entries(ERRNO).map(([name, number]) => [number, name as FsErrno]));
const ROOM = 8192;

export interface DriverOptions {
  readonly backend?: FsBackend;
  readonly parts?: Partial<VirtioFsParts>;
  readonly queue?: FakeVirtioQueueOptions;
}

export const memory = (): MemoryFiles =>
  new MemoryFiles({ capacity: 16 * 1024 * 1024, inodes: 4096, handles: 256, now: () => 1_700_000_000_123_456_789n });

/** The guest's side of the protocol: what Linux sends, and whatever else. */
export class FuseDriver {
  readonly backend: FsBackend;
  readonly device: VirtioFs;
  readonly priority;
  readonly queue;
  uid = 0;
  gid = 0;
  #unique = 2n;

  constructor({ backend = memory(), parts = {}, queue = {} }: DriverOptions = {}) {
    this.backend = backend;
    this.device = new VirtioFs({
      backend,
      ...{ tag: 'share', cache: 'auto', writeback: false, locks: false, queues: 1, queueSize: 1024 },
      ...parts,
    });
    this.priority = fakeVirtioQueue({ index: 0, size: 16, ...queue });
    this.queue = fakeVirtioQueue({ index: 1, size: 16, ...queue });
    this.start();
  }

  start(): void {
    this.device.reset();
    this.device.activate(0n, [this.priority, this.queue]);
  }

  /** A message with its header. */
  message(
    opcode: number,
    node: number | bigint,
    fields: readonly Field[] = [],
    unique = (this.#unique +=
      2n),
  ): Uint8Array {
    const body = bytesOf(fields);
    const head = bytesOf([
      u32(40 + body.length),
      u32(opcode),
      u64(unique),
      u64(node),
      u32(this.uid),
      u32(this.gid),
      u32(77),
      u32(0),
    ]);
    return Uint8Array.from([...head, ...body]);
  }

  /** Submits and gives the request, which may still be in flight. */
  submit(message: Uint8Array, room = ROOM, index = 1) {
    const queue = index === 0 ? this.priority : this.queue;
    const request = queue.submit(message, room);
    this.device.notified(index);
    return request;
  }

  raw(message: Uint8Array, room = ROOM, index = 1): Answer {
    return answerOf(this.submit(message, room, index));
  }

  call(opcode: number, node: number | bigint, fields: readonly Field[] = [], room = ROOM): Answer {
    return this.raw(this.message(opcode, node, fields), room);
  }

  /** INIT as Linux 6.12 sends it. */
  initialize(flags = 0x73ff_fffb, minor = 41): Answer {
    return this.call(OPCODE.INIT, 0, [u32(7), u32(minor), u32(131_072), u32(flags), u32(0xff), new Uint8Array(44)]);
  }
}

export const answerOf = (request: ReturnType<FuseDriver['submit']>): Answer => {
  const { answer, written } = request;
  if (written === undefined) throw new Error('the request is still in flight');
  if (written === 0) return { error: undefined, data: new DataView(new ArrayBuffer(0)), unique: 0n, written };
  const head = new DataView(answer.buffer);
  if (head.getUint32(0, true) !== written)
    throw new Error(`a header of ${head.getUint32(0, true)} bytes, ${written} written`);
  const number = -head.getInt32(4, true);
  const error = number === 0 ? undefined : NAMES.get(number);
  if (number !== 0 && (error === undefined || written !== 16)) throw new Error(`a strange error ${number}`);
  return { error, data: new DataView(answer.buffer, 16), unique: head.getBigUint64(8, true), written };
};

/** struct fuse_attr */
export const attributesAt = (data: DataView, at: number) => ({
  ino: data.getBigUint64(at, true),
  size: Number(data.getBigUint64(at + 8, true)),
  blocks: Number(data.getBigUint64(at + 16, true)),
  atime: data.getBigInt64(at + 24, true),
  mtime: data.getBigInt64(at + 32, true),
  ctime: data.getBigInt64(at + 40, true),
  atimensec: data.getUint32(at + 48, true),
  mtimensec: data.getUint32(at + 52, true),
  ctimensec: data.getUint32(at + 56, true),
  mode: data.getUint32(at + 60, true),
  nlink: data.getUint32(at + 64, true),
  uid: data.getUint32(at + 68, true),
  gid: data.getUint32(at + 72, true),
  rdev: data.getUint32(at + 76, true),
  blksize: data.getUint32(at + 80, true),
});

/** struct fuse_entry_out */
export const entryAt = (data: DataView, at = 0) => ({
  nodeid: Number(data.getBigUint64(at, true)),
  generation: data.getBigUint64(at + 8, true),
  entryValid: Number(data.getBigUint64(at + 16, true)),
  attrValid: Number(data.getBigUint64(at + 24, true)),
  attributes: attributesAt(data, at + 40),
});

export const textOf = (data: DataView, at = 0): string =>
  bytesToName(new Uint8Array(data.buffer, data.byteOffset + at, data.byteLength - at));

/** struct fuse_dirent, or with the entry before it. */
export const direntsOf = (data: DataView, plus: boolean) => {
  const found: { name: string; ino: bigint; off: number; type: number; entry?: ReturnType<typeof entryAt> }[] = [];
  for (let at = 0; at < data.byteLength; ) {
    const entry = plus ? entryAt(data, at) : undefined;
    if (plus) at += 128;
    const length = data.getUint32(at + 16, true);
    found.push({
      ino: data.getBigUint64(at, true),
      off: Number(data.getBigUint64(at + 8, true)),
      type: data.getUint32(at + 20, true),
      name: bytesToName(new Uint8Array(data.buffer, data.byteOffset + at + 24, length)),
      ...(entry === undefined ? {} : { entry }),
    });
    at += Math.ceil((24 + length) / 8) * 8;
  }
  return found;
};
