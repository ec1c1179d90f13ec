/**
 * A counter that interrupts at its limit. Its datasheet is in the README.
 *
 * @module
 */
import { bind, CONTRACTS_MAJOR, DeviceToken, definePlugin } from '@vivarium/contracts';
import * as z from 'zod';
import { SampleDevice } from './sample-device.ts';

/** Options of the device. */
export const options = z.strictObject({
  /** `LIMIT` at power-on. */
  limit: z.int().min(1).max(0xffff_ffff).default(10),
});

/** The plugin. */
export const sampleDevice = definePlugin<z.infer<typeof options>>({
  name: 'sample-package',
  version: '0.1.0',
  api: CONTRACTS_MAJOR,
  summary: 'a counter that interrupts at its limit',
  provides: [DeviceToken],
  grants: ['interrupts'],
  options,
  setup: ({ options: { limit }, grants }) => {
    const device = new SampleDevice(limit, grants.interrupt('limit'));
    return { provides: [bind(DeviceToken, device)] };
  },
});

export default sampleDevice;
export { SampleDevice } from './sample-device.ts';
export { errorTable } from './state.ts';
