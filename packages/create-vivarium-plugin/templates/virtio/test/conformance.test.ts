import { virtioDeviceSuite } from '@vivarium/testkit';
import { describe, expect, it } from 'vitest';
import { subject } from './subject.ts';

describe('the device, as every virtio device', () => {
  it.each(virtioDeviceSuite(subject))('$title', ({ run }) => expect(run()).resolves.toBeUndefined());
});
