import { bind, PciFunctionToken, type VirtioDevice, VirtioDeviceToken } from '@vivarium/contracts';
import { setupPart } from '@vivarium/testkit';
import { describe, expect, it } from 'vitest';
import { virtioPci } from '../src/index.ts';

const disk: VirtioDevice = {
  deviceId: 2,
  kind: 'block',
  features: 0n,
  queueSizes: [64, 64],
  config: { length: 4, read: () => 0 },
  activate: () => {},
  notified: () => {},
  reset: () => {},
};

describe('a virtio device over PCI', () => {
  it('is a modern device with the capabilities of section 4.1.4, each inside its BAR', async () => {
    const part = await setupPart(virtioPci, { provide: [bind(VirtioDeviceToken, disk)] });
    const subject = part.get(PciFunctionToken);
    expect(subject.readConfig(0, 4)).toBe(0x1042_1af4);
    expect(subject.readConfig(8, 4)).toBe(0x0100_0001);
    const kinds: number[] = [];
    for (let at = subject.readConfig(0x34, 1); at !== 0; at = subject.readConfig(at + 1, 1)) {
      if (subject.readConfig(at, 1) !== 9) continue;
      kinds.push(subject.readConfig(at + 3, 1));
      const bar = subject.bars.find(({ index }) => index === subject.readConfig(at + 4, 1));
      const end = subject.readConfig(at + 8, 4) + subject.readConfig(at + 12, 4);
      expect(end).toBeLessThanOrEqual(bar?.region.length ?? 0);
    }
    expect(kinds).toEqual([1, 2, 3, 4, 5]);
  });
});
