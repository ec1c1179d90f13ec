import { BlockBackendToken, type HostFile, type PartSpec } from '@vivarium/contracts';
import { storageRaw } from '@vivarium/storage-raw';
import { virtioBlk } from '@vivarium/virtio-blk';

/** A disk of the board. */
export interface VirtDisk {
  /** The image. Whoever opened it closes it, after the machine. */
  readonly file: HostFile;
  /** Default false. */
  readonly readOnly?: boolean;
  /** Up to 20 characters of ASCII, for the guest to tell disks apart. */
  readonly serial?: string;
}

/** The parts of the disks: backends, and the virtio devices on them, `disk0` first. */
export const diskParts = (
  disks: readonly VirtDisk[],
): { readonly backends: readonly PartSpec[]; readonly devices: readonly PartSpec[] } => ({
  backends: disks.map(({ file, readOnly = false }, index) => ({
    id: `image${index}`,
    plugin: storageRaw,
    options: { file, readOnly: readOnly || file.readOnly },
  })),
  devices: disks.map(({ readOnly = false, serial }, index) => ({
    id: `disk${index}`,
    plugin: virtioBlk,
    options: { readOnly, ...(serial === undefined ? {} : { serial }) },
    use: { [BlockBackendToken.name]: `image${index}` },
  })),
});
