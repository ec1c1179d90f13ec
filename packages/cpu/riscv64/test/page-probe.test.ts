import { fakeMemory } from '@vivarium/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { probePage } from '../src/debug/page-probe.ts';

const RAM = 0x8000_0000;
const RAM_BYTES = 256 * 1024;

/** Sv39, Sv48 and Sv57 by satp.MODE: levels of page tables. */
const LEVELS: Readonly<Record<number, number>> = { 8: 3, 9: 4, 10: 5 };
const POINTER = 1n;
const LEAF = 0xfn;

const control = (mode: number, privilege = 1) => ({
  privilege,
  mstatus: 0,
  satpLow: RAM >>> 12,
  satpHigh: mode << 28,
  hardwareAccessedDirty: false,
  pageBasedMemoryTypes: false,
});

/** Maps `address` to `page` (a page number) with a leaf at `level`, tables in a row from the start of RAM. */
const tables = (mode: number, address: bigint, level: number, page: bigint, bits = LEAF) => {
  const memory = fakeMemory({ base: RAM, size: RAM_BYTES });
  const levels = LEVELS[mode] ?? 0;
  for (let depth = 0; depth < levels - level; depth += 1) {
    const at = levels - 1 - depth;
    const index = Number((address >> BigInt(12 + 9 * at)) & 0x1ffn);
    const next = BigInt(RAM / 4096 + depth + 1);
    const entry = at === level ? (page << 10n) | bits : (next << 10n) | POINTER;
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setBigUint64(0, entry, true);
    memory.write(RAM + depth * 4096 + index * 8, bytes);
  }
  return memory;
};

/** An address that a mode can translate: its upper bits repeat the top one. */
const canonical = (mode: number, bits: bigint): bigint => {
  const width = 12 + 9 * (LEVELS[mode] ?? 0);
  return BigInt.asUintN(64, BigInt.asIntN(width, bits));
};

const address = fc.bigInt({ min: 0n, max: (1n << 57n) - 1n });

describe('a debugger finds where an address is mapped', () => {
  it('through pages of every size in every mode, whatever their permissions', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(8, 9, 10),
        fc.nat({ max: 2 }),
        address,
        fc.bigInt({ min: 0n, max: (1n << 40n) - 1n }),
        fc.constantFrom(LEAF, 0x3n, 0x9n, 0x4fn, 0xdfn),
        (mode, level, bits, number, permissions) => {
          const size = 1n << BigInt(9 * level);
          const page = (number / size) * size;
          const virtual = canonical(mode, bits);
          const within = virtual & ((size << 12n) - 1n);
          const memory = tables(mode, virtual, level, page, permissions);
          const before = memory.read(RAM, RAM_BYTES);
          expect(probePage(memory, control(mode), virtual)).toBe(Number((page << 12n) | within));
          expect(memory.read(RAM, RAM_BYTES)).toEqual(before);
        },
      ),
    );
  });

  it('through 64 KiB pages (Svnapot)', () => {
    const memory = tables(8, 0x123_4567n, 0, 0x8f8n, (1n << 63n) | LEAF);
    expect(probePage(memory, control(8), 0x123_4567n)).toBe(0x8f_4567);
  });

  it('nowhere, when no entry is valid, a table is not in RAM, or the address is none', () => {
    const mapped = 0x40_0000n;
    const memory = tables(8, mapped, 0, 0x80010n);
    expect(probePage(memory, control(8), mapped)).toBe(0x8001_0000);
    expect(probePage(memory, control(8), mapped + 4096n)).toBeUndefined();
    expect(probePage(memory, control(8), mapped | (1n << 39n))).toBeUndefined();
    expect(probePage(memory, { ...control(8), satpLow: 1 }, mapped)).toBeUndefined();
    expect(probePage(tables(8, mapped, 0, 0x80010n, 0x5n), control(8), mapped)).toBeUndefined();
    expect(probePage(tables(8, mapped, 1, 0x80001n), control(8), mapped)).toBeUndefined();
    expect(probePage(tables(8, mapped, 0, 0x80010n, (1n << 63n) | LEAF), control(8), mapped)).toBeUndefined();
  });

  it('where it is, in M-mode and without translation', () => {
    const memory = fakeMemory({ base: RAM, size: RAM_BYTES });
    expect(probePage(memory, control(8, 3), 0x8000_1234n)).toBe(0x8000_1234);
    expect(probePage(memory, control(0), 0x1000_0000n)).toBe(0x1000_0000);
    expect(probePage(memory, control(0), 1n << 60n)).toBeUndefined();
  });
});
