import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { physicalAddress, readElf, readElfSymbols } from '../src/index.ts';
import { elfFile } from './image-bytes.ts';
import { outcome } from './outcome.ts';

const folder = mkdtempSync(join(tmpdir(), 'boot-image-'));
afterAll(() => rmSync(folder, { recursive: true }));

const tool = (name: string, args: readonly string[]): string => {
  const result = spawnSync(`riscv64-unknown-elf-${name}`, args, { cwd: folder });
  if (result.status === null) {
    throw new Error(`this test needs riscv64-unknown-elf-${name} (Debian: gcc-riscv64-unknown-elf)`, {
      cause: result.error,
    });
  }
  if (result.status !== 0) {
    throw new Error(`${name} failed: ${result.stderr.toString()}`);
  }
  return result.stdout.toString();
};

/** Linked high, loaded low: as kernels are. */
const SCRIPT = `
ENTRY(_start)
SECTIONS {
  . = 0xffffffff80000000;
  .text : AT(0x80200000) { *(.text) }
  . = ALIGN(4096);
  .data : AT(0x80300000) { *(.data) }
  .bss : { *(.bss) }
}`;

const SOURCE = `
.globl _start, tohost, table
.text
  nop
.type _start, @function
_start: j _start
.size _start, 4
.data
.type table, @object
table: .dword 0x1122334455667788
.size table, 8
.bss
.balign 8
tohost: .space 64
`;

const build = (): Uint8Array => {
  writeFileSync(join(folder, 'a.s'), SOURCE);
  writeFileSync(join(folder, 'a.ld'), SCRIPT);
  tool('gcc', ['-nostdlib', '-static', '-march=rv64imac', '-mabi=lp64', '-Wl,-T,a.ld', '-o', 'a.elf', 'a.s']);
  return new Uint8Array(readFileSync(join(folder, 'a.elf')));
};

describe('readElf', () => {
  it('agrees with the tools about segments, entry and symbols of a program that they linked', () => {
    const bytes = build();
    const elf = readElf({ name: 'a.elf', bytes });
    const symbols = readElfSymbols(bytes);
    const listed = tool('nm', ['a.elf'])
      .trim()
      .split('\n')
      .map((line) => line.split(' '));
    expect(new Map(symbols.map(({ name, address }) => [name, address.toString(16).padStart(16, '0')]))).toEqual(
      new Map(listed.map(([address, , name]) => [name, address])),
    );
    expect(symbols.find(({ name }) => name === '_start')).toMatchObject({ kind: 'function', size: 4n });
    expect(symbols.find(({ name }) => name === 'table')).toMatchObject({ kind: 'object', size: 8n });
    expect(symbols.find(({ name }) => name === 'tohost')).toMatchObject({ kind: 'label' });
    expect(elf.entry).toBe(0x8020_0002);
    expect(physicalAddress(elf.segments, symbols.find(({ name }) => name === 'table')?.address ?? 0n)).toBe(
      0x8030_0000,
    );

    tool('objcopy', ['-O', 'binary', 'a.elf', 'a.bin']);
    const flat = new Uint8Array(readFileSync(join(folder, 'a.bin')));
    const image = new Uint8Array(flat.length);
    for (const { address, bytes: own } of elf.segments) {
      image.set(own.subarray(0, flat.length - (address - 0x8020_0000)), address - 0x8020_0000);
    }
    expect(image).toEqual(flat);
    const last = elf.segments.at(-1);
    expect((last?.memoryLength ?? 0) - (last?.bytes.length ?? 0)).toBe(64);
  });

  const four = new Uint8Array([1, 2, 3, 4]);

  it('sorts segments by address and finds the entry by its virtual one', () => {
    const bytes = elfFile(
      [
        { physical: 0x8010_0000n, virtual: 0xffff_ffff_8010_0000n, bytes: four },
        { physical: 0x8000_0000n, virtual: 0xffff_ffff_8000_0000n, bytes: four, memory: 0x100n },
      ],
      { entry: 0xffff_ffff_8000_0080n },
    );
    const elf = readElf({ name: 'x', bytes });
    expect(elf.segments.map(({ address }) => address)).toEqual([0x8000_0000, 0x8010_0000]);
    expect(elf.entry).toBe(0x8000_0080);
  });

  it.each([
    [
      'VIV_IMAGE_OVERLAP',
      elfFile([
        { physical: 0x1000n, bytes: four, memory: 0x20n },
        { physical: 0x101fn, bytes: four },
      ]),
    ],
    ['VIV_IMAGE_ENTRY', elfFile([{ physical: 0x1000n, bytes: four }], { entry: 0x1004n })],
    ['VIV_IMAGE_EMPTY', elfFile([], { entry: 0n })],
    ['VIV_IMAGE_EMPTY', elfFile([{ physical: 0x1000n, bytes: new Uint8Array(0) }])],
    ['VIV_IMAGE_FOREIGN', elfFile([{ physical: 0x1000n, bytes: four }], { class: 1 })],
    ['VIV_IMAGE_FOREIGN', elfFile([{ physical: 0x1000n, bytes: four }], { data: 2 })],
    ['VIV_IMAGE_MALFORMED', elfFile([{ physical: 0x1000n, bytes: four }], { type: 1 })],
    ['VIV_IMAGE_MALFORMED', elfFile([{ physical: 0x1000n, bytes: four, memory: 2n }])],
    ['VIV_IMAGE_MALFORMED', elfFile([{ physical: 2n ** 60n, bytes: four }])],
    ['VIV_IMAGE_TRUNCATED', elfFile([{ physical: 0x1000n, bytes: four }]).subarray(0, 121)],
    ['VIV_IMAGE_TRUNCATED', elfFile([{ physical: 0x1000n, bytes: four }]).subarray(0, 100)],
    ['VIV_IMAGE_TRUNCATED', elfFile([]).subarray(0, 63)],
  ])('H9 refuses with %s', (code, bytes) => {
    expect(outcome(() => readElf({ name: 'x', bytes }))).toBe(code);
  });

  it('has no symbols where the table is missing or damaged', () => {
    expect(readElfSymbols(elfFile([{ physical: 0x1000n, bytes: four }]))).toEqual([]);
    const bytes = build();
    new DataView(bytes.buffer).setBigUint64(40, BigInt(bytes.length - 10), true);
    expect(readElfSymbols(bytes)).toEqual([]);
    expect(readElfSymbols(new Uint8Array(3))).toEqual([]);
  });
});
