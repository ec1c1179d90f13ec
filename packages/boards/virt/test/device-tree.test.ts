import {
  bind,
  CONTRACTS_MAJOR,
  DeviceToken,
  definePlugin,
  FirmwareToken,
  VirtioDeviceToken,
} from '@vivarium/contracts';
import { type FlattenedNode, parse } from '@vivarium/fdt';
import { assemble } from '@vivarium/kernel';
import { describe, expect, it } from 'vitest';
import { pipeConsole, type VirtBoardOptions, virtBoard } from '../src/index.ts';
import { assembleProgram, qemuDeviceTree } from './programs.ts';

const MIB = 1024 * 1024;
/** Makes a bus necessary, and does nothing. */
const idle = definePlugin({
  name: 'idle',
  version: '1.0.0',
  api: CONTRACTS_MAJOR,
  provides: [VirtioDeviceToken],
  setup: () => ({
    provides: [
      bind(VirtioDeviceToken, {
        deviceId: 4,
        kind: 'entropy',
        features: 0n,
        queueSizes: [],
        config: { length: 0, read: () => 0 },
        activate: () => {},
        notified: () => {},
        reset: () => {},
      }),
    ],
  }),
});
const bios = assembleProgram('.globl _start\n_start: j _start\n', 0x8000_0000);

const treeOf = async (options: Partial<VirtBoardOptions>): Promise<FlattenedNode> => {
  await using machine = await assemble(virtBoard({ boot: { kind: 'bios', bios }, ...options }));
  await machine.start();
  const { layout } = machine.get(FirmwareToken);
  return parse(layout?.deviceTree.blob ?? new Uint8Array(0)).root;
};

const child = (node: FlattenedNode | undefined, name: string): FlattenedNode | undefined =>
  node?.children.find((one) => one.name === name);

const cells = (value: Uint8Array | undefined): readonly number[] => {
  const view = new DataView(value?.buffer ?? new ArrayBuffer(0));
  return Array.from({ length: view.byteLength / 4 }, (_, index) => view.getUint32(index * 4));
};

const text = (value: Uint8Array | undefined): string => new TextDecoder().decode(value);

/** Path of the node with a phandle: what two trees with other phandles can be compared by. */
const pathOf = (root: FlattenedNode, phandle: number): string | undefined => {
  const search = (node: FlattenedNode, path: string): string | undefined => {
    const own = node.properties['phandle'];
    if (own !== undefined && cells(own)[0] === phandle) {
      return path;
    }
    for (const one of node.children) {
      const found = search(one, `${path}/${one.name}`);
      if (found !== undefined) {
        return found;
      }
    }
    return undefined;
  };
  return search(root, '');
};

/** `interrupts-extended` as paths and interrupt numbers, in any order: QEMU lists its harts backwards. */
const extended = (root: FlattenedNode, value: Uint8Array | undefined): readonly string[] => {
  const list = cells(value);
  return list.flatMap((cell, index) => (index % 2 === 0 ? [`${pathOf(root, cell)} ${list[index + 1]}`] : [])).sort();
};

describe('the device tree', () => {
  it('says of each device that QEMU has, too, what QEMU says', async () => {
    const theirs = parse(qemuDeviceTree(4, 512)).root;
    const ours = await treeOf({ cpus: 4, memory: 512 * MIB });
    const soc = child(ours, 'soc');
    const theirSoc = child(theirs, 'soc');
    const common = soc?.children.filter(({ name }) => child(theirSoc, name) !== undefined) ?? [];
    expect(common.map(({ name }) => name).sort()).toEqual([
      'clint@2000000',
      'plic@c000000',
      'rtc@101000',
      'serial@10000000',
      'test@100000',
    ]);
    for (const node of common) {
      const other = child(theirSoc, node.name);
      for (const name of ['compatible', 'reg', 'interrupts', 'clock-frequency', '#interrupt-cells', '#address-cells']) {
        expect([node.name, name, node.properties[name]]).toEqual([node.name, name, other?.properties[name]]);
      }
      expect(extended(ours, node.properties['interrupts-extended'])).toEqual(
        extended(theirs, other?.properties['interrupts-extended']),
      );
      const parent = (root: FlattenedNode, one: FlattenedNode | undefined) =>
        one?.properties['interrupt-parent'] && pathOf(root, cells(one.properties['interrupt-parent'])[0] ?? 0);
      expect(parent(ours, node)).toBe(parent(theirs, other));
    }
    for (const name of ['#address-cells', '#size-cells', 'compatible', 'ranges']) {
      expect(soc?.properties[name]).toEqual(theirSoc?.properties[name]);
    }
    for (const name of ['#address-cells', '#size-cells', 'compatible']) {
      expect(ours.properties[name]).toEqual(theirs.properties[name]);
    }
    expect(child(ours, 'memory@80000000')?.properties['reg']).toEqual(
      child(theirs, 'memory@80000000')?.properties['reg'],
    );
    for (const name of ['poweroff', 'reboot']) {
      const [node, other] = [child(ours, name), child(theirs, name)];
      expect(node?.properties['value']).toEqual(other?.properties['value']);
      expect(node?.properties['offset']).toEqual(other?.properties['offset']);
      expect(node?.properties['compatible']).toEqual(other?.properties['compatible']);
      expect(pathOf(ours, cells(node?.properties['regmap'])[0] ?? 0)).toBe('/soc/test@100000');
    }
  });

  it.each([
    ['aplic', 'aplic', ['c000000', 'd000000']],
    ['aia', 'aplic-imsic', ['c000000', 'd000000', '24000000', '28000000']],
  ] as const)('says of the interrupt controllers of %s what QEMU says', async (interrupts, aia, addresses) => {
    const theirs = parse(qemuDeviceTree(4, 512, aia)).root;
    const ours = await treeOf({
      cpus: 4,
      memory: 512 * MIB,
      interrupts,
      virtioBus: 'pci',
      virtio: [{ id: 'idle', plugin: idle }],
    });
    const [soc, theirSoc] = [child(ours, 'soc'), child(theirs, 'soc')];
    // QEMU 7.2 has other names for the nodes, which newer bindings do not allow.
    const at = (node: FlattenedNode | undefined, address: string) =>
      node?.children.find(({ name }) => name.endsWith(`@${address}`));
    const position = (node: FlattenedNode, value: Uint8Array | undefined) =>
      value === undefined ? undefined : pathOf(node, cells(value)[0] ?? 0)?.split('@')[1];
    const delegation = (node: FlattenedNode, value: Uint8Array | undefined) =>
      value === undefined ? undefined : [position(node, value), ...cells(value).slice(1)];
    for (const address of addresses) {
      const [node, other] = [at(soc, address)?.properties, at(theirSoc, address)?.properties];
      for (const name of [
        'interrupt-controller',
        '#interrupt-cells',
        'riscv,num-sources',
        'riscv,num-ids',
        'msi-controller',
      ]) {
        expect([address, name, node?.[name]]).toEqual([address, name, other?.[name]]);
      }
      expect(cells(node?.['reg'])).toEqual(cells(other?.['reg']));
      const compatible = text(node?.['compatible']).split('\0');
      expect(compatible.slice(1)).toEqual(text(other?.['compatible']).split('\0'));
      for (const name of ['msi-parent', 'riscv,children']) {
        expect([address, name, position(ours, node?.[name])]).toEqual([address, name, position(theirs, other?.[name])]);
      }
      // The name of the binding, and the one from before there was a binding.
      for (const name of ['riscv,delegation', 'riscv,delegate']) {
        expect(delegation(ours, node?.[name])).toEqual(delegation(theirs, other?.['riscv,delegate']));
      }
      expect(extended(ours, node?.['interrupts-extended'])).toEqual(extended(theirs, other?.['interrupts-extended']));
    }
    for (const name of ['serial@10000000', 'rtc@101000']) {
      const [node, other] = [child(soc, name)?.properties, child(theirSoc, name)?.properties];
      expect(cells(node?.['interrupts'])).toEqual(cells(other?.['interrupts']));
      expect(position(ours, node?.['interrupt-parent'])).toBe(position(theirs, other?.['interrupt-parent']));
    }
    const [pci, theirPci] = [child(soc, 'pci@30000000')?.properties, child(theirSoc, 'pci@30000000')?.properties];
    expect(position(ours, pci?.['msi-parent'])).toBe(position(theirs, theirPci?.['msi-parent']));
    const phandles = (node: FlattenedNode, value: Uint8Array | undefined) =>
      cells(value).map((cell, index) => (index % 7 === 4 ? pathOf(node, cell)?.split('@')[1] : cell));
    expect(phandles(ours, pci?.['interrupt-map'])).toEqual(phandles(theirs, theirPci?.['interrupt-map']));
    const isa = (node: FlattenedNode) => text(child(child(node, 'cpus'), 'cpu@0')?.properties['riscv,isa']);
    for (const extension of ['_smaia', '_ssaia']) {
      expect(isa(ours).includes(extension)).toBe(isa(theirs).includes(extension));
    }
  });

  it('does not show machine level to a kernel that has its firmware in the host', async () => {
    const kernel = assembleProgram('.globl _start\n_start: j _start\n', 0x8020_0000);
    const soc = child(await treeOf({ interrupts: 'aia', boot: { kind: 'kernel', kernel } }), 'soc');
    const controllers = soc?.children.map(({ name }) => name).filter((name) => name.startsWith('interrupt-controller'));
    expect(controllers).toEqual(['interrupt-controller@28000000', 'interrupt-controller@d000000']);
  });

  it('has the harts that QEMU has, with the same time base', async () => {
    const theirs = child(parse(qemuDeviceTree(3, 256)).root, 'cpus');
    const ours = child(await treeOf({ cpus: 3 }), 'cpus');
    expect(ours?.properties['timebase-frequency']).toEqual(theirs?.properties['timebase-frequency']);
    for (const name of ['cpu@0', 'cpu@1', 'cpu@2']) {
      const [node, other] = [child(ours, name), child(theirs, name)];
      for (const property of ['device_type', 'reg', 'compatible', 'status']) {
        expect(node?.properties[property]).toEqual(other?.properties[property]);
      }
      const [controller, theirController] = [child(node, 'interrupt-controller'), child(other, 'interrupt-controller')];
      for (const property of ['#interrupt-cells', 'interrupt-controller', 'compatible']) {
        expect(controller?.properties[property]).toEqual(theirController?.properties[property]);
      }
    }
    expect(child(ours, 'cpu@3')).toBeUndefined();
  });

  it('lists further serial ports behind the first, each with a line of its own', async () => {
    const consoles = ['a', 'b', 'c', 'd'].map((id) => pipeConsole(id));
    const root = await treeOf({ consoles });
    const soc = child(root, 'soc');
    const lines = ['10000000', '10000100', '10000200', '10000300'].map((address) =>
      cells(child(soc, `serial@${address}`)?.properties['interrupts']),
    );
    expect(lines).toEqual([[10], [12], [13], [14]]);
    const aliases = child(root, 'aliases')?.properties;
    expect(Object.fromEntries(Object.entries(aliases ?? {}).map(([name, value]) => [name, text(value)]))).toEqual({
      serial0: '/soc/serial@10000000\0',
      serial1: '/soc/serial@10000100\0',
      serial2: '/soc/serial@10000200\0',
      serial3: '/soc/serial@10000300\0',
    });
    expect(text(child(root, 'chosen')?.properties['stdout-path'])).toBe('/soc/serial@10000000:115200n8\0');
  });

  it('has no serial port, alias or console when there is none', async () => {
    const root = await treeOf({ consoles: [] });
    expect(child(root, 'aliases')).toBeUndefined();
    expect(child(root, 'chosen')?.properties['stdout-path']).toBeUndefined();
    expect(child(root, 'soc')?.children.some(({ name }) => name.startsWith('serial'))).toBe(false);
  });

  it('finds a place and a line for devices that have none', async () => {
    const lamp = definePlugin({
      name: 'lamp',
      version: '1.0.0',
      api: CONTRACTS_MAJOR,
      provides: [DeviceToken],
      grants: ['interrupts'],
      setup: () => ({
        provides: [
          bind(DeviceToken, {
            regions: [{ name: 'registers', length: 0x1800, read: () => 0, write: () => {} }],
            interrupts: ['burnt-out'],
            reset: () => {},
            deviceTree: { name: 'lamp', properties: { compatible: 'example,lamp' } },
          }),
        ],
      }),
    });
    const soc = child(await treeOf({ devices: ['one', 'two'].map((id) => ({ id, plugin: lamp })) }), 'soc');
    const lamps = soc?.children.filter(({ name }) => name.startsWith('lamp'));
    expect(
      lamps?.map(({ name, properties }) => [name, cells(properties['reg']), cells(properties['interrupts'])]),
    ).toEqual([
      ['lamp@4000000', [0, 0x400_0000, 0, 0x1800], [16]],
      ['lamp@4002000', [0, 0x400_2000, 0, 0x1800], [17]],
    ]);
  });
});
