import type {
  AccessWidth,
  Cell,
  Device,
  DeviceTreeNode,
  InterruptLine,
  MmioRegion,
  PciFunction,
  PciTarget,
} from '@vivarium/contracts';
import { decode, Endpoint } from '@vivarium/pci';

/** Enhanced configuration access (PCI Express Base 5.0, section 7.2.2): bus, device, function, register. */
const FUNCTION_SHIFT = 12;
const DEVICE_SHIFT = 15;
const BUS_SHIFT = 20;
const DEVICES = 32;
const ECAM_LENGTH = 2 ** (BUS_SHIFT + 8);
export const PIN_NAMES = ['inta', 'intb', 'intc', 'intd'] as const;
const PINS = PIN_NAMES.length;

/** Spaces in the first cell of a PCI address (IEEE Std 1275, PCI bus binding, section 2.2.1.1). */
const SPACE_IO = 0x0100_0000;
const SPACE_MEMORY_32 = 0x0200_0000;

/** The bridge itself, as QEMU's generic one. */
const BRIDGE = {
  vendorId: 0x1b36,
  deviceId: 0x0008,
  classCode: 0x06_0000,
  subsystemVendorId: 0x1af4,
  subsystemId: 0x1100,
};

/** Where a pin goes; `trigger` where the controller's interrupts have two cells. */
export interface PcieWire {
  readonly controller: string;
  readonly line: number;
  readonly trigger?: number | undefined;
}

/** Where the board put the windows, and where the pins of slot 0 go. */
export interface PcieWindows {
  readonly ecam: number;
  readonly memory: { readonly base: number; readonly length: number };
  readonly io: { readonly base: number; readonly length: number };
  readonly interrupts: readonly PcieWire[];
  /** Label of the node that takes messages. */
  readonly messages?: string | undefined;
}

/** What {@link PcieHost} is made of. */
export interface PcieHostParts {
  readonly functions: readonly PciFunction[];
  readonly windows: PcieWindows;
  /** INTA# to INTD# of the bus. */
  readonly pins: readonly InterruptLine[];
  /** Carries out a message-signalled interrupt: a write to the system bus. */
  readonly message: (address: bigint, data: number) => void;
  readonly label: string;
}

/** A line that several functions pull. */
class SharedPin {
  readonly #line: InterruptLine;
  readonly #pulling = new Set<number>();

  constructor(line: InterruptLine) {
    this.#line = line;
  }

  set(device: number, level: boolean): void {
    if (level) this.#pulling.add(device);
    else this.#pulling.delete(device);
    this.#line.set(this.#pulling.size > 0);
  }
}

/**
 * Generic host bridge: bus 0 with all the functions, configuration by ECAM, a memory window and an I/O window. What is
 * behind bridges on that bus is theirs to say.
 */
export class PcieHost implements Device {
  readonly interrupts = PIN_NAMES;
  readonly regions: readonly MmioRegion[];
  readonly deviceTree: DeviceTreeNode;
  /** By device number; the bridge is device 0. */
  readonly #functions: readonly PciFunction[];

  constructor({ functions, windows, pins, message, label }: PcieHostParts) {
    this.#functions = [new Endpoint({ identity: BRIDGE, pin: false }), ...functions].slice(0, DEVICES);
    const shared = pins.map((line) => new SharedPin(line));
    for (const [device, each] of this.#functions.entries()) {
      // The swizzle of section 2.2.6 (PCI Local Bus 3.0): INTA# of device n is pin n of the bus, modulo 4.
      const pin = shared[device % PINS];
      each.attach({ interrupt: { set: (level) => pin?.set(device, level) }, message });
    }
    this.regions = [
      {
        name: 'ecam',
        length: ECAM_LENGTH,
        read: (offset, width) => this.#at(offset)?.readConfig(offset & 0xfff, width) ?? ALL_ONES[width],
        write: (offset, width, value) => this.#at(offset)?.writeConfig(offset & 0xfff, width, value),
      },
      this.#window('memory', windows.memory.base, windows.memory.length),
      // Addresses in I/O space start at 0, wherever the window is.
      this.#window('io', 0, windows.io.length),
    ];
    this.deviceTree = treeNode(windows, label);
  }

  reset(): void {
    for (const each of this.#functions) each.reset();
  }

  #at(offset: number): PciFunction | undefined {
    // Functions of one device but the first are nowhere.
    if (((offset >>> FUNCTION_SHIFT) & 7) !== 0) return undefined;
    const bus = offset >>> BUS_SHIFT;
    const device = (offset >>> DEVICE_SHIFT) & (DEVICES - 1);
    if (bus === 0) return this.#functions[device];
    for (const each of this.#functions) {
      const found = each.bridge?.function(bus, device);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #window(kind: 'memory' | 'io', base: number, length: number): MmioRegion {
    const find = (offset: number, width: number): PciTarget | undefined =>
      decode(this.#functions, kind, base + offset, width);
    return {
      name: kind,
      length,
      read: (offset, width) => {
        const found = find(offset, width);
        return found === undefined ? ALL_ONES[width] : found.region.read(found.at, width);
      },
      write: (offset, width, value) => {
        const found = find(offset, width);
        found?.region.write(found.at, width, value);
      },
    };
  }
}

/** What a read gives that nobody answers. */
const ALL_ONES: Readonly<Record<AccessWidth, number>> = { 1: 0xff, 2: 0xffff, 4: 0xffff_ffff };

const pair = (value: number): readonly number[] => [Math.floor(value / 2 ** 32), value % 2 ** 32];

/** Binding: Documentation/devicetree/bindings/pci/host-generic-pci.yaml of Linux. */
const treeNode = ({ ecam, memory, io, interrupts, messages }: PcieWindows, label: string): DeviceTreeNode => {
  const map: Cell[] = [];
  for (let device = 0; device < PINS; device++) {
    for (let pin = 0; pin < PINS; pin++) {
      const wire = interrupts[(device + pin) % PINS];
      if (wire === undefined) continue;
      map.push(device << (DEVICE_SHIFT - 4), 0, 0, pin + 1, { phandle: wire.controller }, wire.line);
      if (wire.trigger !== undefined) map.push(wire.trigger);
    }
  }
  return {
    name: 'pci',
    label,
    properties: {
      compatible: 'pci-host-ecam-generic',
      device_type: 'pci',
      '#address-cells': 3,
      '#size-cells': 2,
      '#interrupt-cells': 1,
      'linux,pci-domain': 0,
      'bus-range': [0, 0xff],
      'dma-coherent': true,
      ...(messages === undefined ? {} : { 'msi-parent': [{ phandle: messages }] }),
      // Configuration space alone; the windows are in `ranges`.
      reg: [...pair(ecam), ...pair(ECAM_LENGTH)],
      ranges: [
        ...[SPACE_IO, 0, 0, ...pair(io.base), ...pair(io.length)],
        ...[SPACE_MEMORY_32, ...pair(memory.base), ...pair(memory.base), ...pair(memory.length)],
      ],
      'interrupt-map-mask': [(PINS - 1) << (DEVICE_SHIFT - 4), 0, 0, 7],
      'interrupt-map': map,
    },
  };
};
