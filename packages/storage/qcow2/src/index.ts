/**
 * A disk in a QCOW2 image, the format of QEMU: it grows as it is written, and may be based on another image that it
 * does not change. Reads and writes versions 2 and 3 with clusters of 512 bytes to 2 MiB, reference counts of any
 * width, chains of backing files, clusters of zeroes, compressed clusters (deflate, for reading) and internal
 * snapshots, which it keeps. Refuses encryption, zstd, external data files and extended L2 entries.
 *
 * A process or host that dies leaves a sound image with everything that was flushed.
 *
 * Specification: https://www.qemu.org/docs/master/interop/qcow2.html
 * Contract: `BlockBackend` in `@vivarium/contracts`. Host code opens the file and closes it after the machine.
 *
 * @example
 * import { memoryFile } from '@vivarium/host-file';
 * import { createQcow2, storageQcow2 } from '@vivarium/storage-qcow2';
 *
 * // Or a file of the host: openHostFile('disk.qcow2') of @vivarium/host-file/node.
 * const file = memoryFile();
 * createQcow2({ file, size: 10 * 1024 ** 3 });
 * const part = { id: 'disk', plugin: storageQcow2, options: { file } };
 *
 * @module
 */
import { BlockBackendToken, bind, CONTRACTS_MAJOR, definePlugin, type HostFile } from '@vivarium/contracts';
import { isHostFile } from '@vivarium/host-file';
import * as z from 'zod';
import { errors } from './errors.ts';
import { type OpenBacking, openQcow2 } from './open-qcow2.ts';

/** Faults of one disk that are logged; a guest can make any number of them. */
const MOST_LOGGED = 16;

/** Options of the disk. */
export const storageQcow2Options = z.strictObject({
  /** The image. */
  file: z.custom<HostFile>(isHostFile, 'must be an open file (HostFile)'),
  /** Default: whether the file is. */
  readOnly: z.boolean().optional(),
  /** Opens the backing files that host code allows, for reading; the disk closes them. Default: none is allowed. */
  open: z.custom<OpenBacking>((value) => typeof value === 'function', 'must be a function').optional(),
  /** Format of backing files of which the image does not say it. Default: such an image is refused. */
  backingFormat: z.enum(['raw', 'qcow2']).optional(),
  /** Bytes of memory for tables, for each image of the chain. Default 16 MiB, which map 128 GiB as a rule. */
  cacheSize: z
    .int()
    .min(0)
    .max(2 ** 30)
    .optional(),
});

/** The plugin. */
export const storageQcow2 = definePlugin<z.infer<typeof storageQcow2Options>>({
  name: '@vivarium/storage-qcow2',
  version: '0.1.0',
  api: CONTRACTS_MAJOR,
  summary: 'disk in a QCOW2 image',
  provides: [BlockBackendToken],
  options: storageQcow2Options,
  setup: ({ options, log }) => {
    const { file, readOnly, open, backingFormat, cacheSize } = options;
    let logged = 0;
    const disk = openQcow2({
      file,
      ...(readOnly === undefined ? {} : { readOnly }),
      ...(open === undefined ? {} : { open }),
      ...(backingFormat === undefined ? {} : { backingFormat }),
      ...(cacheSize === undefined ? {} : { cacheSize }),
      onFault: (error) => {
        if (logged++ < MOST_LOGGED) log.error('a request failed', { file: file.name, error: String(error) });
      },
    });
    return {
      provides: [bind(BlockBackendToken, disk)],
      dispose: () => {
        const fault = disk.close();
        if (fault !== undefined) throw errors.make('VIV_QCOW2_FLUSH', `${file.name} could not be flushed: ${fault}`);
      },
    };
  },
});

export default storageQcow2;
export { type CreateQcow2Settings, createQcow2 } from './create-qcow2.ts';
export { convertToQcow2 } from './convert-raw.ts';
export { errorTable } from './errors.ts';
export { hasQcow2Magic, isQcow2 } from './header.ts';
export {
  type BackingFormat,
  type BackingRequest,
  type OpenBacking,
  openQcow2,
  type Qcow2Settings,
} from './open-qcow2.ts';
export { Qcow2Disk } from './qcow2-disk.ts';
