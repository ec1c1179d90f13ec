import { VirtioDeviceToken } from '@vivarium/contracts';
import { setupPart, type VirtioSubject } from '@vivarium/testkit';
import { sampleDevice } from '../src/index.ts';

/** The device as a machine gets it, and a request that it serves when it is well: how the suites know that it lives. */
export const subject = async (): Promise<VirtioSubject> => ({
  device: (await setupPart(sampleDevice)).get(VirtioDeviceToken),
  probe: {
    queue: 0,
    writable: [64],
    answered: (bytes) => new TextDecoder().decode(bytes.slice()).includes('hello'),
  },
});
