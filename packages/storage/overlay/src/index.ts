/**
 * A disk over another one that it never changes: what the machine writes goes into memory or a scratch file, and is
 * gone with the machine. For a throw-away machine from an image that stays as it is, or one from a web server.
 * For writes that are to be kept, see `@vivarium/storage-qcow2`.
 *
 * Contract: `BlockBackend` in `@vivarium/contracts`, provided and required: the disk below is named under `use`.
 *
 * @example
 * import { storageOverlay } from '@vivarium/storage-overlay';
 *
 * const part = {
 *   id: 'disk',
 *   plugin: storageOverlay,
 *   options: { limit: 512 * 1024 * 1024 },
 *   use: { 'vivarium/block-backend': 'image' },
 * };
 * // The device above says use: { 'vivarium/block-backend': 'disk' }.
 *
 * @module
 */
import { BlockBackendToken, bind, CONTRACTS_MAJOR, definePlugin, type HostFile } from '@vivarium/contracts';
import { isHostFile, memoryFile } from '@vivarium/host-file';
import * as z from 'zod';
import { Overlay } from './overlay.ts';

const MEBIBYTE = 1024 * 1024;

/** Options of the overlay. */
export const storageOverlayOptions = z
  .strictObject({
    /** Scratch file for what is written; overwritten from its beginning. Default: memory. */
    file: z
      .custom<HostFile>(isHostFile, 'must be an open file (HostFile)')
      .refine((file) => !isHostFile(file) || !file.readOnly, 'must be open for writing')
      .optional(),
    /** Most bytes for what is written, with what keeps track of it; a write beyond answers `no-space`. */
    limit: z
      .int()
      .min(0)
      .default(1024 * MEBIBYTE),
  })
  .prefault({});

/** The plugin. */
export const storageOverlay = definePlugin<z.infer<typeof storageOverlayOptions>>({
  name: '@vivarium/storage-overlay',
  version: '0.1.0',
  api: CONTRACTS_MAJOR,
  summary: 'disk over another one, which it never changes',
  provides: [BlockBackendToken],
  requires: [BlockBackendToken],
  options: storageOverlayOptions,
  setup: (context) => {
    const { file, limit } = context.options;
    const upper = file ?? memoryFile({ name: context.id });
    const overlay = new Overlay({ base: context.get(BlockBackendToken), upper, limit });
    return { provides: [bind(BlockBackendToken, overlay)] };
  },
});

export default storageOverlay;
export { Overlay, type OverlaySettings } from './overlay.ts';
