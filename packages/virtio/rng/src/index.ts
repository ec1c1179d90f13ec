/**
 * Random bytes for the guest's kernel.
 *
 * Specification: Virtual I/O Device (VIRTIO) 1.3, section 5.4, https://docs.oasis-open.org/virtio/virtio/v1.3/virtio-v1.3.html.
 *
 * @example
 * import { virtioRng } from '@vivarium/virtio-rng';
 *
 * const part = { id: 'rng0', plugin: virtioRng };
 *
 * @module
 */
import { bind, CONTRACTS_MAJOR, definePlugin, VirtioDeviceToken } from '@vivarium/contracts';
import * as z from 'zod';
import { hostEntropy, seededEntropy } from './entropy.ts';
import { VirtioRng } from './virtio-rng.ts';

/** Options of the entropy device. */
export const virtioRngOptions = z
  .strictObject({
    /** Makes the bytes the same in each run, for machines that must repeat. Absent: the host's random source. */
    seed: z.int().min(0).max(0xffff_ffff).optional(),
  })
  .prefault({});

/** The plugin. */
export const virtioRng = definePlugin<z.infer<typeof virtioRngOptions>>({
  name: '@vivarium/virtio-rng',
  version: '0.1.0',
  api: CONTRACTS_MAJOR,
  summary: 'virtio entropy device',
  provides: [VirtioDeviceToken],
  options: virtioRngOptions,
  setup: ({ options: { seed } }) => {
    const entropy = () => (seed === undefined ? hostEntropy : seededEntropy(seed));
    return { provides: [bind(VirtioDeviceToken, new VirtioRng(entropy))] };
  },
});

export default virtioRng;
export { type Entropy, hostEntropy, seededEntropy } from './entropy.ts';
export { VirtioRng } from './virtio-rng.ts';
