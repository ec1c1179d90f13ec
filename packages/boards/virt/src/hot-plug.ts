import { PciFunctionToken, type PartSpec, PciSlotToken, VirtioDeviceToken } from '@vivarium/contracts';
import { pciPlug } from '@vivarium/device-pci-plug';
import { pciePort } from '@vivarium/device-pcie-port';
import { virtioPci } from '@vivarium/virtio-pci';
import type { BoardDevice } from './board-device.ts';
import { diskDevice, type VirtDisk } from './disks.ts';
import { networkDevice, type VirtNetwork } from './networks.ts';

/** Where a device is plugged in, and what its parts are called after. */
export interface VirtPlace {
  /** Letters, digits and `-`, at most 32; unique among what is plugged in. */
  readonly name: string;
  /** Part id of a hot-plug slot: `slot0` to one less than the board's `slots`. */
  readonly slot: string;
}

/** `slot0` and so on, the first functions of the bus. */
export const slotParts = (slots: number): readonly PartSpec[] =>
  Array.from({ length: slots }, (_, index) => ({
    id: `slot${index}`,
    plugin: pciePort,
    options: { number: index + 1 },
  }));

/** Address of a slot's port in the guest, in the way of Linux. */
export const slotAddress = (slot: string): string => {
  const device = Number(slot.replace(/^slot/, '')) + 1;
  return `0000:00:${device.toString(16).padStart(2, '0')}.0`;
};

const plugged = ({ backends, device }: BoardDevice, { name, slot }: VirtPlace): readonly PartSpec[] => {
  const transport = `virtio.${name}`;
  return [
    ...backends,
    device,
    { id: transport, plugin: virtioPci, use: { [VirtioDeviceToken.name]: device.id } },
    { id: `plug.${name}`, plugin: pciPlug, use: { [PciFunctionToken.name]: transport, [PciSlotToken.name]: slot } },
  ];
};

/** The parts by which a disk joins a board that runs: for `add` of its machine. */
export const pluggedDisk = (disk: VirtDisk, place: VirtPlace): readonly PartSpec[] =>
  plugged(diskDevice(disk, `.${place.name}`), place);

/** The parts by which a network card does. */
export const pluggedNetwork = (network: VirtNetwork, place: VirtPlace): readonly PartSpec[] =>
  plugged(networkDevice(network, `.${place.name}`), place);
