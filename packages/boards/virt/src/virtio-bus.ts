import { charPipe } from '@vivarium/char-pipe';
import { type PartSpec, VirtioDeviceToken } from '@vivarium/contracts';
import { PIN_NAMES, pcieHost } from '@vivarium/device-pcie-host';
import { virtioMmio } from '@vivarium/virtio-mmio';
import { virtioPci } from '@vivarium/virtio-pci';
import type { BoardDevice } from './board-device.ts';
import { diskDevice } from './disks.ts';
import { errors } from './errors.ts';
import { serviceDevices } from './guest-services.ts';
import { type InterruptWiring, wire } from './interrupt-wiring.ts';
import { INTERRUPT_LINES, MEMORY_MAP } from './memory-map.ts';
import { networkDevice } from './networks.ts';
import { MAXIMUM_VIRTIO, type VirtBoardOptions } from './options.ts';
import { portsDevice } from './ports.ts';
import { shareDevice } from './shares.ts';

const mmioSlot = (slot: number, wiring: InterruptWiring): Partial<PartSpec> => ({
  regions: { registers: MEMORY_MAP.virtio.base + slot * MEMORY_MAP.virtio.length },
  interrupts: { interrupt: wire(wiring, INTERRUPT_LINES.virtio + slot) },
});

/** The host bridge; a machine without functions has none. */
const bridge = (wiring: InterruptWiring): PartSpec => {
  const { pcieEcam, pcieMmio, pcieIo } = MEMORY_MAP;
  const { trigger, messages } = wiring;
  const lines = PIN_NAMES.map((_, pin) => wire(wiring, INTERRUPT_LINES.pcie + pin));
  return {
    id: 'pcie',
    plugin: pcieHost,
    options: {
      ecam: pcieEcam.base,
      memory: pcieMmio,
      io: pcieIo,
      interrupts: lines.map((line) => ({ ...line, ...(trigger === undefined ? {} : { trigger }) })),
      ...(messages === undefined ? {} : { messages }),
    },
    regions: { ecam: pcieEcam.base, memory: pcieMmio.base, io: pcieIo.base },
    interrupts: Object.fromEntries(PIN_NAMES.map((name, pin) => [name, lines[pin] ?? wire(wiring, 0)])),
  };
};

/** The virtio devices in the order of their places, so that disks and cards keep their names when others come. */
const devicesOf = (options: VirtBoardOptions): readonly BoardDevice[] => {
  const { disks = [], networks = [], shares = [], ports = [], virtio = [] } = options;
  const others = [...serviceDevices(options), ...virtio];
  return [
    ...disks.map(diskDevice),
    ...networks.map(networkDevice),
    ...shares.map(shareDevice),
    ...(ports.length === 0 ? [] : [portsDevice(ports, { id: 'hvc0', plugin: charPipe })]),
    ...others.map((device) => ({ backends: [], device })),
  ];
};

/** Each virtio device behind a transport of its own, on the bus that the options name. Throws `VIV_BOARD_VIRTIO`. */
export const virtioParts = (options: VirtBoardOptions, wiring: InterruptWiring): readonly PartSpec[] => {
  const { virtioBus = 'mmio', rings, slots = 0 } = options;
  const devices = devicesOf(options);
  const backends = devices.flatMap((each) => each.backends);
  const virtio = devices.map(({ device }) => device);
  if (!Number.isInteger(slots) || slots < 0 || slots > MAXIMUM_VIRTIO.pci) {
    throw errors.make('VIV_BOARD_VIRTIO', `the pci bus takes 0 to ${MAXIMUM_VIRTIO.pci} hot-plug slots, not ${slots}`);
  }
  const most = MAXIMUM_VIRTIO[virtioBus] - (virtioBus === 'pci' ? slots : 0);
  if (virtio.length > most) {
    throw errors.make('VIV_BOARD_VIRTIO', `the ${virtioBus} bus takes ${most} virtio devices, not ${virtio.length}`);
  }
  const parts = virtio.flatMap((device, slot): PartSpec[] => [
    device,
    {
      id: `virtio${slot}`,
      plugin: virtioBus === 'mmio' ? virtioMmio : virtioPci,
      ...(rings === undefined ? {} : { options: rings }),
      ...(virtioBus === 'mmio' ? mmioSlot(slot, wiring) : {}),
      use: { [VirtioDeviceToken.name]: device.id },
    },
  ]);
  const functions = slots > 0 || (virtioBus === 'pci' && parts.length > 0);
  return [...backends, ...parts, ...(functions ? [bridge(wiring)] : [])];
};
