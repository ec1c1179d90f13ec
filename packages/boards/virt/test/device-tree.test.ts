import { bind, CONTRACTS_MAJOR, DeviceToken, definePlugin, FirmwareToken } from '@vivarium/contracts';
import { type FlattenedNode, parse } from '@vivarium/fdt';
import { assemble } from '@vivarium/kernel';
import { describe, expect, it } from 'vitest';
import { pipeConsole, type VirtBoardOptions, virtBoard } from '../src/index.ts';
import { assembleProgram, qemuDeviceTree } from './programs.ts';

const MIB = 1024 * 1024;
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
