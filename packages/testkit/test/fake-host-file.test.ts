import { describe, expect, it } from 'vitest';
import { contentsAfterCrash, fakeHostFile, seededRandom } from '../src/index.ts';

describe('a fake file', () => {
  it('is a file, remembers its changes and fails when it is told to', () => {
    const file = fakeHostFile({ bytes: Uint8Array.of(1, 2, 3) });
    file.write(5, Uint8Array.of(9));
    file.punchHole?.(1, 1);
    file.sync();
    expect([...file.contents()]).toEqual([1, 0, 3, 0, 0, 9]);
    file.truncate(2);
    file.truncate(4);
    expect([...file.contents()]).toEqual([1, 0, 0, 0]);
    const into = new Uint8Array(3).fill(7);
    expect(file.read(2, into)).toBe(2);
    expect([...into]).toEqual([0, 0, 7]);
    expect(file.log.map(({ kind }) => kind)).toEqual(['write', 'punch', 'sync', 'truncate', 'truncate']);
    file.fault = (change) => (change.kind === 'write' ? 'ENOSPC' : undefined);
    expect(() => file.write(0, Uint8Array.of(1))).toThrow(expect.objectContaining({ code: 'ENOSPC' }));
    file.sync();
    expect([...file.contents()]).toEqual([1, 0, 0, 0]);
    file.readFault = () => 'EIO';
    expect(() => file.read(0, into)).toThrow(expect.objectContaining({ code: 'EIO' }));
    file.close();
    expect(() => file.sync()).toThrow(expect.objectContaining({ code: 'EBADF' }));
  });
});

describe('what a power cut leaves', () => {
  const before = new Uint8Array(2048).fill(1);
  const file = fakeHostFile({ bytes: before });
  file.write(0, new Uint8Array(1024).fill(2));
  file.sync();
  file.write(512, new Uint8Array(1024).fill(3));
  file.write(512, new Uint8Array(512).fill(4));
  const sectors = (count: number, seed: number): string => {
    const bytes = contentsAfterCrash(before, file.log, count, seededRandom(seed));
    return [0, 512, 1024, 1536].map((offset) => bytes[offset]).join('');
  };
  const outcomes = (count: number): string[] =>
    [...new Set(Array.from({ length: 200 }, (_, seed) => sectors(count, seed + 1)))].sort();

  it('is everything that was synced, and any of the rest, sector by sector', () => {
    expect(outcomes(0)).toEqual(['1111']);
    expect(outcomes(1)).toEqual(['1111', '1211', '2111', '2211']);
    expect(outcomes(2)).toEqual(['2211']);
    expect(outcomes(3)).toEqual(['2211', '2231', '2311', '2331']);
    expect(outcomes(4)).toEqual(['2211', '2231', '2311', '2331', '2411', '2431']);
  });

  it('is of a log that is long enough', () => {
    expect(() => contentsAfterCrash(before, file.log, 5, seededRandom(1))).toThrow('the log has 4 changes');
  });
});
