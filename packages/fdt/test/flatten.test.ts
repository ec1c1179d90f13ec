import type { DeviceTreeNode } from '@vivarium/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { flatten, parse, toSource } from '../src/index.ts';
import { tree } from './arbitrary-tree.ts';
import { compile, sorted, sourceOf } from './dtc.ts';

const board: DeviceTreeNode = {
  name: '',
  properties: {
    '#address-cells': 2,
    '#size-cells': 2,
    compatible: ['a,board', 'riscv-virtio'],
    model: 'quote " \\ here',
  },
  children: [
    {
      name: 'soc',
      properties: { ranges: true },
      children: [
        { name: 'pic@c000000', label: 'pic', properties: { 'interrupt-controller': true, '#interrupt-cells': 1 } },
        {
          name: 'serial@10000000',
          label: 'uart-0.a',
          properties: {
            'interrupt-parent': [{ phandle: 'pic' }],
            reg: [0, 0x1000_0000, 0, 0x100],
            wide: 0x1_0000_0002n,
          },
        },
      ],
    },
    {
      name: 'late',
      properties: { both: [{ phandle: 'uart-0.a' }, 7, { phandle: 'pic' }], raw: new Uint8Array([1, 2, 3]) },
    },
  ],
};

const code = (action: () => unknown): string | undefined => {
  try {
    action();
  } catch (error) {
    return (error as { code?: string }).code;
  }
  return undefined;
};

const root = (properties: DeviceTreeNode['properties'], children: readonly DeviceTreeNode[] = []): DeviceTreeNode => ({
  name: '',
  properties,
  children,
});

describe('flatten', () => {
  it('gives one phandle to each node that is referred to, before or after its use', () => {
    const { root: read } = parse(flatten(board));
    const [soc, late] = read.children;
    const [pic, serial] = soc?.children ?? [];
    expect(pic?.properties['phandle']).toEqual(new Uint8Array([0, 0, 0, 1]));
    expect(serial?.properties['interrupt-parent']).toEqual(new Uint8Array([0, 0, 0, 1]));
    expect(serial?.properties['phandle']).toEqual(new Uint8Array([0, 0, 0, 2]));
    expect(late?.properties['both']).toEqual(new Uint8Array([0, 0, 0, 2, 0, 0, 0, 7, 0, 0, 0, 1]));
  });

  it('leaves explicit phandles alone and does not give them out again', () => {
    const { root: read } = parse(
      flatten(
        root({ a: [{ phandle: 'x' }, { phandle: 'y' }] }, [
          { name: 'x', label: 'x', properties: {} },
          { name: 'y', label: 'y', properties: { phandle: 1 } },
        ]),
      ),
    );
    expect(read.properties['a']).toEqual(new Uint8Array([0, 0, 0, 2, 0, 0, 0, 1]));
  });

  it('is read by dtc as the source it prints itself', () => {
    expect(sorted(compile(toSource(board)))).toBe(sorted(compile(sourceOf(flatten(board)))));
    expect(sourceOf(flatten(board))).toContain('serial@10000000');
  });

  it('keeps reservations and the boot cpu', () => {
    const reservations = [{ address: 0x8000_0000n, size: 0x4_0000n }];
    const read = parse(flatten(root({}), { reservations, bootCpu: 3 }));
    expect(read.reservations).toEqual(reservations);
    expect(read.bootCpu).toBe(3);
    expect(sourceOf(flatten(root({}), { reservations }))).toMatch(/\/memreserve\/\s+0x0*80000000 0x0*40000;/);
  });

  it('stores a property name once', () => {
    const children = Array.from({ length: 50 }, (_, index) => ({
      name: `n${index}`,
      properties: { 'a-long-property-name': 1 },
    }));
    const blob = flatten(root({}, children));
    const text = new TextDecoder('latin1').decode(blob);
    expect(text.split('a-long-property-name')).toHaveLength(2);
  });

  it.each([
    ['VIV_FDT_NAME', root({ 'bad name': 1 })],
    ['VIV_FDT_NAME', root({}, [{ name: 'a/b', properties: {} }])],
    ['VIV_FDT_NAME', root({}, [{ name: '', properties: {} }])],
    ['VIV_FDT_NAME', root({ ['x'.repeat(256)]: 1 })],
    ['VIV_FDT_VALUE', root({ a: 2 ** 32 })],
    ['VIV_FDT_VALUE', root({ a: -1 })],
    ['VIV_FDT_VALUE', root({ a: [1, 0.5] })],
    ['VIV_FDT_VALUE', root({ a: 2n ** 64n })],
    ['VIV_FDT_VALUE', root({ a: 'nul\0inside' })],
    ['VIV_FDT_VALUE', root({ a: {} as unknown as true })],
    ['VIV_FDT_REFERENCE', root({ a: [{ phandle: 'nobody' }] })],
    [
      'VIV_FDT_DUPLICATE',
      root({}, [
        { name: 'a', properties: {} },
        { name: 'a', properties: {} },
      ]),
    ],
    [
      'VIV_FDT_DUPLICATE',
      root({}, [
        { name: 'a', label: 'l', properties: {} },
        { name: 'b', label: 'l', properties: {} },
      ]),
    ],
    [
      'VIV_FDT_DUPLICATE',
      root({}, [
        { name: 'a', properties: { phandle: 4 } },
        { name: 'b', properties: { phandle: 4 } },
      ]),
    ],
    ['VIV_FDT_TOO_LARGE', root({ a: new Uint8Array(3 * 1024 * 1024) })],
  ])('refuses with %s', (expected, node) => {
    expect(code(() => flatten(node))).toBe(expected);
  });

  it('refuses a tree deeper than 64 levels, and takes one that is not', () => {
    const nest = (levels: number): DeviceTreeNode => ({
      name: 'n',
      properties: {},
      children: levels === 1 ? [] : [nest(levels - 1)],
    });
    expect(code(() => flatten(nest(65)))).toBe('VIV_FDT_TOO_DEEP');
    expect(parse(flatten(nest(64))).root.children).toHaveLength(1);
  });

  it('survives a round trip of any tree, and means the same to dtc', () => {
    fc.assert(
      fc.property(tree, (node) => {
        const blob = flatten(node);
        const read = parse(blob);
        expect(flatten(read.root)).toEqual(blob);
      }),
      { numRuns: 300 },
    );
    fc.assert(
      fc.property(tree, (node) => {
        const blob = flatten(node);
        expect(parse(compile(sourceOf(blob))).root).toEqual(parse(blob).root);
        expect(parse(compile(toSource(node))).root).toEqual(parse(blob).root);
      }),
      { numRuns: 40 },
    );
  });
});
