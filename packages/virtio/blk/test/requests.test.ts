import type { BlockBackend, BlockResult } from '@vivarium/contracts';
import { type FakeVirtioQueueOptions, fakeVirtioQueue } from '@vivarium/testkit';
import { describe, expect, it } from 'vitest';
import { VirtioBlk } from '../src/index.ts';
import * as r from '../src/registers.ts';

const SECTORS = 64;
const CAPACITY = SECTORS * 512;
const TOP = 2n ** 64n;

/** A disk in memory that notes what it is asked for, and answers as it is told. */
class Disk implements BlockBackend {
  readonly capacity = CAPACITY;
  readonly readOnly: boolean;
  readonly deferred: boolean;
  readonly bytes = Uint8Array.from({ length: CAPACITY }, (_, at) => (at * 7) >> 3);
  readonly asked: string[] = [];
  answer: () => BlockResult | Promise<BlockResult> = () => undefined;

  constructor({ readOnly = false, deferred = false } = {}) {
    this.readOnly = readOnly;
    this.deferred = deferred;
  }

  #does(what: string, act: () => void): BlockResult | Promise<BlockResult> {
    this.asked.push(what);
    const answer = this.answer();
    if (answer === undefined) act();
    return answer;
  }

  read(offset: number, into: readonly Uint8Array[]) {
    return this.#does(`read ${offset} ${lengthOf(into)}`, () => {
      let at = offset;
      for (const piece of into) {
        piece.set(this.bytes.subarray(at, at + piece.length));
        at += piece.length;
      }
    });
  }

  write(offset: number, from: readonly Uint8Array[]) {
    return this.#does(`write ${offset} ${lengthOf(from)}`, () => {
      let at = offset;
      for (const piece of from) {
        this.bytes.set(piece, at);
        at += piece.length;
      }
    });
  }

  flush() {
    return this.#does('flush', () => {});
  }

  discard(offset: number, length: number) {
    return this.#does(`discard ${offset} ${length}`, () => {});
  }

  writeZeroes(offset: number, length: number, mayUnmap: boolean) {
    return this.#does(`zeroes ${offset} ${length} ${mayUnmap}`, () => void this.bytes.fill(0, offset, offset + length));
  }
}

const lengthOf = (pieces: readonly Uint8Array[]): number => pieces.reduce((sum, { length }) => sum + length, 0);

const header = (type: number, sector: number | bigint = 0): Uint8Array => {
  const bytes = new DataView(new ArrayBuffer(r.HEADER_SIZE));
  bytes.setUint32(0, type, true);
  bytes.setBigUint64(8, BigInt(sector), true);
  return new Uint8Array(bytes.buffer);
};

const join = (...parts: readonly Uint8Array[]): Uint8Array => Uint8Array.from(parts.flatMap((part) => [...part]));

/** A driver of one queue. */
const bench = (disk = new Disk(), options: FakeVirtioQueueOptions & { readonly readOnly?: boolean } = {}) => {
  const { readOnly = false, ...queueOptions } = options;
  const device = new VirtioBlk({ backend: disk, readOnly, serial: 'serial-of-20-bytes!!', queues: 1, queueSize: 128 });
  const queue = fakeVirtioQueue(queueOptions);
  const start = () => device.activate(device.features, [queue]);
  start();
  const submit = (readable: Uint8Array, writable: number) => {
    const request = queue.submit(readable, writable);
    device.notified(0);
    return request;
  };
  return {
    disk,
    device,
    queue,
    start,
    submit,
    /** The status of a request that has room for it alone. */
    status: (readable: Uint8Array) => submit(readable, 1).answer[0],
    /** A request and its last byte, wherever the device says that its answer ends. */
    read: (sector: number | bigint, length: number) => {
      const request = queue.submit(header(r.VIRTIO_BLK_T_IN, sector), length + 1);
      const [whole] = [...request.writable()];
      device.notified(0);
      return { request, status: whole?.at(-1) };
    },
  };
};

const OK = r.VIRTIO_BLK_S_OK;
const IOERR = r.VIRTIO_BLK_S_IOERR;
const UNSUPP = r.VIRTIO_BLK_S_UNSUPP;

describe('a request', () => {
  it('G1 G10 with a header alone, or without room for a status, comes back empty and changes nothing', () => {
    const { disk, submit } = bench();
    const data = new Uint8Array(512).fill(1);
    for (const type of [0, 1, 4, 8, 11, 13, 99]) {
      expect(submit(header(type), 0).written).toBe(0);
      expect(submit(join(header(type), data), 0).written).toBe(0);
    }
    expect(disk.asked).toEqual([]);
  });

  it('G2 with less than a header is an error', () => {
    const { disk, status } = bench();
    for (let length = 0; length < r.HEADER_SIZE; length++) expect(status(header(1).subarray(0, length))).toBe(IOERR);
    expect(disk.asked).toEqual([]);
  });

  it.each([1, 2, 3, 5, 15, 17])('G3 G26 cut into pieces of %d bytes is the same request', (piece) => {
    const { disk, submit, read } = bench(new Disk(), { piece });
    const data = Uint8Array.from({ length: 1024 }, (_, at) => at >> 2);
    expect([...submit(join(header(r.VIRTIO_BLK_T_OUT, 3), data), 1).answer]).toEqual([OK]);
    expect(disk.bytes.subarray(1536, 2560)).toEqual(data);
    expect(read(3, 1024).request.answer.subarray(0, 1024)).toEqual(data);
  });

  it.each([1, 511, 513, 1000])('G4 of %d bytes, which are no sectors, is an error', (length) => {
    const { disk, status, read } = bench();
    expect(status(join(header(r.VIRTIO_BLK_T_OUT), new Uint8Array(length)))).toBe(IOERR);
    expect(read(0, length).status).toBe(IOERR);
    expect(disk.asked).toEqual([]);
  });

  it.each([TOP - 1n, TOP / 512n, TOP / 512n - 1n, TOP / 2n, 2n ** 53n, 2n ** 53n / 512n, 2n ** 32n])(
    'G5 at sector %d, whose end is no number of 64 bits or far away, is an error',
    (sector) => {
      const { disk, status, read } = bench();
      expect(status(join(header(r.VIRTIO_BLK_T_OUT, sector), new Uint8Array(512)))).toBe(IOERR);
      expect(read(sector, 512).status).toBe(IOERR);
      expect(disk.asked).toEqual([]);
    },
  );

  it('G6 that ends at the capacity is served, and one that goes past it is not', () => {
    const { disk, status, read } = bench();
    expect(read(SECTORS - 1, 512).status).toBe(OK);
    expect(status(join(header(r.VIRTIO_BLK_T_OUT, SECTORS - 2), new Uint8Array(1024)))).toBe(OK);
    expect(read(0, CAPACITY).status).toBe(OK);
    const served = disk.asked.length;
    for (const [sector, length] of [
      [SECTORS, 512],
      [SECTORS - 1, 1024],
      [SECTORS + 1, 512],
      [1, CAPACITY],
    ] as const) {
      expect(read(sector, length).status).toBe(IOERR);
      expect(status(join(header(r.VIRTIO_BLK_T_OUT, sector), new Uint8Array(length)))).toBe(IOERR);
    }
    expect(disk.asked.length).toBe(served);
  });

  it.each([2, 3, 5, 7, 9, 10, 12, 14, 15, 16, 0x100, 0x8000_0000, 0xffff_ffff])(
    'G7 of the type %d, which there is not, is unsupported',
    (type) => {
      const { disk, status } = bench();
      expect(status(header(type))).toBe(UNSUPP);
      expect(status(join(header(type), new Uint8Array(512)))).toBe(UNSUPP);
      expect(disk.asked).toEqual([]);
    },
  );

  it.each([
    ['the device', new Disk(), true],
    ['the disk', new Disk({ readOnly: true }), false],
  ])('G8 that changes something fails when %s is read-only', (_who, disk, readOnly) => {
    const { device, status, read } = bench(disk, { readOnly });
    expect(device.features & r.VIRTIO_BLK_F_RO).toBe(r.VIRTIO_BLK_F_RO);
    expect(status(join(header(r.VIRTIO_BLK_T_OUT), new Uint8Array(512)))).toBe(IOERR);
    for (const type of [r.VIRTIO_BLK_T_DISCARD, r.VIRTIO_BLK_T_WRITE_ZEROES])
      expect(status(join(header(type), segment(0, 1)))).toBe(IOERR);
    expect(disk.asked).toEqual([]);
    expect(read(0, 512).status).toBe(OK);
    expect(status(header(r.VIRTIO_BLK_T_FLUSH))).toBe(OK);
  });

  it('G9 for the serial number gets as much of it as there is room for', () => {
    const { submit } = bench();
    for (let room = 0; room < 40; room++) {
      const { answer } = submit(header(r.VIRTIO_BLK_T_GET_ID), room + 1);
      const text = new TextDecoder().decode(answer.subarray(0, Math.min(room, r.ID_LENGTH)));
      expect(text).toBe('serial-of-20-bytes!!'.slice(0, room));
    }
  });
});

const segment = (sector: number | bigint, sectors: number, flags = 0): Uint8Array => {
  const bytes = new DataView(new ArrayBuffer(r.SEGMENT_SIZE));
  bytes.setBigUint64(0, BigInt(sector), true);
  bytes.setUint32(8, sectors, true);
  bytes.setUint32(12, flags, true);
  return new Uint8Array(bytes.buffer);
};

describe('G11 ranges to discard, or to fill with zeroes', () => {
  const { VIRTIO_BLK_T_DISCARD: DISCARD, VIRTIO_BLK_T_WRITE_ZEROES: ZEROES } = r;

  it.each([
    ['no range', [], IOERR],
    ['a part of one', [segment(0, 1).subarray(0, 15)], IOERR],
    ['a part of a second one', [segment(0, 1), segment(0, 1).subarray(0, 1)], IOERR],
    ['more than may be', Array.from({ length: 1000 }, () => segment(0, 1)), IOERR],
    ['past the end', [segment(SECTORS, 1)], IOERR],
    ['across the end', [segment(1, SECTORS)], IOERR],
    ['very far away', [segment(TOP - 1n, 1)], IOERR],
    ['very long', [segment(0, 0xffff_ffff)], IOERR],
    ['a good one and a bad one', [segment(0, 1), segment(SECTORS, 1)], IOERR],
    ['flags that there are not', [segment(0, 1, 2)], UNSUPP],
    ['more flags that there are not', [segment(0, 1, 0x8000_0000)], UNSUPP],
  ])('are refused as a whole: %s', (_what, segments, expected) => {
    for (const type of [DISCARD, ZEROES]) {
      const { disk, status } = bench();
      expect(status(join(header(type), ...segments))).toBe(expected);
      expect(disk.asked).toEqual([]);
    }
  });

  it('may say that the space can go, when they are filled with zeroes and not when they are discarded', () => {
    const { disk, status } = bench();
    expect(status(join(header(DISCARD), segment(0, 1, r.SEGMENT_UNMAP)))).toBe(UNSUPP);
    expect(status(join(header(ZEROES), segment(2, 1, r.SEGMENT_UNMAP), segment(4, 2)))).toBe(OK);
    expect(status(join(header(DISCARD), segment(0, 3)))).toBe(OK);
    expect(disk.asked.filter((what) => what !== 'flush')).toEqual([
      'zeroes 1024 512 true',
      'zeroes 2048 1024 false',
      'discard 0 1536',
    ]);
  });

  it('stop at the first that fails', () => {
    const { disk, status } = bench();
    disk.answer = () => (disk.asked.length === 2 ? 'io' : undefined);
    expect(status(join(header(ZEROES), segment(0, 1), segment(1, 1), segment(2, 1)))).toBe(IOERR);
    expect(disk.asked).toEqual(['zeroes 0 512 false', 'zeroes 512 512 false']);
  });
});

describe('G12 a disk', () => {
  it.each([
    ['io', IOERR],
    ['no-space', IOERR],
    ['unsupported', UNSUPP],
  ] as const)('that answers %s makes the request fail, and the next one succeeds', async (fault, expected) => {
    for (const deferred of [false, true]) {
      const { disk, submit, read, queue } = bench(new Disk({ deferred }));
      disk.answer = () => (deferred ? Promise.resolve(fault) : fault);
      const statuses = () => queue.completed.map((request) => request.answer.at(-1));
      submit(join(header(r.VIRTIO_BLK_T_OUT), new Uint8Array(512)), 1);
      submit(header(r.VIRTIO_BLK_T_FLUSH), 1);
      submit(join(header(r.VIRTIO_BLK_T_DISCARD), segment(0, 1)), 1);
      const failed = read(0, 512);
      await turn();
      expect(statuses().slice(0, 3)).toEqual([expected, expected, expected]);
      // A read that failed has its status at its end, and nothing before it that counts.
      expect(failed.request.written).toBe(1);
      disk.answer = () => (deferred ? Promise.resolve(undefined) : undefined);
      submit(header(r.VIRTIO_BLK_T_FLUSH), 1);
      await turn();
      expect(statuses().at(-1)).toBe(OK);
    }
  });

  it('that breaks its contract and rejects makes the request fail', async () => {
    const { disk, submit } = bench(new Disk({ deferred: true }));
    disk.answer = () => Promise.reject(new Error('a bug of the disk'));
    const request = submit(join(header(r.VIRTIO_BLK_T_OUT), new Uint8Array(512)), 1);
    await turn();
    expect(request.answer[0]).toBe(IOERR);
  });

  it('that never answers keeps its requests until a reset, and its answers do not land after it', async () => {
    const { disk, device, queue, start, submit } = bench(new Disk({ deferred: true }));
    const answers: ((result: BlockResult) => void)[] = [];
    disk.answer = () => new Promise((resolve) => answers.push(resolve));
    const requests = [1, 2, 3].map((sector) => submit(header(r.VIRTIO_BLK_T_IN, sector), 513));
    await turn();
    expect([queue.inFlight, queue.completed.length]).toEqual([3, 0]);
    const views = requests.flatMap((request) => request.writable());
    device.reset();
    queue.kill();
    start();
    for (const answer of answers.splice(0)) answer(undefined);
    await turn();
    expect(queue.completed).toEqual([]);
    expect(views.every((view) => view.every((byte) => byte === 0))).toBe(true);
    const good = submit(header(r.VIRTIO_BLK_T_FLUSH), 1);
    for (const answer of answers.splice(0)) answer(undefined);
    await turn();
    expect(good.answer[0]).toBe(OK);
  });
});

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
