/**
 * A disk that is a file of the host, byte by byte: what `qemu-img` calls `raw`, and what `dd` reads and writes.
 *
 * Contract: `BlockBackend` in `@vivarium/contracts`. Host code opens the file and closes it after the machine.
 *
 * @example
 * import { memoryFile } from '@vivarium/host-file';
 * import { storageRaw } from '@vivarium/storage-raw';
 *
 * // Or a file of the host: openHostFile('disk.img') of @vivarium/host-file/node.
 * const file = memoryFile({ bytes: new Uint8Array(1024 * 1024) });
 * const part = { id: 'disk', plugin: storageRaw, options: { file } };
 *
 * @module
 */
import { BlockBackendToken, bind, CONTRACTS_MAJOR, definePlugin, type HostFile } from '@vivarium/contracts';
import { FileDisk, isHostFile } from '@vivarium/host-file';
import * as z from 'zod';
import { errors } from './errors.ts';

/** Options of the disk. */
export const storageRawOptions = z.strictObject({
  /** The image. What it has beyond its last whole sector of 512 bytes is no part of the disk. */
  file: z.custom<HostFile>(isHostFile, 'must be an open file (HostFile)'),
  /** Default: whether the file is. */
  readOnly: z.boolean().optional(),
});

/** The plugin. */
export const storageRaw = definePlugin<z.infer<typeof storageRawOptions>>({
  name: '@vivarium/storage-raw',
  version: '0.1.0',
  api: CONTRACTS_MAJOR,
  summary: 'disk that is a file, byte by byte',
  provides: [BlockBackendToken],
  options: storageRawOptions,
  setup: ({ options: { file, readOnly }, log }) => {
    const disk = new FileDisk(file, readOnly);
    const rest = file.size - disk.capacity;
    if (rest > 0)
      log.warn('the image ends within a sector; the guest does not see its rest', { file: file.name, rest });
    return {
      provides: [bind(BlockBackendToken, disk)],
      dispose: () => {
        const fault = disk.flush();
        if (fault !== undefined)
          throw errors.make('VIV_STORAGE_RAW_FLUSH', `${file.name} could not be flushed: ${fault}`);
      },
    };
  },
});

export default storageRaw;
export { errorTable } from './errors.ts';
