import type { Device, DeviceTreeNode, Placement } from '@vivarium/contracts';
import { describe, expect, it } from 'vitest';
import { flatten, type MachineTreeInput, machineTree, parse, toSource } from '../src/index.ts';
import { compile } from './dtc.ts';

const region = (name: string, length: number) => ({ name, length, read: () => 0, write: () => {} });

const device = (regions: Device['regions'], extra: Partial<Device> = {}): Device => ({
  regions,
  reset: () => {},
  ...extra,
});

const place = (part: string, own: Device, bases: Readonly<Record<string, number>>): Placement[] =>
  own.regions.map((one) => ({ part, device: own, region: one, base: bases[one.name] ?? 0 }));

const cpus: DeviceTreeNode = {
  name: 'cpus',
  properties: { '#address-cells': 1, '#size-cells': 0, 'timebase-frequency': 10_000_000 },
  children: [
    {
      name: 'cpu@0',
      properties: { reg: 0, device_type: 'cpu' },
      children: [
        {
          name: 'interrupt-controller',
          label: 'cpu0-intc',
          properties: { '#interrupt-cells': 1, 'interrupt-controller': true, compatible: 'riscv,cpu-intc' },
        },
      ],
    },
  ],
};

const plic = device([region('registers', 0x60_0000)], {
  deviceTree: {
    name: 'plic',
    properties: { '#interrupt-cells': 1, 'interrupts-extended': [{ phandle: 'cpu0-intc' }, 11] },
  },
});
const aplic = device([region('registers', 0x4000)], {
  deviceTree: { name: 'interrupt-controller', label: 'aplic', properties: { '#interrupt-cells': 2 } },
});
const uart = device([region('registers', 0x100)], {
  interrupts: ['irq'],
  deviceTree: { name: 'serial', properties: { compatible: 'ns16550a' } },
});
const flash = device([region('low', 0x200), region('high', 0x1000)], {
  interrupts: ['done', 'error'],
  deviceTree: { name: 'flash', properties: {} },
});
const hidden = device([region('registers', 0x10)]);

const input = (extra: Partial<MachineTreeInput> = {}): MachineTreeInput => ({
  model: 'a,board',
  compatible: ['a,board', 'riscv-virtio'],
  cpus,
  banks: [{ base: 0x8000_0000, length: 0x1_8000_0000, offset: 0 }],
  placements: [
    ...place('plic0', plic, { registers: 0xc00_0000 }),
    ...place('aplic0', aplic, { registers: 0xd00_0000 }),
    // The bus sorts by address; `reg` follows the device.
    ...place('flash0', flash, { low: 0x3000_0000, high: 0x1_0000_1000 }).reverse(),
    ...place('uart0', uart, { registers: 0x1000_0000 }),
    ...place('ghost', hidden, { registers: 0x10 }),
  ],
  interrupts: [
    { part: 'flash0', name: 'error', controller: 'aplic0', line: 6 },
    { part: 'flash0', name: 'done', controller: 'plic0', line: 5 },
    { part: 'uart0', name: 'irq', controller: 'plic0', line: 10 },
  ],
  ...extra,
});

const child = (node: DeviceTreeNode | undefined, name: string): DeviceTreeNode | undefined =>
  node?.children?.find((one) => one.name === name);

describe('machineTree', () => {
  it('places devices below /soc with reg, interrupts and a label', () => {
    const soc = child(machineTree(input()), 'soc');
    expect(soc?.children?.map((node) => node.name)).toEqual([
      'plic@c000000',
      'interrupt-controller@d000000',
      'flash@30000000',
      'serial@10000000',
    ]);
    expect(child(soc, 'serial@10000000')).toEqual({
      name: 'serial@10000000',
      label: 'uart0',
      properties: {
        compatible: 'ns16550a',
        reg: [0, 0x1000_0000, 0, 0x100],
        'interrupt-parent': [{ phandle: 'plic0' }],
        interrupts: [10],
      },
    });
    expect(child(soc, 'interrupt-controller@d000000')?.label).toBe('aplic');
  });

  it('orders regions and interrupts as the device does, and names both controllers when there are two', () => {
    const node = child(child(machineTree(input()), 'soc'), 'flash@30000000');
    expect(node?.properties).toEqual({
      reg: [0, 0x3000_0000, 0, 0x200, 1, 0x1000, 0, 0x1000],
      'interrupts-extended': [{ phandle: 'plic0' }, 5, { phandle: 'aplic' }, 6, 4],
    });
  });

  it('gives each device of a part its node, and lets the first stand for the part', () => {
    const node = (label: string): DeviceTreeNode => ({
      name: 'interrupt-controller',
      label,
      properties: { '#interrupt-cells': 2 },
    });
    const [first, second] = ['files', 'files-machine'].map((label) =>
      device([region(label, 0x1000)], { deviceTree: node(label) }),
    );
    const tree = machineTree(
      input({
        placements: [
          ...place('files0', first, { files: 0x2800_0000 }),
          ...place('files0', second, { 'files-machine': 0x2400_0000 }),
          ...place('uart0', uart, { registers: 0x1000_0000 }),
        ],
        interrupts: [{ part: 'uart0', name: 'irq', controller: 'files0', line: 10 }],
        aliases: { intc: 'files0' },
      }),
    );
    const soc = child(tree, 'soc');
    expect(child(soc, 'interrupt-controller@28000000')?.label).toBe('files');
    expect(child(soc, 'interrupt-controller@24000000')).toMatchObject({
      label: 'files-machine',
      properties: { reg: [0, 0x2400_0000, 0, 0x1000] },
    });
    expect(child(soc, 'serial@10000000')?.properties['interrupt-parent']).toEqual([{ phandle: 'files' }]);
    expect(child(tree, 'aliases')?.properties['intc']).toBe('/soc/interrupt-controller@28000000');
  });

  it('describes memory above 4 GiB, the console, the initrd and the command line', () => {
    const tree = machineTree(
      input({
        aliases: { serial0: 'uart0', other: '/soc' },
        chosen: {
          commandLine: 'root=/dev/vda',
          stdoutPath: 'uart0:115200n8',
          initrd: { base: 0x8800_0000, length: 0x1234 },
          rngSeed: new Uint8Array([1, 2]),
        },
        extraNodes: [{ name: 'reboot', properties: { compatible: 'syscon-reboot', regmap: [{ phandle: 'plic0' }] } }],
      }),
    );
    expect(child(tree, 'memory@80000000')?.properties['reg']).toEqual([0, 0x8000_0000, 1, 0x8000_0000]);
    expect(child(tree, 'aliases')?.properties).toEqual({ serial0: '/soc/serial@10000000', other: '/soc' });
    expect(child(tree, 'chosen')?.properties).toEqual({
      bootargs: 'root=/dev/vda',
      'stdout-path': '/soc/serial@10000000:115200n8',
      'linux,initrd-start': 0x8800_0000n,
      'linux,initrd-end': 0x8800_1234n,
      'rng-seed': new Uint8Array([1, 2]),
    });
    expect(parse(compile(toSource(tree))).root.children.map((node) => node.name)).toEqual(
      parse(flatten(tree)).root.children.map((node) => node.name),
    );
  });

  it('passes an alias in stdout-path through', () => {
    const tree = machineTree(input({ chosen: { stdoutPath: 'serial0:115200n8' } }));
    expect(child(tree, 'chosen')?.properties['stdout-path']).toBe('serial0:115200n8');
  });

  it('refuses an alias of, or an interrupt to, what is not in the tree', () => {
    expect(() => machineTree(input({ aliases: { serial0: 'ghost' } }))).toThrow(/alias serial0 stands for ghost/);
    const interrupts = [{ part: 'uart0', name: 'irq', controller: 'ghost', line: 1 }];
    expect(() => machineTree(input({ interrupts }))).toThrow(/interrupt irq of uart0 goes to ghost/);
  });
});
