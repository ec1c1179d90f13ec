import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseSymbolMap, SymbolTable } from '../src/symbols.ts';

const MAP = `ffffffff80000000 T _start
ffffffff80001000 t memcpy
ffffffff80002000 D data
ffffffff80003000 t probe\t[virtio_blk]
not a line
`;

describe('symbols', () => {
  it('are read from System.map and kallsyms, code alone', () => {
    expect(parseSymbolMap(MAP)).toEqual([
      { address: 0xffffffff80000000n, name: '_start' },
      { address: 0xffffffff80001000n, name: 'memcpy' },
      { address: 0xffffffff80003000n, name: 'probe [virtio_blk]' },
    ]);
  });

  it('cover the addresses up to the next, within reach', () => {
    const table = new SymbolTable(parseSymbolMap(MAP));
    expect(table.find(0xffffffff80000fffn)).toBe('_start');
    expect(table.find(0xffffffff80001000n)).toBe('memcpy');
    expect(table.find(0xffffffff80003010n)).toBe('probe [virtio_blk]');
    expect(table.find(0xffffffff7fffffffn)).toBeUndefined();
    expect(table.find(0xffffffff90000000n)).toBeUndefined();
  });

  it('are found as a search from the start would', () => {
    const address = fc.bigInt({ min: 0n, max: 2000n });
    fc.assert(
      fc.property(fc.uniqueArray(address, { maxLength: 40 }), address, (addresses, wanted) => {
        const table = new SymbolTable(addresses.map((each) => ({ address: each, name: `${each}` })));
        const below = addresses.filter((each) => each <= wanted);
        const expected = below.length === 0 ? undefined : `${below.reduce((a, b) => (a > b ? a : b))}`;
        expect(table.find(wanted)).toBe(expected);
      }),
    );
  });

  it('survive any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(parseSymbolMap(text).every(({ name }) => name !== '')).toBe(true);
      }),
    );
  });
});
