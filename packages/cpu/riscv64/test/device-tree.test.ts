import { describe, expect, it } from 'vitest';
import { coreDeviceTree } from '../src/device-tree.ts';
import { ISA_EXTENSIONS } from '../src/index.ts';
import { bareCore } from './bare-core.ts';

describe('the device tree', () => {
  it('has one cpu node with an interrupt controller for each hart', async () => {
    const { core } = await bareCore('end: j end');
    expect(core.architecture).toBe('riscv64');
    expect(core.deviceTree).toEqual(coreDeviceTree(1, 10_000_000));
    const tree = coreDeviceTree(3, 25_000_000);
    expect(tree).toMatchObject({
      name: 'cpus',
      properties: { '#address-cells': 1, '#size-cells': 0, 'timebase-frequency': 25_000_000 },
    });
    expect(tree.children?.map(({ name, label, properties }) => [name, label, properties['reg']])).toEqual([
      ['cpu@0', 'cpu0', 0],
      ['cpu@1', 'cpu1', 1],
      ['cpu@2', 'cpu2', 2],
    ]);
    for (const [hart, { children }] of (tree.children ?? []).entries()) {
      expect(children).toMatchObject([
        {
          name: 'interrupt-controller',
          label: `cpu${hart}-intc`,
          properties: { compatible: 'riscv,cpu-intc', '#interrupt-cells': 1, 'interrupt-controller': true },
        },
      ]);
    }
  });

  it('names each extension once, the same in both properties, single letters first', () => {
    const properties = coreDeviceTree(1, 1).children?.[0].properties ?? {};
    const listed = properties['riscv,isa-extensions'] as readonly string[];
    expect(listed).toEqual(ISA_EXTENSIONS);
    expect(new Set(listed).size).toBe(listed.length);
    const [letters, ...names] = (properties['riscv,isa'] as string).split('_');
    expect(letters).toBe(`rv64${listed.filter((name) => name.length === 1).join('')}`);
    expect(names).toEqual(listed.filter((name) => name.length > 1));
    expect(properties['mmu-type']).toBe('riscv,sv57');
  });
});
