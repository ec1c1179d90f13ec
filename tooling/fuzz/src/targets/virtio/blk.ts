import type { BlockBackend, BlockResult } from '@vivarium/contracts';
import { VirtioBlk } from '@vivarium/virtio-blk';
import type { Choices } from '../../engine/choices.ts';
import { must } from '../../engine/target.ts';
import type { DeviceUnderFuzz } from './device.ts';
import { pack } from './fields.ts';
import { turn, virtioTarget } from './virtio-target.ts';

const CAPACITY = 64 * 1024;
const SECTORS = CAPACITY / 512;
/** Request types of section 5.2.6, those that are served first. */
const TYPES = [0, 1, 4, 8, 11, 13, 0, 1, 2, 3, 5, 7, 9, 10, 14, 16, 0x8000_0000, 0xffff_ffff];

/** A disk in memory that fails, or answers later, as it is told, and minds what it is asked for. */
class Disk implements BlockBackend {
  readonly capacity = CAPACITY;
  readonly readOnly: boolean;
  readonly deferred: boolean;
  readonly bytes = new Uint8Array(CAPACITY).fill(0x5a);
  /** What the next requests come to. */
  faults: BlockResult[] = [];
  #waiting: (() => void)[] = [];

  constructor(readOnly: boolean, deferred: boolean) {
    this.readOnly = readOnly;
    this.deferred = deferred;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Answers a request that waits. */
  answer(index: number): void {
    const [resolve] = this.#waiting.splice(index % Math.max(1, this.#waiting.length), 1);
    resolve?.();
  }

  #serve(offset: number, length: number, act: () => void): BlockResult | Promise<BlockResult> {
    const fits = offset >= 0 && length >= 0 && offset + length <= CAPACITY;
    must(fits && offset % 512 === 0 && length % 512 === 0, `a disk must not be asked for ${length} bytes at ${offset}`);
    const fault = this.faults.shift();
    if (fault === undefined) act();
    if (!this.deferred) return fault;
    return new Promise((resolve) => {
      this.#waiting.push(() => resolve(fault));
    });
  }

  readonly #sum = (pieces: readonly Uint8Array[]): number => pieces.reduce((sum, { length }) => sum + length, 0);

  read(offset: number, into: readonly Uint8Array[]) {
    return this.#serve(offset, this.#sum(into), () => {
      let at = offset;
      for (const piece of into) {
        piece.set(this.bytes.subarray(at, at + piece.length));
        at += piece.length;
      }
    });
  }

  write(offset: number, from: readonly Uint8Array[]) {
    must(!this.readOnly, 'a disk that is read-only must not be written');
    return this.#serve(offset, this.#sum(from), () => {
      let at = offset;
      for (const piece of from) {
        this.bytes.set(piece, at);
        at += piece.length;
      }
    });
  }

  flush() {
    return this.#serve(0, 0, () => {});
  }

  discard(offset: number, length: number) {
    must(!this.readOnly, 'a disk that is read-only must not be changed');
    return this.#serve(offset, length, () => {});
  }

  writeZeroes(offset: number, length: number) {
    must(!this.readOnly, 'a disk that is read-only must not be changed');
    return this.#serve(offset, length, () => void this.bytes.fill(0, offset, offset + length));
  }
}

const segments = (choices: Choices): Uint8Array =>
  pack(
    Array.from({ length: 1 + choices.below(4) }, () => [
      [8, choices.wide(BigInt(choices.below(SECTORS + 1)))] as const,
      [4, choices.size()] as const,
      [4, choices.byte() & 3] as const,
    ]).flat(),
  );

const request = (choices: Choices) => {
  const type = choices.pick(TYPES);
  const sector = choices.wide(BigInt(choices.below(SECTORS + 2)));
  const header = pack([
    [4, type],
    [4, 0],
    [8, sector],
  ]);
  const length = choices.rarely(4) ? choices.size(70_000) : 512 * choices.below(20);
  const writes = type === 1 || type === 11 || type === 13;
  const data = type === 11 || type === 13 ? segments(choices) : choices.bytes(writes ? length : 0);
  const readable = pack([header, data]);
  return {
    queue: choices.below(2),
    readable: choices.rarely(10) ? readable.subarray(0, choices.below(40)) : readable,
    writable: choices.rarely(12) ? choices.size(3000) : (writes ? 0 : type === 8 ? 20 : length) + 1,
  };
};

const make = (choices: Choices): DeviceUnderFuzz => {
  const disk = new Disk(choices.rarely(6), choices.rarely(3));
  const device = new VirtioBlk({
    backend: disk,
    readOnly: choices.rarely(8),
    serial: 'fuzz',
    queues: 2,
    queueSize: 16,
  });
  return {
    device,
    deferred: disk.deferred,
    // Of a request that answers at once, whatever the backend does: an unknown one.
    probe: {
      queue: 0,
      readable: [
        pack([
          [4, 0x77],
          [4, 0],
          [8, 0],
        ]),
      ],
      writable: [1],
      answered: (written, length) => length === 1 && written[0] === 2,
    },
    request,
    host: (host) => {
      const act = host.below(4);
      if (act === 0) disk.faults = [host.pick(['io', 'no-space', 'unsupported'] as const)];
      else if (act === 1) disk.faults = Array.from({ length: 8 }, () => host.pick([undefined, 'io'] as const));
      else for (let count = host.below(8); count >= 0; count--) disk.answer(host.byte());
    },
    answered: (_request, answer, _length, see) => {
      const status = answer.at(-1) ?? 0xff;
      see(`status ${status}`);
      must(status <= 2, 'a status must be one of three');
    },
    heal: async () => {
      disk.faults = [];
      while (disk.waiting > 0) {
        disk.answer(0);
        await turn();
      }
    },
    check: () => must(disk.waiting <= 64, 'a disk must not be asked for more than fits into the queues'),
  };
};

export const blk = virtioTarget(['packages/virtio/blk'], make);
