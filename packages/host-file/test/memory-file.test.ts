import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { blockFaultOf, memoryFile } from '../src/index.ts';

const PAGE = 65_536;

/** The code of what `act` throws. */
const codeOf = (act: () => unknown): unknown => {
  try {
    act();
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
  return undefined;
};

describe('a file in memory', () => {
  const offset = fc.nat(5 * PAGE);
  const step = fc.oneof(
    fc.record({
      kind: fc.constant('write' as const),
      offset,
      length: fc.nat(2 * PAGE),
      value: fc.integer({ min: 1, max: 255 }),
    }),
    fc.record({ kind: fc.constant('truncate' as const), offset }),
    fc.record({ kind: fc.constant('punch' as const), offset, length: fc.nat(3 * PAGE) }),
  );

  it('holds what an array of bytes would', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        const file = memoryFile();
        let model = new Uint8Array(0);
        const resize = (size: number): void => {
          const next = new Uint8Array(size);
          next.set(model.subarray(0, size));
          model = next;
        };
        for (const action of steps) {
          if (action.kind === 'write') {
            file.write(action.offset, new Uint8Array(action.length).fill(action.value));
            const end = action.offset + action.length;
            if (action.length > 0 && end > model.length) resize(end);
            model.fill(action.value, action.offset, end);
          } else if (action.kind === 'truncate') {
            file.truncate(action.offset);
            resize(action.offset);
          } else {
            file.punchHole(action.offset, action.length);
            model.fill(0, action.offset, action.offset + action.length);
          }
          expect(file.size).toBe(model.length);
        }
        expect(Buffer.compare(file.contents(), model)).toBe(0);
        expect(file.allocated).toBeLessThanOrEqual(Math.ceil(model.length / PAGE) * PAGE);
      }),
    );
  });

  it('reads short at its end, and leaves the rest of the buffer alone', () => {
    const file = memoryFile({ bytes: Uint8Array.of(1, 2, 3) });
    const into = new Uint8Array(4).fill(9);
    expect(file.read(1, into)).toBe(2);
    expect([...into]).toEqual([2, 3, 9, 9]);
    expect(file.read(3, into)).toBe(0);
    expect(file.read(1000, into)).toBe(0);
  });

  it('copies what it begins with', () => {
    const bytes = Uint8Array.of(1);
    const file = memoryFile({ bytes });
    bytes[0] = 2;
    expect([...file.contents()]).toEqual([1]);
  });

  it('takes memory for what is written, not for its size, and gives it back', () => {
    const file = memoryFile();
    file.write(2 ** 50, Uint8Array.of(1));
    expect(file.size).toBe(2 ** 50 + 1);
    expect(file.allocated).toBe(PAGE);
    file.punchHole(0, 2 ** 51);
    expect(file.allocated).toBe(0);
    expect(file.size).toBe(2 ** 50 + 1);
  });

  it('is full at its limit, and then has changed nothing', () => {
    const file = memoryFile({ limit: PAGE + 1 });
    file.write(0, new Uint8Array(2 * PAGE).fill(1));
    expect(codeOf(() => file.write(2 * PAGE - 1, new Uint8Array(2).fill(2)))).toBe('ENOSPC');
    expect(file.size).toBe(2 * PAGE);
    expect(file.contents().every((byte) => byte === 1)).toBe(true);
    expect(codeOf(() => memoryFile({ limit: 1, bytes: new Uint8Array(PAGE + 1) }))).toBe('VIV_HOST_FILE_LIMIT');
  });

  it('refuses what a file refuses, with its codes', () => {
    const closed = memoryFile({ bytes: Uint8Array.of(1) });
    closed.close();
    expect(codeOf(() => closed.read(0, new Uint8Array(1)))).toBe('EBADF');
    const readOnly = memoryFile({ bytes: Uint8Array.of(1), readOnly: true });
    expect(codeOf(() => readOnly.write(0, Uint8Array.of(2)))).toBe('EBADF');
    expect(codeOf(() => readOnly.truncate(0))).toBe('EBADF');
    expect([...readOnly.contents()]).toEqual([1]);
    const file = memoryFile();
    expect(codeOf(() => file.write(-1, Uint8Array.of(2)))).toBe('EINVAL');
    expect(codeOf(() => file.read(0.5, new Uint8Array(1)))).toBe('EINVAL');
    expect(codeOf(() => file.write(Number.MAX_SAFE_INTEGER, new Uint8Array(2)))).toBe('EFBIG');
  });
});

describe('the fault of an error', () => {
  it('tells a full medium from a broken one', () => {
    for (const code of ['ENOSPC', 'EDQUOT', 'EFBIG']) expect(blockFaultOf({ code })).toBe('no-space');
    for (const error of [{ code: 'EIO' }, new Error('x'), undefined, null, 'ENOSPC', 5]) {
      expect(blockFaultOf(error)).toBe('io');
    }
  });
});
