import { type BlockBackend, type BlockResult, SECTOR_SIZE } from '@vivarium/contracts';
import { describe, expect, it } from 'vitest';
import { type BlockBackendFactory, blockBackendSuite } from '../src/index.ts';

/** A small disk, written to be broken one method at a time. */
class Disk implements BlockBackend {
  bytes: Uint8Array;
  flushed: Uint8Array;
  readOnly = false;
  deferred = false;

  constructor(content: Uint8Array) {
    this.bytes = content;
    this.flushed = content.slice();
  }
  get capacity(): number {
    return this.bytes.length;
  }
  fault(offset: number, length: number): BlockResult {
    const whole = offset % SECTOR_SIZE === 0 && length % SECTOR_SIZE === 0;
    return whole && offset >= 0 && length >= 0 && offset + length <= this.capacity ? undefined : 'io';
  }
  total(pieces: readonly Uint8Array[]): number {
    return pieces.reduce((sum, piece) => sum + piece.length, 0);
  }
  read(offset: number, into: readonly Uint8Array[]): BlockResult | Promise<BlockResult> {
    const fault = this.fault(offset, this.total(into));
    if (fault !== undefined) return fault;
    for (const piece of into) {
      piece.set(this.bytes.subarray(offset, offset + piece.length));
      offset += piece.length;
    }
    return undefined;
  }
  write(offset: number, from: readonly Uint8Array[]): BlockResult | Promise<BlockResult> {
    const fault = this.fault(offset, this.total(from));
    if (fault !== undefined) return fault;
    if (this.readOnly) return 'unsupported';
    for (const piece of from) {
      this.bytes.set(piece, offset);
      offset += piece.length;
    }
    return undefined;
  }
  flush(): BlockResult {
    this.flushed = this.bytes.slice();
    return undefined;
  }
  discard(offset: number, length: number): BlockResult {
    const fault = this.fault(offset, length);
    if (fault !== undefined) return fault;
    if (this.readOnly) return 'unsupported';
    this.bytes.fill(0xdd, offset, offset + length);
    return undefined;
  }
  writeZeroes(offset: number, length: number, _mayUnmap: boolean): BlockResult {
    const fault = this.fault(offset, length);
    if (fault !== undefined) return fault;
    if (this.readOnly) return 'unsupported';
    this.bytes.fill(0, offset, offset + length);
    return undefined;
  }
}

const failing = async (make: BlockBackendFactory): Promise<string[]> => {
  const failed: string[] = [];
  for (const { id, run } of blockBackendSuite(make)) {
    await run().catch((error: unknown) => {
      expect(error).toMatchObject({ code: 'VIV_TESTKIT_FAILED' });
      failed.push(id.replace('block-backend/', ''));
    });
  }
  return failed;
};

const disk =
  (change: (disk: Disk) => Partial<Disk> | undefined): BlockBackendFactory =>
  (content) => {
    const backend = new Disk(content);
    Object.assign(backend, change(backend));
    return { backend, reopen: () => new Disk(backend.flushed) };
  };

describe('blockBackendSuite', () => {
  it('passes a backend that keeps the contract: at once, later, read-only, and with no more than it must have', async () => {
    expect(await failing(disk(() => undefined))).toEqual([]);
    expect(await failing(disk(() => ({ readOnly: true })))).toEqual([]);
    const bare = disk(() => ({ discard: undefined, writeZeroes: undefined }) as never);
    expect(await failing(bare)).toEqual([]);
    const later = disk((self) => {
      const { read, write } = self;
      return {
        deferred: true,
        read: (offset, into) => Promise.resolve().then(() => read.call(self, offset, into)),
        write: (offset, from) => Promise.resolve().then(() => write.call(self, offset, from)),
      };
    });
    expect(await failing(later)).toEqual([]);
  });

  it.each<[string, string[], (disk: Disk) => Partial<Disk> | undefined]>([
    [
      'says another capacity',
      ['content'],
      (self) => ({ total: self.total, bytes: new Uint8Array(self.capacity + 512) }),
    ],
    [
      'defers what it says it does at once',
      ['content'],
      (self) => ({ read: (...args) => Promise.resolve(Disk.prototype.read.apply(self, args)) }),
    ],
    ['rejects', ['content'], () => ({ deferred: true, read: () => Promise.reject(new Error('gone')) })],
    [
      'throws for a bad range',
      ['bounds'],
      () => ({
        fault: (offset, length) => {
          if (offset < 0 || !(offset + length <= 1e6)) throw new RangeError('offset');
          return undefined;
        },
      }),
    ],
    [
      'takes requests that are not whole sectors',
      ['bounds'],
      (self) => ({ fault: (offset, length) => (offset >= 0 && offset + length <= self.capacity ? undefined : 'io') }),
    ],
    [
      'takes requests that end outside',
      ['bounds', 'empty'],
      (self) => ({
        fault: (offset) => (offset >= 0 && offset <= self.capacity && offset % 512 === 0 ? undefined : 'io'),
      }),
    ],
    [
      'reads what is there before it refuses',
      ['bounds'],
      (self) => ({
        read: (offset, into) => {
          const length = self.total(into);
          if (offset < self.capacity && offset + length > self.capacity && offset >= 0) into[0]?.fill(0);
          return Disk.prototype.read.call(self, offset, into);
        },
      }),
    ],
    [
      'fills the first buffer only',
      ['scatter', 'in-flight'],
      (self) => ({
        read: (offset, into) => {
          const fault = self.fault(offset, self.total(into));
          if (fault === undefined) into[0]?.set(self.bytes.subarray(offset, offset + into[0].length));
          return fault;
        },
      }),
    ],
    [
      'stores the first buffer only',
      ['write'],
      (self) => ({
        write: (offset, from) => {
          const fault = self.fault(offset, self.total(from));
          if (fault === undefined && from[0] !== undefined) self.bytes.set(from[0], offset);
          return fault;
        },
      }),
    ],
    [
      'has one buffer for all reads in flight',
      ['in-flight'],
      (self) => {
        let latest: readonly Uint8Array[] = [];
        return {
          deferred: true,
          read: async (offset, into) => {
            latest = into;
            await Promise.resolve();
            return Disk.prototype.read.call(self, offset, latest.length === into.length ? latest : into);
          },
        };
      },
    ],
    [
      'takes writes though it is read-only',
      ['read-only'],
      (self) => ({ readOnly: true, write: (offset, from) => (self.bytes.set(from[0] ?? [], offset), undefined) }),
    ],
    [
      'zeroes when told to only if it may unmap',
      ['zeroes', 'model'],
      (self) => ({
        writeZeroes: (offset, length, mayUnmap) =>
          mayUnmap ? Disk.prototype.writeZeroes.call(self, offset, length, true) : self.fault(offset, length),
      }),
    ],
    [
      'discards more than it is told to',
      ['model'],
      (self) => ({
        discard: (offset, length) => {
          self.bytes.fill(0xdd, offset, offset + length + 512);
          return self.fault(offset, length);
        },
      }),
    ],
    ['loses what was flushed', ['survives'], () => ({ flush: () => undefined })],
    ['answers with something else', ['write'], () => ({ flush: () => null as never })],
  ])('fails a backend that %s', async (_what, expected, change) => {
    const failed = await failing(disk(change));
    for (const id of expected) expect(failed).toContain(id);
  });
});
