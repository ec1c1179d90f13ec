import { virtioDeviceSuite } from '@vivarium/testkit';
import { describe, expect, it } from 'vitest';
import { TARGETS } from '../src/devices.ts';

describe.each(TARGETS)('the virtio device $name', ({ make }) => {
  it.each(virtioDeviceSuite(make))('$title', ({ run }) => expect(run()).resolves.toBeUndefined());
});
