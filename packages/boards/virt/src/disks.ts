import { BlockBackendToken, type HostFile, type PartSpec } from '@vivarium/contracts';
import { storageOverlay } from '@vivarium/storage-overlay';
import { type OpenBacking, storageQcow2 } from '@vivarium/storage-qcow2';
import { storageRaw } from '@vivarium/storage-raw';
import { virtioBlk } from '@vivarium/virtio-blk';
import type { BoardDevice } from './board-device.ts';

export { convertToQcow2, hasQcow2Magic, type OpenBacking } from '@vivarium/storage-qcow2';

/** A disk of the board. */
export interface VirtDisk {
  /** The image. Whoever opened it closes it, after the machine. */
  readonly file: HostFile;
  /**
   * Default `raw`. It is never guessed from the image: a guest can write to a raw disk what makes it look like an image
   * over any file of the host.
   */
  readonly format?: 'raw' | 'qcow2';
  /** Opens the images that a `qcow2` image is based on; without it, an image that is based on another is refused. */
  readonly openBacking?: OpenBacking;
  /** What the guest writes is kept in memory and goes with the machine; the image stays as it is. Default false. */
  readonly temporary?: boolean;
  /** Default false. */
  readonly readOnly?: boolean;
  /** Up to 20 characters of ASCII, for the guest to tell disks apart. */
  readonly serial?: string;
  /** Further options of the device: see @vivarium/virtio-blk. */
  readonly options?: Readonly<Record<string, unknown>>;
}

const image = ({ file, format = 'raw', openBacking, readOnly = false, temporary = false }: VirtDisk) => ({
  plugin: format === 'raw' ? storageRaw : storageQcow2,
  options: {
    file,
    readOnly: readOnly || temporary || file.readOnly,
    ...(format === 'raw' || openBacking === undefined ? {} : { open: openBacking }),
  },
});

/** `disk0` on `image0`, with `scratch0` between them when it is temporary; `tag` is what follows the words. */
export const diskDevice = (disk: VirtDisk, tag: number | string): BoardDevice => {
  const { readOnly = false, temporary = false, serial, options } = disk;
  const base: PartSpec = { id: `image${tag}`, ...image(disk) };
  const scratch: PartSpec = {
    id: `scratch${tag}`,
    plugin: storageOverlay,
    use: { [BlockBackendToken.name]: base.id },
  };
  return {
    backends: temporary ? [base, scratch] : [base],
    device: {
      id: `disk${tag}`,
      plugin: virtioBlk,
      options: { ...options, readOnly, ...(serial === undefined ? {} : { serial }) },
      use: { [BlockBackendToken.name]: temporary ? scratch.id : base.id },
    },
  };
};
