import { VirtioDeviceToken } from '@vivarium/contracts';
import type { PartUnderTest, VirtioProbe, VirtioSubject } from '@vivarium/testkit';

/** The device that a plugin made, with a request that it serves when it is well. */
export const subject = async (part: Promise<PartUnderTest>, probe: VirtioProbe): Promise<VirtioSubject> => ({
  device: (await part).get(VirtioDeviceToken),
  probe,
});
