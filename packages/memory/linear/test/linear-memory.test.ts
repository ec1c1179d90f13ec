import { isVivariumError, MachineMemoryToken } from '@vivarium/contracts';
import { setupPart } from '@vivarium/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { errorTable, LinearMachineMemory, type LinearMemoryOptions, linearMemory } from '../src/index.ts';

const KIBIBYTE = 1024;
const BASE = 0x8000_0000;
const LOW_BASE = 0x1000;

const create = (options: Partial<LinearMemoryOptions> = {}): LinearMachineMemory =>
  new LinearMachineMemory({
    banks: [{ base: BASE, size: 64 * KIBIBYTE }],
    privateBytes: 64 * KIBIBYTE,
    shared: false,
    ...options,
  });

/** Two banks, the lower one given last, with sizes that are no multiple of a WebAssembly page. */
const createTwo = (): LinearMachineMemory =>
  create({
    banks: [
      { base: BASE, size: 20 * KIBIBYTE },
      { base: LOW_BASE, size: 4 * KIBIBYTE },
    ],
  });

const codeOf = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    return isVivariumError(error) ? error.code : `not coded: ${String(error)}`;
  }
  return 'none';
};

describe('banks', () => {
  it('lie behind the private area, apart from each other', () => {
    const memory = createTwo();
    expect(memory.size).toBe(24 * KIBIBYTE);
    expect(memory.banks.map(({ base, length }) => [base, length])).toEqual([
      [BASE, 20 * KIBIBYTE],
      [LOW_BASE, 4 * KIBIBYTE],
    ]);
    const [one, two] = [memory.banks[0], memory.banks[1]];
    expect(one.offset).toBeGreaterThanOrEqual(64 * KIBIBYTE);
    expect(two.offset).toBeGreaterThanOrEqual(one.offset + one.length);
    expect(two.offset + two.length).toBeLessThanOrEqual(memory.linear.buffer.byteLength);
  });

  it('start as zeros and keep what is written, each its own', () => {
    const memory = createTwo();
    expect(memory.read(LOW_BASE, 4 * KIBIBYTE)?.every((byte) => byte === 0)).toBe(true);
    expect(memory.write(BASE, Uint8Array.of(1, 2, 3))).toBe(true);
    expect(memory.write(LOW_BASE + 4093, Uint8Array.of(4, 5, 6))).toBe(true);
    expect([...(memory.read(BASE, 4) ?? [])]).toEqual([1, 2, 3, 0]);
    expect([...(memory.read(LOW_BASE + 4092, 4) ?? [])]).toEqual([0, 4, 5, 6]);
  });

  it('are found in linear memory where they say they are', () => {
    const memory = createTwo();
    for (const bank of memory.banks) {
      memory.write(bank.base + 100, Uint8Array.of(0xa5));
      expect(new Uint8Array(memory.linear.buffer)[bank.offset + 100]).toBe(0xa5);
    }
  });

  it.each([
    [
      'overlap',
      [
        { base: BASE, size: 8192 },
        { base: BASE + 4096, size: 8192 },
      ],
    ],
    [
      'are the same',
      [
        { base: BASE, size: 4096 },
        { base: BASE, size: 4096 },
      ],
    ],
    [
      'enclose another',
      [
        { base: BASE + 4096, size: 4096 },
        { base: BASE, size: 16_384 },
      ],
    ],
    ['are empty', [{ base: BASE, size: 0 }]],
    ['have an odd size', [{ base: BASE, size: 4097 }]],
    ['have an odd base', [{ base: BASE + 8, size: 4096 }]],
  ])('are refused when they %s', (_why, banks) => {
    expect(codeOf(() => create({ banks }))).toBe('VIV_MEMORY_BANKS');
  });

  it('may touch', () => {
    const banks = [
      { base: BASE, size: 4096 },
      { base: BASE + 4096, size: 4096 },
    ];
    const memory = create({ banks });
    expect(memory.view(BASE + 4095, 1)).toHaveLength(1);
    // A range is inside one bank or nowhere.
    expect(memory.view(BASE + 4095, 2)).toBeUndefined();
  });

  it('are refused when they do not fit into 4 GiB with the private area', () => {
    const banks = [{ base: BASE, size: 0x1_0000_0000 - 4096 }];
    expect(codeOf(() => create({ banks, privateBytes: 128 * KIBIBYTE }))).toBe('VIV_MEMORY_SIZE');
    expect(codeOf(() => create({ banks: [{ base: 0, size: 2 ** 40 }] }))).toBe('VIV_MEMORY_SIZE');
  });
});

describe('an address range', () => {
  const bank = { base: BASE, length: 64 * KIBIBYTE };
  const address = fc.oneof(
    fc.integer({ min: BASE - 70_000, max: BASE + 140_000 }),
    fc.constantFrom(BASE, BASE + 65_535, BASE + 65_536, BASE - 1, 0, -1, -BASE, 2 ** 53, 2 ** 64, BASE + 2 ** 32),
    fc.double(),
  );
  const length = fc.oneof(fc.nat(70_000), fc.constantFrom(0, 1, -1, 65_536, 65_537, 2 ** 32, 2 ** 53), fc.double());

  it('is a view when it is whole bytes inside a bank, and nothing else', () => {
    const memory = create();
    fc.assert(
      fc.property(address, length, (at, bytes) => {
        const inside =
          Number.isInteger(at) &&
          Number.isInteger(bytes) &&
          bytes >= 0 &&
          at >= bank.base &&
          at + bytes <= bank.base + bank.length;
        // Not −0, which fast-check likes.
        const expected = inside ? bytes + 0 : undefined;
        expect(memory.view(at, bytes)?.length).toBe(expected);
        expect(memory.writableView(at, bytes)?.length).toBe(expected);
        expect(memory.read(at, bytes)?.length).toBe(expected);
      }),
      { numRuns: 2000 },
    );
  });

  it('is refused whole when it leaves the bank: nothing is written', () => {
    const memory = create();
    expect(memory.write(BASE + 65_535, Uint8Array.of(1, 2))).toBe(false);
    expect(memory.write(BASE - 1, Uint8Array.of(1, 2))).toBe(false);
    expect(memory.read(BASE, 65_536)?.every((byte) => byte === 0)).toBe(true);
  });

  it('beyond 2^53 is never in a bank, though rounding would bring it there', () => {
    const memory = create();
    for (const far of [2 ** 53, 2 ** 56 + BASE, 2 ** 63, 2 ** 64, Number.MAX_VALUE, Number.POSITIVE_INFINITY]) {
      expect(memory.view(far, 1)).toBeUndefined();
      expect(memory.view(BASE, far)).toBeUndefined();
      expect(memory.write(far, Uint8Array.of(1))).toBe(false);
    }
    expect(memory.view(Number.NaN, 1)).toBeUndefined();
    expect(memory.view(BASE, Number.NaN)).toBeUndefined();
  });

  it('is copied by read and shared by views', () => {
    const memory = create();
    const copy = memory.read(BASE, 4) as Uint8Array;
    const view = memory.view(BASE, 4) as Uint8Array;
    memory.writableView(BASE, 4)?.set([1, 2, 3, 4]);
    expect([...view]).toEqual([1, 2, 3, 4]);
    expect([...copy]).toEqual([0, 0, 0, 0]);
  });
});

describe('listeners for writes from outside', () => {
  it('hear of every write before it happens, and not of reads or refused writes', () => {
    const memory = create();
    const heard: (readonly [number, number, number | undefined])[] = [];
    const remove = memory.onExternalWrite((at, bytes) => heard.push([at, bytes, memory.view(at, 1)?.[0]]));
    memory.write(BASE + 8, Uint8Array.of(7, 8));
    memory.writableView(BASE + 16, 4);
    memory.read(BASE, 8);
    memory.view(BASE, 8);
    memory.write(BASE - 4, Uint8Array.of(1));
    expect(heard).toEqual([
      [BASE + 8, 2, 0],
      [BASE + 16, 4, 0],
    ]);
    remove();
    remove();
    memory.write(BASE, Uint8Array.of(1));
    expect(heard).toHaveLength(2);
  });

  it('are told apart', () => {
    const memory = create();
    let one = 0;
    let two = 0;
    const removeOne = memory.onExternalWrite(() => one++);
    memory.onExternalWrite(() => two++);
    memory.write(BASE, Uint8Array.of(1));
    removeOne();
    memory.write(BASE, Uint8Array.of(1));
    expect([one, two]).toEqual([1, 2]);
  });
});

describe('the private area', () => {
  it('is given out in aligned zeroed pieces that do not overlap, to its last byte', () => {
    const pieces = fc.array(fc.tuple(fc.integer({ min: 1, max: 9000 }), fc.integer({ min: 0, max: 12 })), {
      maxLength: 20,
    });
    fc.assert(
      fc.property(pieces, (requests) => {
        const memory = create();
        const taken: { start: number; end: number }[] = [];
        for (const [bytes, power] of requests) {
          let start: number;
          try {
            start = memory.carve('test', bytes, 2 ** power);
          } catch (error) {
            expect(isVivariumError(error) && error.code).toBe('VIV_MEMORY_EXHAUSTED');
            continue;
          }
          const end = start + bytes;
          expect(start % 2 ** power).toBe(0);
          // A zero offset in a table may mean "nothing".
          expect(start).toBeGreaterThan(0);
          expect(end).toBeLessThanOrEqual(64 * KIBIBYTE);
          expect(taken.some((other) => start < other.end && other.start < end)).toBe(false);
          expect(new Uint8Array(memory.linear.buffer, start, bytes).every((byte) => byte === 0)).toBe(true);
          new Uint8Array(memory.linear.buffer, start, bytes).fill(0xff);
          taken.push({ start, end });
        }
        expect(memory.read(BASE, 64 * KIBIBYTE)?.every((byte) => byte === 0)).toBe(true);
      }),
    );
  });

  it('says who asked for how much when it is exhausted, and goes on for smaller pieces', () => {
    const memory = create();
    memory.carve('first', 60 * KIBIBYTE, 64);
    expect(() => memory.carve('cache of core 3', 8 * KIBIBYTE, 64)).toThrow(/cache of core 3 asks for 8192 bytes/);
    expect(codeOf(() => memory.carve('other', 8 * KIBIBYTE, 64))).toBe('VIV_MEMORY_EXHAUSTED');
    expect(memory.carve('small', 64, 64) % 64).toBe(0);
  });
});

describe('clear', () => {
  it('makes all of RAM zero, also what cores stored, and leaves the private area', () => {
    const memory = createTwo();
    const own = memory.carve('core', 16, 16);
    const bytes = new Uint8Array(memory.linear.buffer);
    bytes[own] = 1;
    memory.clear();
    for (const { offset, length } of memory.banks) {
      for (const at of [0, 1, 4095, 4096, length - 1].filter((place) => place < length)) bytes[offset + at] = 0xee;
    }
    memory.clear();
    for (const { base, length } of memory.banks) {
      expect(memory.read(base, length)?.every((byte) => byte === 0)).toBe(true);
    }
    expect(bytes[own]).toBe(1);
  });

  it('tells listeners of each bank', () => {
    const memory = createTwo();
    memory.write(BASE, Uint8Array.of(1));
    const heard: (readonly [number, number])[] = [];
    memory.onExternalWrite((address, length) => heard.push([address, length]));
    memory.clear();
    expect(heard).toEqual([
      [BASE, 20 * KIBIBYTE],
      [LOW_BASE, 4 * KIBIBYTE],
    ]);
  });

  it('takes the first one for the one before power-on, and from then on looks at every page', () => {
    // Stores of a core do not pass through the class.
    const memory = create();
    const [bank] = memory.banks;
    new Uint8Array(memory.linear.buffer)[(bank?.offset ?? 0) + 5] = 9;
    memory.clear();
    expect(memory.view(BASE + 5, 1)?.[0]).toBe(9);
    memory.clear();
    expect(memory.view(BASE + 5, 1)?.[0]).toBe(0);
  });
});

describe('the plugin', () => {
  it('provides a memory as its options say', async () => {
    const { get } = await setupPart(linearMemory, {
      options: { banks: [{ base: BASE, size: 1024 * KIBIBYTE }], privateBytes: 4096 },
    });
    const memory = get(MachineMemoryToken);
    expect(memory.size).toBe(1024 * KIBIBYTE);
    expect(memory.linear).toBeInstanceOf(WebAssembly.Memory);
    expect(memory.linear.buffer).toBeInstanceOf(ArrayBuffer);
  });

  it('is backed by shared memory on request', async () => {
    const { get } = await setupPart(linearMemory, {
      options: { banks: [{ base: BASE, size: 4096 }], shared: true, privateBytes: 4096 },
    });
    const memory = get(MachineMemoryToken);
    expect(memory.linear.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(memory.write(BASE, Uint8Array.of(1, 2))).toBe(true);
    memory.clear();
    expect([...(memory.read(BASE, 2) ?? [])]).toEqual([0, 0]);
  });

  it.each([
    ['no banks', { banks: [] }],
    ['a negative base', { banks: [{ base: -4096, size: 4096 }] }],
    ['a fraction', { banks: [{ base: 0.5, size: 4096 }] }],
    ['a base beyond exact numbers', { banks: [{ base: 2 ** 60, size: 4096 }] }],
    ['too many banks', { banks: Array.from({ length: 17 }, (_, index) => ({ base: index * 4096, size: 4096 })) }],
  ])('refuses %s', async (_why, options) => {
    await expect(setupPart(linearMemory, { options })).rejects.toThrow(/options/);
  });

  it('lists its errors with hints', () => {
    expect(Object.keys(errorTable)).toEqual(['VIV_MEMORY_SIZE', 'VIV_MEMORY_BANKS', 'VIV_MEMORY_EXHAUSTED']);
  });
});
