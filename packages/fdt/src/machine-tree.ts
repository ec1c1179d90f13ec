import type {
  Cell,
  Device,
  DeviceTreeNode,
  DeviceTreeValue,
  InterruptRoute,
  MemoryBank,
  Placement,
} from '@vivarium/contracts';
import { errors } from './errors.ts';

/** Where the initial RAM disk lies. Guest-physical address and bytes. */
export interface InitrdRange {
  readonly base: number;
  readonly length: number;
}

/** What the machine hands to its operating system beside the hardware (`/chosen`, section 3.6). */
export interface ChosenInput {
  /** `bootargs`, the kernel's command line. */
  readonly commandLine?: string;
  /** Part id, alias or path of the console, optionally followed by `:` and its settings. */
  readonly stdoutPath?: string;
  readonly initrd?: InitrdRange;
  /** Bytes that the guest mixes into its random number generator. */
  readonly rngSeed?: Uint8Array;
}

/** Everything a machine's tree is composed of. */
export interface MachineTreeInput {
  readonly model: string;
  readonly compatible: readonly string[];
  /** The `/cpus` node of the core. Harts' interrupt controllers have the labels `cpu<hartid>-intc`. */
  readonly cpus: DeviceTreeNode;
  readonly banks: readonly MemoryBank[];
  readonly placements: readonly Placement[];
  readonly interrupts: readonly InterruptRoute[];
  readonly chosen?: ChosenInput;
  /** Alias → part id or path, for example `{ serial0: 'uart0' }`. */
  readonly aliases?: Readonly<Record<string, string>>;
  /** Put below the root as they are. */
  readonly extraNodes?: readonly DeviceTreeNode[];
}

interface PlacedDevice {
  readonly part: string;
  readonly device: Device;
  readonly node: DeviceTreeNode;
  readonly base: number;
  readonly reg: readonly number[];
}

const pair = (value: number): readonly [number, number] => [Math.floor(value / 2 ** 32), value % 2 ** 32];

const unitName = (name: string, address: number): string => `${name}@${address.toString(16)}`;

/** Devices that want to be in the tree, in the order of the bus, their `reg` in the order of their regions. */
const placedDevices = (placements: readonly Placement[]): readonly PlacedDevice[] => {
  const byDevice = Map.groupBy(placements, (placement) => placement.device);
  return [...byDevice].flatMap(([device, own]) => {
    const node = device.deviceTree;
    const part = own[0]?.part;
    if (part === undefined || node === undefined) {
      return [];
    }
    const ordered = device.regions.flatMap((region) =>
      own.filter((placement) => placement.region.name === region.name),
    );
    const reg = ordered.flatMap(({ base, region }) => [...pair(base), ...pair(region.length)]);
    return [{ part, device, node, base: ordered[0]?.base ?? 0, reg }];
  });
};

const labelOf = ({ part, node }: PlacedDevice): string => node.label ?? part;

/** Interrupt cells of one line as the controller's `#interrupt-cells` asks: the line, and level-high where it fits. */
const interruptCells = (controller: PlacedDevice, line: number): readonly number[] =>
  controller.node.properties['#interrupt-cells'] === 2 ? [line, 4] : [line];

const interruptProperties = (
  own: PlacedDevice,
  devices: ReadonlyMap<string, PlacedDevice>,
  interrupts: readonly InterruptRoute[],
): Record<string, DeviceTreeValue> => {
  // A nexus (section 2.4.3) says itself where the interrupts of its children go, and has none of its own.
  if (own.node.properties['interrupt-map'] !== undefined) {
    return {};
  }
  const routes = (own.device.interrupts ?? []).flatMap((name) =>
    interrupts.filter((route) => route.part === own.part && route.name === name),
  );
  const wired = routes.map((route) => {
    const controller = devices.get(route.controller);
    if (controller === undefined) {
      throw errors.make(
        'VIV_FDT_REFERENCE',
        `interrupt ${route.name} of ${own.part} goes to ${route.controller}, which has no device tree node`,
      );
    }
    return { controller, cells: interruptCells(controller, route.line) };
  });
  const [first] = wired;
  if (first === undefined) {
    return {};
  }
  if (wired.every(({ controller }) => controller === first.controller)) {
    return {
      'interrupt-parent': [{ phandle: labelOf(first.controller) }],
      interrupts: wired.flatMap(({ cells }) => cells),
    };
  }
  return {
    'interrupts-extended': wired.flatMap(({ controller, cells }): Cell[] => [
      { phandle: labelOf(controller) },
      ...cells,
    ]),
  };
};

const deviceNode = (
  own: PlacedDevice,
  devices: ReadonlyMap<string, PlacedDevice>,
  interrupts: readonly InterruptRoute[],
): DeviceTreeNode => ({
  ...own.node,
  name: unitName(own.node.name, own.base),
  label: labelOf(own),
  // What a node says itself wins: a host bridge has regions that are not its registers.
  properties: { reg: own.reg, ...interruptProperties(own, devices, interrupts), ...own.node.properties },
});

const memoryNode = (bank: MemoryBank): DeviceTreeNode => ({
  name: unitName('memory', bank.base),
  properties: { device_type: 'memory', reg: [...pair(bank.base), ...pair(bank.length)] },
});

const chosenNode = (chosen: ChosenInput, pathOf: (name: string) => string | undefined): DeviceTreeNode => {
  const properties: Record<string, DeviceTreeValue> = {};
  if (chosen.commandLine !== undefined) {
    properties['bootargs'] = chosen.commandLine;
  }
  if (chosen.stdoutPath !== undefined) {
    const [name = '', ...settings] = chosen.stdoutPath.split(':');
    properties['stdout-path'] = [pathOf(name) ?? name, ...settings].join(':');
  }
  if (chosen.initrd !== undefined) {
    properties['linux,initrd-start'] = BigInt(chosen.initrd.base);
    properties['linux,initrd-end'] = BigInt(chosen.initrd.base + chosen.initrd.length);
  }
  if (chosen.rngSeed !== undefined) {
    properties['rng-seed'] = chosen.rngSeed;
  }
  return { name: 'chosen', properties };
};

const aliasNodes = (
  aliases: Readonly<Record<string, string>>,
  pathOf: (name: string) => string | undefined,
): readonly DeviceTreeNode[] => {
  const entries = Object.entries(aliases).map(([alias, target]): [string, string] => {
    const path = target.startsWith('/') ? target : pathOf(target);
    if (path === undefined) {
      throw errors.make('VIV_FDT_REFERENCE', `alias ${alias} stands for ${target}, which has no device tree node`);
    }
    return [alias, path];
  });
  return entries.length === 0 ? [] : [{ name: 'aliases', properties: Object.fromEntries(entries) }];
};

/**
 * Composes the tree of a machine from its parts (Devicetree Specification 0.4, chapter 3): each placed device with a
 * node of its own becomes `/soc/<name>@<base>` with `reg`, `interrupts` and, unless it chose one, its part id as
 * label. Of a part with several devices in the tree, aliases and interrupt routes mean the first. Throws `VIV_FDT_REFERENCE` for an alias or interrupt route to a device that is not in the tree.
 */
export const machineTree = (input: MachineTreeInput): DeviceTreeNode => {
  const placed = placedDevices(input.placements);
  // Of several devices of one part, the first stands for it.
  const devices = new Map(placed.toReversed().map((device) => [device.part, device]));
  const pathOf = (name: string): string | undefined => {
    const device = devices.get(name);
    return device === undefined ? undefined : `/soc/${unitName(device.node.name, device.base)}`;
  };
  return {
    name: '',
    properties: {
      '#address-cells': 2,
      '#size-cells': 2,
      compatible: input.compatible,
      model: input.model,
    },
    children: [
      ...aliasNodes(input.aliases ?? {}, pathOf),
      chosenNode(input.chosen ?? {}, pathOf),
      ...input.banks.map(memoryNode),
      input.cpus,
      {
        name: 'soc',
        properties: { '#address-cells': 2, '#size-cells': 2, compatible: 'simple-bus', ranges: true },
        children: placed.map((device) => deviceNode(device, devices, input.interrupts)),
      },
      ...(input.extraNodes ?? []),
    ],
  };
};
