/**
 * A disk in memory: what a machine writes to it is gone with the machine. Memory is taken as sectors are written, so
 * a large disk costs what the guest puts on it, and a discard gives it back.
 *
 * Contract: `BlockBackend` in `@vivarium/contracts`.
 *
 * @example
 * import { storageMemory } from '@vivarium/storage-memory';
 *
 * const part = { id: 'scratch', plugin: storageMemory, options: { size: 64 * 1024 * 1024 } };
 *
 * @module
 */
import { BlockBackendToken, bind, CONTRACTS_MAJOR, definePlugin, SECTOR_SIZE } from '@vivarium/contracts';
import { FileDisk, memoryFile } from '@vivarium/host-file';
import * as z from 'zod';

const sectors = z.int().min(0).multipleOf(SECTOR_SIZE);

/** Options of the disk: one of `size` and `bytes`, or both. */
export const storageMemoryOptions = z
  .strictObject({
    /** Capacity in bytes, a multiple of 512. Default the length of `bytes`. */
    size: sectors.optional(),
    /** What it holds at first; copied. Default zeroes. */
    bytes: z.instanceof(Uint8Array).optional(),
    /** Most bytes of memory it takes; a write beyond answers `no-space`. Default as many as it has. */
    memoryLimit: z.int().min(0).optional(),
    /** Default false. */
    readOnly: z.boolean().default(false),
  })
  .superRefine(({ size, bytes }, context) => {
    const capacity = size ?? bytes?.length;
    if (capacity === undefined) context.addIssue({ code: 'custom', path: ['size'], message: 'needs size or bytes' });
    else if (capacity % SECTOR_SIZE !== 0) {
      context.addIssue({
        code: 'custom',
        path: ['bytes'],
        message: `is ${capacity} bytes: not whole sectors; give size`,
      });
    } else if (bytes !== undefined && bytes.length > capacity) {
      context.addIssue({ code: 'custom', path: ['bytes'], message: `is ${bytes.length} bytes, more than size` });
    }
  });

/** The plugin. */
export const storageMemory = definePlugin<z.infer<typeof storageMemoryOptions>>({
  name: '@vivarium/storage-memory',
  version: '0.1.0',
  api: CONTRACTS_MAJOR,
  summary: 'disk in memory',
  provides: [BlockBackendToken],
  options: storageMemoryOptions,
  setup: ({ id, options: { size, bytes, memoryLimit, readOnly } }) => {
    const file = memoryFile({
      name: id,
      ...(bytes === undefined ? {} : { bytes }),
      ...(memoryLimit === undefined ? {} : { limit: memoryLimit }),
    });
    file.truncate(size ?? file.size);
    return { provides: [bind(BlockBackendToken, new FileDisk(file, readOnly))], dispose: () => file.close() };
  },
});

export default storageMemory;
