/**
 * An entropy device that has only one thing to say.
 *
 * Specification: Virtual I/O Device (VIRTIO) 1.3, section 5.4, https://docs.oasis-open.org/virtio/virtio/v1.3/virtio-v1.3.html.
 *
 * @module
 */
import { bind, CONTRACTS_MAJOR, definePlugin, VirtioDeviceToken } from '@vivarium/contracts';
import * as z from 'zod';
import { SampleDevice } from './sample-device.ts';

/** Options of the device. */
export const options = z.strictObject({
  /** What the guest reads, over and over. */
  text: z.string().min(1).max(256).default('hello '),
});

/** The plugin. */
export const sampleDevice = definePlugin<z.infer<typeof options>>({
  name: 'sample-package',
  version: '0.1.0',
  api: CONTRACTS_MAJOR,
  summary: 'an entropy device that has only one thing to say',
  provides: [VirtioDeviceToken],
  options,
  setup: ({ options: { text } }) => {
    const device = new SampleDevice(text);
    return { provides: [bind(VirtioDeviceToken, device)] };
  },
});

export default sampleDevice;
export { SampleDevice } from './sample-device.ts';
