import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { errorTable, flatten, parse, toSource } from '../src/index.ts';
import { tree } from './arbitrary-tree.ts';
import { compile, sorted, sourceOf } from './dtc.ts';

const readOrCode = (blob: Uint8Array): string => {
  try {
    parse(blob);
    return 'read';
  } catch (error) {
    return String((error as { code?: string }).code ?? error);
  }
};

const edited = (blob: Uint8Array, offset: number, value: number): Uint8Array => {
  const copy = blob.slice();
  new DataView(copy.buffer).setUint32(offset, value);
  return copy;
};

const qemuBlob = (): Uint8Array => {
  const folder = mkdtempSync(join(tmpdir(), 'fdt-'));
  try {
    const file = join(folder, 'virt.dtb');
    const result = spawnSync('qemu-system-riscv64', ['-M', `virt,dumpdtb=${file}`, '-smp', '4', '-nographic']);
    if (result.error !== undefined) {
      throw new Error('this test needs qemu-system-riscv64 (Debian: qemu-system-misc)', { cause: result.error });
    }
    return new Uint8Array(readFileSync(file));
  } finally {
    rmSync(folder, { recursive: true });
  }
};

const small = flatten({
  name: '',
  properties: { a: 1, b: 'text' },
  children: [{ name: 'c', properties: { d: true } }],
});

describe('parse', () => {
  it('reads the tree that QEMU makes for its virt machine, and writes it back the same', () => {
    const blob = qemuBlob();
    const read = parse(blob);
    expect(read.root.children.map((node) => node.name)).toContain('cpus');
    expect(sorted(flatten(read.root))).toBe(sorted(blob));
    expect(sorted(compile(toSource(read.root)))).toBe(sorted(blob));
  });

  it('reads what dtc writes', () => {
    const blob = compile('/dts-v1/; /memreserve/ 0x1000 0x2000; / { a = <1 &l>; l: n@1 { s = "x", "y"; e; }; };');
    const { root, reservations } = parse(blob);
    expect(reservations).toEqual([{ address: 0x1000n, size: 0x2000n }]);
    expect(root.children[0]?.properties['s']).toEqual(new TextEncoder().encode('x\0y\0'));
    expect(root.children[0]?.properties['e']).toEqual(new Uint8Array(0));
    expect(sourceOf(flatten(root, { reservations }))).toBe(sourceOf(blob));
  });

  it('keeps a property called __proto__ as a property', () => {
    const blob = compile('/dts-v1/; / { __proto__ = <1>; };');
    expect(Object.keys(parse(blob).root.properties)).toEqual(['__proto__']);
  });

  it('reads from the middle of a larger buffer and ignores what is behind the blob', () => {
    const around = new Uint8Array(small.length + 20).fill(0xff);
    around.set(small, 8);
    expect(parse(around.subarray(8)).root).toEqual(parse(small).root);
  });

  it.each([
    ['nothing', new Uint8Array(0), 'VIV_FDT_MALFORMED'],
    ['a short header', small.slice(0, 39), 'VIV_FDT_MALFORMED'],
    ['another magic', edited(small, 0, 0x7f454c46), 'VIV_FDT_MALFORMED'],
    ['a total size behind the end', edited(small, 4, small.length + 1), 'VIV_FDT_MALFORMED'],
    ['a total size of nothing', edited(small, 4, 0), 'VIV_FDT_MALFORMED'],
    ['a huge total size', edited(small, 4, 0xffff_ffff), 'VIV_FDT_TOO_LARGE'],
    ['a structure block outside', edited(small, 8, 0xffff_fffc), 'VIV_FDT_MALFORMED'],
    ['a misaligned structure block', edited(small, 8, 0x39), 'VIV_FDT_MALFORMED'],
    ['a strings block outside', edited(small, 12, 0xffff_ffff), 'VIV_FDT_MALFORMED'],
    ['reservations outside', edited(small, 16, 0xffff_fff8), 'VIV_FDT_MALFORMED'],
    ['an old version', edited(small, 20, 16), 'VIV_FDT_VERSION'],
    ['a future version', edited(small, 24, 18), 'VIV_FDT_VERSION'],
    ['a structure block of nothing', edited(small, 36, 0), 'VIV_FDT_MALFORMED'],
    ['a stray token', edited(small, 56, 77), 'VIV_FDT_MALFORMED'],
    ['an end before the root', edited(small, 56, 9), 'VIV_FDT_MALFORMED'],
    ['a property outside of a node', edited(small, 56, 3), 'VIV_FDT_MALFORMED'],
    ['a property length that wraps', edited(small, 68, 0xffff_fffe), 'VIV_FDT_MALFORMED'],
    ['a property name outside', edited(small, 72, 0xffff_ffff), 'VIV_FDT_MALFORMED'],
  ])('refuses %s', (_what, blob, expected) => {
    expect(readOrCode(blob)).toBe(expected);
  });

  it('refuses a nest that would exhaust the stack', () => {
    const levels = 5000;
    const structure = new Uint8Array(levels * 8);
    const view = new DataView(structure.buffer);
    for (let level = 0; level < levels; level += 1) {
      view.setUint32(level * 8, 1);
      structure[level * 8 + 4] = level === 0 ? 0 : 0x61;
    }
    const blob = new Uint8Array(56 + structure.length);
    blob.set(small.subarray(0, 56));
    blob.set(structure, 56);
    const header = new DataView(blob.buffer);
    header.setUint32(4, blob.length);
    header.setUint32(8, 56);
    header.setUint32(12, 56);
    header.setUint32(32, 0);
    header.setUint32(36, structure.length);
    expect(readOrCode(blob)).toBe('VIV_FDT_TOO_DEEP');
  });

  it('answers any corruption with a tree or a coded error', () => {
    const codes = new Set(['read', ...Object.keys(errorTable)]);
    fc.assert(
      fc.property(
        tree,
        fc.array(fc.record({ at: fc.nat(), byte: fc.nat(255) }), { minLength: 1, maxLength: 8 }),
        fc.nat(),
        (node, edits, cut) => {
          const blob = flatten(node);
          for (const { at, byte } of edits) {
            blob[at % blob.length] = byte;
          }
          expect(codes).toContain(readOrCode(blob));
          expect(codes).toContain(readOrCode(blob.subarray(0, cut % (blob.length + 1))));
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('answers any bytes behind a right magic with a tree or a coded error', () => {
    const codes = new Set(['read', ...Object.keys(errorTable)]);
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 36, maxLength: 400 }), (bytes) => {
        const blob = new Uint8Array([0xd0, 0x0d, 0xfe, 0xed, ...bytes]);
        expect(codes).toContain(readOrCode(blob));
        new DataView(blob.buffer).setUint32(4, blob.length);
        new DataView(blob.buffer).setUint32(20, 17);
        new DataView(blob.buffer).setUint32(24, 16);
        expect(codes).toContain(readOrCode(blob));
      }),
      { numRuns: 1000 },
    );
  });
});
