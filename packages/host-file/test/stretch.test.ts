import type { HostFile } from '@vivarium/contracts';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isSectorRange, lengthOf, memoryFile, Stretch } from '../src/index.ts';

const split = (lengths: readonly number[]): Uint8Array[] => lengths.map((length) => new Uint8Array(length).fill(0xee));
const join = (pieces: readonly Uint8Array[]): number[] => pieces.flatMap((piece) => [...piece]);
const counting = (length: number): Uint8Array => Uint8Array.from({ length }, (_, index) => (index % 251) + 1);

/** A file whose platform moves several buffers in one call, and counts the calls. */
const vectored = (bytes: Uint8Array): HostFile & { calls: number } => {
  const file = memoryFile({ bytes });
  const self = {
    calls: 0,
    name: file.name,
    readOnly: false,
    get size() {
      return file.size;
    },
    read: (offset: number, into: Uint8Array) => (self.calls++, file.read(offset, into)),
    write: (offset: number, from: Uint8Array) => (self.calls++, file.write(offset, from)),
    readv: (offset: number, into: readonly Uint8Array[]) => {
      self.calls++;
      let done = 0;
      for (const piece of into) done += file.read(offset + done, piece);
      return done;
    },
    writev: (offset: number, from: readonly Uint8Array[]) => {
      self.calls++;
      let done = offset;
      for (const piece of from) {
        file.write(done, piece);
        done += piece.length;
      }
    },
    sync: () => file.sync(),
    truncate: (size: number) => file.truncate(size),
    close: () => file.close(),
  };
  return self;
};

describe('a stretch of buffers', () => {
  const lengths = fc.array(fc.nat(40), { minLength: 1, maxLength: 8 });
  const shape = fc.record({ lengths, cuts: fc.array(fc.nat(60), { maxLength: 6 }), size: fc.nat(200) });
  const cut = (total: number, cuts: readonly number[]): number[] => {
    const parts: number[] = [];
    let left = total;
    for (const wanted of cuts) {
      const part = Math.min(wanted, left);
      if (part > 0) parts.push(part);
      left -= part;
    }
    if (left > 0) parts.push(left);
    return parts;
  };

  it.each([
    ['moves one buffer a call', (bytes: Uint8Array): HostFile => memoryFile({ bytes })],
    ['moves several', vectored],
  ])('fills its buffers from a file that %s; zeroes follow its end', (_how, make) => {
    fc.assert(
      fc.property(shape, ({ lengths, cuts, size }) => {
        const content = counting(size);
        const file = make(content);
        const pieces = split(lengths);
        const stretch = new Stretch(pieces);
        const total = lengthOf(pieces);
        let offset = 0;
        for (const part of cut(total, cuts)) {
          stretch.readFrom(file, offset, part);
          offset += part;
          expect(stretch.left).toBe(total - offset);
        }
        expect(join(pieces)).toEqual([...content.subarray(0, total), ...new Uint8Array(Math.max(0, total - size))]);
      }),
    );
  });

  it.each([
    ['moves one buffer a call', (): HostFile & { contents?: () => Uint8Array } => memoryFile()],
    ['moves several', () => vectored(new Uint8Array(0))],
  ])('stores its buffers in a file that %s', (_how, make) => {
    fc.assert(
      fc.property(shape, ({ lengths, cuts }) => {
        const file = make();
        const all = counting(lengths.reduce((sum, length) => sum + length, 0));
        let at = 0;
        const pieces = lengths.map((length) => all.slice(at, (at += length)));
        const stretch = new Stretch(pieces);
        let offset = 0;
        for (const part of cut(all.length, cuts)) {
          stretch.writeTo(file, offset, part);
          offset += part;
        }
        const stored = new Uint8Array(all.length);
        expect(file.read(0, stored)).toBe(all.length);
        expect([...stored]).toEqual([...all]);
      }),
    );
  });

  it('copies, puts and zeroes across buffers', () => {
    const pieces = split([3, 0, 2, 4]);
    const stretch = new Stretch(pieces);
    stretch.put(Uint8Array.of(1, 2, 3, 4));
    stretch.zero(2);
    stretch.put(Uint8Array.of(5));
    expect(join(pieces)).toEqual([1, 2, 3, 4, 0, 0, 5, 0xee, 0xee]);
    const copy = new Uint8Array(9);
    new Stretch(pieces).copyTo(copy);
    expect([...copy]).toEqual(join(pieces));
    expect(new Stretch([]).next(5).length).toBe(0);
  });

  it('moves any number of buffers in one call where the file can', () => {
    const file = vectored(counting(100));
    new Stretch(split([1, 2, 3, 4])).readFrom(file, 0, 10);
    new Stretch(split([1, 2, 3, 4])).writeTo(file, 0, 10);
    expect(file.calls).toBe(2);
  });
});

describe('the range of a request', () => {
  it.each([
    [0, 0, 0, true],
    [0, 512, 512, true],
    [512, 512, 1024, true],
    [1024, 0, 1024, true],
    [512, 1024, 1024, false],
    [1024, 512, 1024, false],
    [-512, 512, 1024, false],
    [0, -512, 1024, false],
    [1, 512, 1024, false],
    [0, 511, 1024, false],
    [0.5, 512, 1024, false],
    [Number.NaN, 512, 1024, false],
    [0, Number.NaN, 1024, false],
    [Number.POSITIVE_INFINITY, 512, 1024, false],
    [2 ** 60, 512, 1024, false],
    [0, Number.POSITIVE_INFINITY, 1024, false],
  ])('%d + %d in %d: %s', (offset, length, capacity, holds) => {
    expect(isSectorRange(offset, length, capacity)).toBe(holds);
  });
});
