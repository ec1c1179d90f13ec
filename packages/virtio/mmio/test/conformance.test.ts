import { bind, type VirtioDevice, VirtioDeviceToken } from '@vivarium/contracts';
import { deviceSuite, setupPart } from '@vivarium/testkit';
import { describe, expect, it } from 'vitest';
import { virtioMmio } from '../src/index.ts';

const lamp: VirtioDevice = {
  deviceId: 42,
  kind: 'lamp',
  features: 1n,
  queueSizes: [64],
  config: { length: 4, read: (offset) => offset + 1 },
  activate: () => {},
  notified: () => {},
  reset: () => {},
};

const made = () => setupPart(virtioMmio, { provide: [bind(VirtioDeviceToken, lamp)] });

describe('a virtio device over MMIO', () => {
  it.each(deviceSuite(made))('$title', ({ run }) => expect(run()).resolves.toBeUndefined());

  it('shows the device that it was given', async () => {
    const { device } = await made();
    const read = (offset: number, width: 1 | 2 | 4 = 4) => device.regions[0]?.read(offset, width);
    expect([read(0), read(4), read(8)]).toEqual([0x7472_6976, 2, 42]);
    expect([read(0x100), read(0x100, 1), read(0x102, 2), read(0x104)]).toEqual([0x0403_0201, 1, 0x0403, 0]);
    expect(device.deviceTree?.properties['compatible']).toBe('virtio,mmio');
  });
});
