import { type BlockBackend, type BlockResult, SECTOR_SIZE } from '@vivarium/contracts';
import { type ConformanceCase, expectThat, neverThrows } from './conformance.ts';
import { type Random, seededRandom } from './random.ts';

/** A backend that holds what it was made with. */
export interface BlockBackendSubject {
  readonly backend: BlockBackend;
  /**
   * The medium as a process finds it that was started after this one died without a word. Without it, the case
   * about what survives passes at once.
   */
  reopen?(): BlockBackend | Promise<BlockBackend>;
  dispose?(): void | Promise<void>;
}

/** Makes a backend of `content.length` bytes that holds `content`, which may be empty. */
export type BlockBackendFactory = (content: Uint8Array) => BlockBackendSubject | Promise<BlockBackendSubject>;

const KIBIBYTE = 1024;
const FAULTS: readonly unknown[] = ['io', 'no-space', 'unsupported', undefined];

/** Bytes of which no two sectors are alike. */
const pattern = (length: number, seed: number): Uint8Array => {
  const random = seededRandom(seed);
  const bytes = new Uint8Array(length);
  for (let index = 0; index < length; index++) bytes[index] = random(256);
  return bytes;
};

/** `length` bytes in pieces of odd sizes, some of them empty. */
const pieces = (length: number, random: Random): Uint8Array[] => {
  const cut: Uint8Array[] = [];
  for (let left = length; left > 0; ) {
    const size = Math.min(left, random(3) === 0 ? random(20) : random(5000));
    cut.push(new Uint8Array(size));
    left -= size;
  }
  return cut;
};

const fillPieces = (into: readonly Uint8Array[], bytes: Uint8Array): void => {
  let done = 0;
  for (const piece of into) {
    piece.set(bytes.subarray(done, done + piece.length));
    done += piece.length;
  }
};

const joined = (from: readonly Uint8Array[]): Uint8Array => {
  const bytes = new Uint8Array(from.reduce((sum, { length }) => sum + length, 0));
  let done = 0;
  for (const piece of from) {
    bytes.set(piece, done);
    done += piece.length;
  }
  return bytes;
};

const firstDifference = (left: Uint8Array, right: Uint8Array): number => {
  const length = Math.max(left.length, right.length);
  for (let index = 0; index < length; index++) if (left[index] !== right[index]) return index;
  return -1;
};

/** A backend whose answers are checked against what the contract allows. */
class Disk {
  readonly backend: BlockBackend;

  constructor(backend: BlockBackend) {
    this.backend = backend;
  }

  async answer(what: string, act: () => BlockResult | Promise<BlockResult>): Promise<BlockResult> {
    const given = neverThrows(what, act);
    const deferred = given instanceof Promise;
    expectThat(!deferred || this.backend.deferred, `${what} must be finished when it returns, as deferred is false`);
    let result: BlockResult;
    try {
      result = await given;
    } catch (error) {
      expectThat(false, `${what} must not reject, and rejects with ${String(error)}`);
    }
    expectThat(FAULTS.includes(result), `${what} must answer undefined or a fault, and answers ${String(result)}`);
    return result;
  }

  read(offset: number, into: readonly Uint8Array[]): Promise<BlockResult> {
    return this.answer(`read at ${offset}`, () => this.backend.read(offset, into));
  }

  write(offset: number, from: readonly Uint8Array[]): Promise<BlockResult> {
    return this.answer(`write at ${offset}`, () => this.backend.write(offset, from));
  }

  flush(): Promise<BlockResult> {
    return this.answer('flush', () => this.backend.flush());
  }

  async succeed(what: string, act: () => Promise<BlockResult>): Promise<void> {
    const result = await act();
    expectThat(result === undefined, `${what} must succeed, and is ${String(result)}`);
  }

  /** `known`: sectors whose content the model knows; all of them without it. */
  async holds(content: Uint8Array, when: string, known?: Uint8Array): Promise<void> {
    const found = new Uint8Array(content.length);
    await this.succeed(`reading everything ${when}`, () => this.read(0, [found]));
    known?.forEach((isKnown, sector) => {
      if (isKnown === 0)
        found.set(content.subarray(sector * SECTOR_SIZE, (sector + 1) * SECTOR_SIZE), sector * SECTOR_SIZE);
    });
    const index = firstDifference(found, content);
    expectThat(index < 0, `${when}, byte ${index} must be ${content[index]}, and is ${found[index]}`, { index });
  }
}

/** Requests outside of a disk of `capacity` bytes, or not of whole sectors: offset and length. */
const badRanges = (capacity: number): readonly (readonly [number, number])[] => [
  [capacity, SECTOR_SIZE],
  [capacity - SECTOR_SIZE, 2 * SECTOR_SIZE],
  [capacity + SECTOR_SIZE, SECTOR_SIZE],
  [-SECTOR_SIZE, SECTOR_SIZE],
  [-SECTOR_SIZE, 2 * SECTOR_SIZE],
  [2 ** 53, SECTOR_SIZE],
  [2 ** 64, SECTOR_SIZE],
  [Number.NaN, SECTOR_SIZE],
  [Number.POSITIVE_INFINITY, SECTOR_SIZE],
  [0, capacity + SECTOR_SIZE],
  [1, SECTOR_SIZE],
  [0.5, SECTOR_SIZE],
  [SECTOR_SIZE - 1, SECTOR_SIZE],
  [0, SECTOR_SIZE - 1],
  [0, 1],
];

/** What every block backend must do. */
export const blockBackendSuite = (make: BlockBackendFactory): readonly ConformanceCase[] => {
  const testCase = (
    id: string,
    title: string,
    content: Uint8Array,
    act: (disk: Disk, content: Uint8Array, subject: BlockBackendSubject) => Promise<void>,
  ): ConformanceCase => ({
    id: `block-backend/${id}`,
    title,
    run: async () => {
      const subject = await make(content.slice());
      try {
        await act(new Disk(subject.backend), content.slice(), subject);
      } finally {
        await subject.dispose?.();
      }
    },
  });

  return [
    testCase(
      'content',
      'says its capacity and reads what it holds',
      pattern(96 * KIBIBYTE, 1),
      async (disk, content) => {
        const { capacity } = disk.backend;
        expectThat(capacity === content.length, `capacity must be ${content.length}, and is ${capacity}`);
        await disk.holds(content, 'at first');
        await disk.succeed('a read of nothing', () => disk.read(0, []));
        await disk.succeed('a read of nothing at the end', () => disk.read(capacity, [new Uint8Array(0)]));
      },
    ),
    testCase('empty', 'works with a capacity of 0', new Uint8Array(0), async (disk) => {
      expectThat(disk.backend.capacity === 0, `capacity must be 0, and is ${disk.backend.capacity}`);
      const result = await disk.read(0, [new Uint8Array(SECTOR_SIZE)]);
      expectThat(result === 'io', `a read of a sector that is not there must be io, and is ${String(result)}`);
      await disk.succeed('a read of nothing', () => disk.read(0, []));
      if (!disk.backend.readOnly) await disk.succeed('flush', () => disk.flush());
    }),
    testCase(
      'bounds',
      'answers io to what is outside or not of whole sectors, and touches nothing',
      pattern(16 * KIBIBYTE, 2),
      async (disk, content) => {
        const { backend } = disk;
        const refused = async (what: string, act: () => BlockResult | Promise<BlockResult>): Promise<void> => {
          const result = await disk.answer(what, act);
          const holds = result === 'io' || (backend.readOnly && result === 'unsupported');
          expectThat(holds, `${what} must be io, and is ${String(result)}`);
        };
        for (const [offset, length] of badRanges(content.length)) {
          const where = `${length} bytes at ${offset}`;
          const into = new Uint8Array(length).fill(0xa5);
          const result = await disk.read(offset, [into]);
          expectThat(result === 'io', `a read of ${where} must be io, and is ${String(result)}`);
          expectThat(
            into.every((byte) => byte === 0xa5),
            `a refused read of ${where} must leave its buffer alone`,
          );
          await refused(`a write of ${where}`, () => backend.write(offset, [into]));
          await refused(`a write of ${where} in two pieces`, () =>
            backend.write(offset, [into.subarray(0, 1), into.subarray(1)]),
          );
        }
        for (const [offset, length] of [...badRanges(content.length), [0, -SECTOR_SIZE], [0, Number.NaN]] as const) {
          const where = `${length} bytes at ${offset}`;
          if (backend.discard !== undefined)
            await refused(`a discard of ${where}`, () => backend.discard?.(offset, length));
          for (const mayUnmap of [false, true]) {
            if (backend.writeZeroes === undefined) continue;
            await refused(`zeroes for ${where}`, () => backend.writeZeroes?.(offset, length, mayUnmap));
          }
        }
        await disk.holds(content, 'after refused requests');
      },
    ),
    testCase(
      'scatter',
      'fills buffers of any size, one after the other',
      pattern(96 * KIBIBYTE, 3),
      async (disk, content) => {
        const random = seededRandom(4);
        for (let count = 0; count < 60; count++) {
          const offset = random(content.length / SECTOR_SIZE) * SECTOR_SIZE;
          const length = (1 + random((content.length - offset) / SECTOR_SIZE)) * SECTOR_SIZE;
          const into = pieces(length, random);
          await disk.succeed(`a read of ${into.length} pieces`, () => disk.read(offset, into));
          const index = firstDifference(joined(into), content.subarray(offset, offset + length));
          expectThat(
            index < 0,
            `byte ${index} of ${length} at ${offset} in ${into.length} pieces is not what is stored`,
          );
        }
      },
    ),
    testCase('in-flight', 'keeps many reads in flight apart', pattern(96 * KIBIBYTE, 5), async (disk, content) => {
      const random = seededRandom(6);
      const requests = Array.from({ length: 40 }, () => {
        const offset = random(content.length / SECTOR_SIZE) * SECTOR_SIZE;
        const length = Math.min(content.length - offset, (1 + random(40)) * SECTOR_SIZE);
        return { offset, into: pieces(length, random) };
      });
      const results = await Promise.all(requests.map(({ offset, into }) => disk.read(offset, into)));
      expectThat(
        results.every((result) => result === undefined),
        'every read in flight must succeed',
      );
      for (const { offset, into } of requests) {
        const bytes = joined(into);
        const index = firstDifference(bytes, content.subarray(offset, offset + bytes.length));
        expectThat(index < 0, `byte ${index} of a read at ${offset}, in flight with others, is not what is stored`);
      }
    }),
    testCase(
      'read-only',
      'refuses every change when it is read-only',
      pattern(8 * KIBIBYTE, 7),
      async (disk, content) => {
        const { backend } = disk;
        if (!backend.readOnly) return;
        const refused = async (what: string, act: () => BlockResult | Promise<BlockResult>): Promise<void> => {
          const result = await disk.answer(what, act);
          expectThat(result === 'unsupported', `${what} must be unsupported, and is ${String(result)}`);
        };
        await refused('a write', () => backend.write(0, [new Uint8Array(SECTOR_SIZE)]));
        if (backend.discard !== undefined) await refused('a discard', () => backend.discard?.(0, SECTOR_SIZE));
        if (backend.writeZeroes !== undefined)
          await refused('zeroes', () => backend.writeZeroes?.(0, SECTOR_SIZE, true));
        await disk.holds(content, 'after refused changes');
      },
    ),
    testCase(
      'write',
      'stores what it is given, and keeps no buffer of it',
      pattern(64 * KIBIBYTE, 8),
      async (disk, content) => {
        if (disk.backend.readOnly) return;
        const random = seededRandom(9);
        for (let count = 0; count < 40; count++) {
          const offset = random(content.length / SECTOR_SIZE) * SECTOR_SIZE;
          const length = Math.min(content.length - offset, (1 + random(60)) * SECTOR_SIZE);
          const bytes = pattern(length, 100 + count);
          const from = pieces(length, random);
          fillPieces(from, bytes);
          await disk.succeed(`a write of ${from.length} pieces`, () => disk.write(offset, from));
          content.set(bytes, offset);
          for (const piece of from) piece.fill(0);
        }
        await disk.holds(content, 'after writes');
        await disk.succeed('a write of nothing', () => disk.write(0, []));
        await disk.succeed('flush', () => disk.flush());
        await disk.holds(content, 'after a flush');
      },
    ),
    testCase(
      'zeroes',
      'stores zeroes, whether it may unmap or not',
      pattern(160 * KIBIBYTE, 10),
      async (disk, content) => {
        const { backend } = disk;
        if (backend.readOnly || backend.writeZeroes === undefined) return;
        const random = seededRandom(11);
        for (let count = 0; count < 30; count++) {
          const offset = random(content.length / SECTOR_SIZE) * SECTOR_SIZE;
          const length = Math.min(content.length - offset, random(200) * SECTOR_SIZE);
          const mayUnmap = random(2) === 1;
          await disk.succeed(`zeroes for ${length} bytes at ${offset}`, () =>
            disk.answer('writeZeroes', () => backend.writeZeroes?.(offset, length, mayUnmap)),
          );
          content.fill(0, offset, offset + length);
          if (count % 3 === 0) await disk.holds(content, 'after zeroes');
          const sector = pattern(SECTOR_SIZE, count);
          const where = random(content.length / SECTOR_SIZE) * SECTOR_SIZE;
          await disk.succeed('a write among zeroes', () => disk.write(where, [sector]));
          content.set(sector, where);
        }
        await disk.holds(content, 'after zeroes and writes');
      },
    ),
    testCase(
      'model',
      'holds what was written last, through writes, zeroes, discards and flushes',
      pattern(256 * KIBIBYTE, 12),
      async (disk, content) => {
        const { backend } = disk;
        if (backend.readOnly) return;
        const random = seededRandom(13);
        const sectors = content.length / SECTOR_SIZE;
        const known = new Uint8Array(sectors).fill(1);
        for (let count = 0; count < 300; count++) {
          const first = random(sectors);
          const number = Math.min(sectors - first, 1 + random(random(4) === 0 ? 300 : 16));
          const offset = first * SECTOR_SIZE;
          const length = number * SECTOR_SIZE;
          const action = random(10);
          if (action === 0 && backend.discard !== undefined) {
            await disk.succeed('a discard', () => disk.answer('discard', () => backend.discard?.(offset, length)));
            known.fill(0, first, first + number);
          } else if (action === 1 && backend.writeZeroes !== undefined) {
            const mayUnmap = random(2) === 1;
            await disk.succeed('zeroes', () =>
              disk.answer('writeZeroes', () => backend.writeZeroes?.(offset, length, mayUnmap)),
            );
            content.fill(0, offset, offset + length);
            known.fill(1, first, first + number);
          } else if (action === 2) {
            await disk.succeed('flush', () => disk.flush());
          } else {
            const bytes = pattern(length, 1000 + count);
            await disk.succeed('a write', () => disk.write(offset, [bytes]));
            content.set(bytes, offset);
            known.fill(1, first, first + number);
          }
          if (count % 30 === 0) await disk.holds(content, `after ${count + 1} requests`, known);
        }
        await disk.holds(content, 'in the end', known);
      },
    ),
    testCase(
      'survives',
      'keeps what was flushed when its process dies',
      pattern(128 * KIBIBYTE, 14),
      async (disk, content, subject) => {
        if (disk.backend.readOnly || subject.reopen === undefined) return;
        for (const [offset, length] of [
          [0, 512],
          [512, 65_536],
          [100 * KIBIBYTE, 4096],
        ] as const) {
          const bytes = pattern(length, offset + 15);
          await disk.succeed('a write', () => disk.write(offset, [bytes]));
          content.set(bytes, offset);
        }
        await disk.succeed('flush', () => disk.flush());
        await new Disk(await subject.reopen()).holds(content, 'after the process died');
      },
    ),
  ];
};
