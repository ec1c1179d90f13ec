import type { FsLock } from '@vivarium/contracts';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LAST_BYTE, LockTable } from '../src/index.ts';

const lock = (owner: string, type: FsLock['type'], start: bigint, end: bigint): FsLock => ({
  kind: 'record',
  owner,
  type,
  start,
  end,
  pid: 1,
});
const BYTES = 24;

describe('a table of locks', () => {
  it('is what one lock for each byte would be', () => {
    const step = fc.record({
      owner: fc.constantFrom('a', 'b', 'c'),
      kind: fc.constantFrom('record' as const, 'file' as const),
      type: fc.constantFrom('read' as const, 'write' as const, 'unlock' as const),
      start: fc.nat(BYTES - 1),
      length: fc.integer({ min: 1, max: BYTES }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const table = new LockTable(1000);
        // Model: for each byte, what each owner has there.
        const model = Array.from({ length: BYTES }, () => new Map<string, string>());
        for (const { owner, kind, type, start, length } of steps) {
          const end = Math.min(BYTES - 1, start + length - 1);
          const key = `${kind} ${owner}`;
          const bytes = model.slice(start, end + 1);
          const blocked =
            type !== 'unlock' &&
            bytes.some((byte) =>
              [...byte].some(
                ([other, has]) =>
                  other !== key && other.startsWith(`${kind} `) && (has === 'write' || type === 'write'),
              ),
            );
          const answer = table.set(1, { kind, owner, type, start: BigInt(start), end: BigInt(end), pid: 1 });
          expect(answer).toBe(blocked ? 'EAGAIN' : undefined);
          if (blocked) continue;
          for (const byte of bytes) {
            if (type === 'unlock') byte.delete(key);
            else byte.set(key, type);
          }
        }
        // A stranger's probes see just what the model has.
        for (const kind of ['record', 'file'] as const) {
          for (const [at, byte] of model.entries()) {
            const probe = { ...lock('stranger', 'write', BigInt(at), BigInt(at)), kind };
            const found = table.conflict(1, probe);
            const holders = [...byte.keys()].filter((key) => key.startsWith(`${kind} `));
            expect(typeof found).not.toBe('string');
            expect(found === undefined).toBe(holders.length === 0);
          }
        }
        for (const kind of ['record', 'file'] as const) {
          for (const owner of ['a', 'b', 'c']) table.release(1, kind, owner);
        }
        expect(table.count).toBe(0);
      }),
    );
  });

  it('joins neighbours of one owner and type, and splits what an unlock cuts', () => {
    const table = new LockTable(10);
    table.set(1, lock('a', 'read', 0n, 4n));
    table.set(1, lock('a', 'read', 5n, 9n));
    expect(table.count).toBe(1);
    table.set(1, { ...lock('a', 'read', 3n, 3n), type: 'unlock' });
    expect(table.count).toBe(2);
  });

  it('is full at its cap, and can always be emptied', () => {
    const table = new LockTable(2);
    expect(table.set(1, lock('a', 'read', 0n, 9n))).toBeUndefined();
    expect(table.set(2, lock('a', 'read', 0n, 9n))).toBeUndefined();
    expect(table.set(3, lock('a', 'read', 0n, 9n))).toBe('ENOLCK');
    expect(table.set(1, { ...lock('a', 'read', 5n, 5n), type: 'unlock' })).toBe('ENOLCK');
    expect(table.set(1, { ...lock('a', 'read', 0n, LAST_BYTE), type: 'unlock' })).toBeUndefined();
    expect(table.set(3, lock('a', 'read', 0n, 9n))).toBeUndefined();
    table.forget(2);
    expect(table.count).toBe(1);
    table.clear();
    expect(table.count).toBe(0);
  });

  it.each([
    [-1n, 5n],
    [5n, 4n],
    [0n, LAST_BYTE + 1n],
  ])('refuses the range %s to %s', (start, end) => {
    const table = new LockTable(2);
    expect(table.set(1, lock('a', 'read', start, end))).toBe('EINVAL');
    expect(table.conflict(1, lock('a', 'read', start, end))).toBe('EINVAL');
  });
});
