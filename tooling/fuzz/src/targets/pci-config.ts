import type { AccessWidth } from '@vivarium/contracts';
import { PcieHost, type PcieHostParts } from '@vivarium/device-pcie-host';
import { Endpoint } from '@vivarium/pci';
import { fakeInterrupt, fakeMemory } from '@vivarium/testkit';
import { PciTransport } from '@vivarium/virtio-transport';
import { seededEntropy, VirtioRng } from '@vivarium/virtio-rng';
import { Choices } from '../engine/choices.ts';
import { type FuzzTarget, must, type See } from '../engine/target.ts';

const MEMORY = { base: 0x4000_0000, length: 0x4000_0000 };
const IO = { base: 0x300_0000, length: 0x1_0000 };
const FUNCTIONS = 4;
const WIDTHS = [4, 2, 1] as const;
const LARGEST: Readonly<Record<AccessWidth, number>> = { 1: 0xff, 2: 0xffff, 4: 0xffff_ffff };

/** A bridge with two virtio functions and one of another kind, with memory and I/O. */
const machine = () => {
  const memory = fakeMemory({ size: 64 * 1024, privateSize: 0 });
  const failures: string[] = [];
  const messages: bigint[] = [];
  const virtio = (): PciTransport =>
    new PciTransport({
      device: new VirtioRng(() => seededEntropy(1)),
      rings: { packed: true },
      memory,
      defer: () => {},
      violation: () => {},
      failed: (hook, error) => void failures.push(`${hook}: ${String(error)}`),
    });
  const registers = (name: string, length: number) => {
    const bytes = new Uint8Array(length);
    return {
      name,
      length,
      read: (offset: number, width: AccessWidth) => {
        must(offset % width === 0 && offset >= 0 && offset + width <= length, `${name} must be read inside of its BAR`);
        return bytes[offset] ?? 0;
      },
      write: (offset: number, width: AccessWidth, value: number) => {
        must(
          offset % width === 0 && offset >= 0 && offset + width <= length,
          `${name} must be written inside of its BAR`,
        );
        must(Number.isInteger(value) && value >= 0 && value <= LARGEST[width], 'a value must fit its width');
        bytes[offset] = value & 0xff;
      },
    };
  };
  const other = new Endpoint({
    identity: { vendorId: 0x1234, deviceId: 0x11e8, classCode: 0xff_0000 },
    bars: [
      { index: 0, kind: 'memory', region: registers('registers', 4096) },
      { index: 1, kind: 'io', region: registers('ports', 32) },
    ],
    msix: { bar: 2, vectors: 4 },
  });
  const pins = [0, 1, 2, 3].map(() => fakeInterrupt());
  const windows: PcieHostParts['windows'] = {
    ecam: 0x3000_0000,
    memory: MEMORY,
    io: IO,
    interrupts: pins.map((_pin, line) => ({ controller: 'plic', line: 32 + line })),
  };
  const message = (address: bigint): void => void messages.push(address);
  const host = new PcieHost({ functions: [virtio(), virtio(), other], windows, pins, message, label: 'pcie' });
  host.reset();
  return { host, failures, other };
};

type Machine = ReturnType<typeof machine>;

/** Where functions are, as configuration space says, and around. */
const addressIn = (kind: 'memory' | 'io', { host }: Machine, choices: Choices): number => {
  const [ecam] = host.regions;
  const bar = ecam?.read(((1 + choices.below(3)) << 15) | (0x10 + 4 * choices.below(6)), 4) ?? 0;
  const inside = (bar & ~0xf) + choices.below(0x8000);
  const base = kind === 'memory' ? MEMORY.base : 0;
  return choices.rarely(4) ? choices.u32() : inside - base;
};

const act = (subject: Machine, choices: Choices, see: See): void => {
  const { host, other } = subject;
  const [ecam, memory, io] = host.regions;
  const what = choices.below(10);
  const width = choices.pick(WIDTHS);
  const value =
    (choices.rarely(3)
      ? choices.u32()
      : choices.pick([0xffff_ffff, 0, 6, 7, 0x4000_0000, 0x4000_4000, 0x7fff_f000, 0x1000, 1, 0x8000])) &
    LARGEST[width];
  if (what === 9) {
    if (choices.rarely(2)) host.reset();
    else if (choices.byte() % 2 === 0) other.signal(choices.byte());
    else other.setInterrupt(choices.rarely(2));
    return;
  }
  let region = ecam;
  let offset =
    (choices.below(FUNCTIONS + 1) << 15) |
    (choices.pick([0x10, 4, 0x14, 0x18, 0x1c, 0x20, 0x34, 0x3c, 0x40]) + choices.below(4));
  if (choices.rarely(3))
    offset = (choices.below(FUNCTIONS + 1) << 15) | (choices.rarely(3) ? choices.below(4096) : choices.byte());
  if (choices.rarely(12)) offset = choices.u32();
  if (what >= 6) {
    region = what === 8 ? io : memory;
    offset = addressIn(what === 8 ? 'io' : 'memory', subject, choices);
  }
  offset = Math.floor((offset >>> 0) / width) * width;
  // The system bus lets nothing past the end of a region.
  if (region === undefined || offset + width > region.length) return;
  if (!choices.rarely(3)) region.write(offset, width, value >>> 0);
  const read = region.read(offset, width);
  must(
    Number.isInteger(read) && read >= 0 && read <= LARGEST[width],
    `a read of ${width} bytes must fit, and was ${read}`,
  );
  see(`${region.name} ${read === LARGEST[width] ? 'ones' : read === 0 ? 'zero' : 'value'}`);
};

/** Configuration space, windows and BARs of a PCI Express bridge, as a hostile guest accesses them. */
export const pciConfig: FuzzTarget = {
  covers: ['packages/devices/pcie-host', 'packages/pci', 'packages/virtio-transport'],
  run: (program, see) => {
    const subject = machine();
    for (const action of program) act(subject, new Choices(action), see);
    must(subject.failures.length === 0, `nothing may be thrown: ${subject.failures.join('; ')}`);
    subject.host.reset();
    const [ecam, memory] = subject.host.regions;
    // After a reset the bus can be enumerated, sized and used as at first.
    must(ecam?.read(1 << 15, 4) === 0x1044_1af4, 'a function must be where it was after a reset');
    ecam?.write((3 << 15) | 0x10, 4, 0xffff_ffff);
    must(ecam?.read((3 << 15) | 0x10, 4) === 0xffff_f000, 'a BAR must be sized after a reset');
    ecam?.write((3 << 15) | 0x10, 4, MEMORY.base);
    ecam?.write((3 << 15) | 4, 2, 2);
    memory?.write(16, 4, 0x55);
    must(memory?.read(16, 4) === 0x55, 'a BAR must be decoded after a reset');
  },
};
