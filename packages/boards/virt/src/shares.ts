import { FsBackendToken } from '@vivarium/contracts';
import { storageHostDirectory } from '@vivarium/storage-host-directory';
import { virtio9p } from '@vivarium/virtio-9p';
import { virtioFs } from '@vivarium/virtio-fs';
import type { Backend, BoardDevice } from './board-device.ts';

/** Files that the guest mounts. */
export interface VirtShare {
  /** What the guest mounts it by. */
  readonly tag: string;
  /** What provides the files: {@link hostDirectory}, or any other file system backend. */
  readonly backend: Backend;
  /** `virtiofs`, the default, or `9p` for guests that do not know it. */
  readonly protocol?: 'virtiofs' | '9p';
  /** Further options of the device: see @vivarium/virtio-fs and @vivarium/virtio-9p. */
  readonly options?: Readonly<Record<string, unknown>>;
}

/** A directory of the host: see @vivarium/storage-host-directory for the options. */
export const hostDirectory = (options: Readonly<Record<string, unknown>>): Backend => ({
  plugin: storageHostDirectory,
  options,
});

/** `share0` on `files0`. */
export const shareDevice = ({ tag, backend, protocol, options }: VirtShare, index: number): BoardDevice => ({
  backends: [{ ...backend, id: `files${index}` }],
  device: {
    id: `share${index}`,
    plugin: protocol === '9p' ? virtio9p : virtioFs,
    options: { ...options, tag },
    use: { [FsBackendToken.name]: `files${index}` },
  },
});
