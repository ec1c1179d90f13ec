import { hostileSuite } from '@vivarium/testkit';
import { describe, expect, it } from 'vitest';
import { seededEntropy, VirtioRng } from '../src/index.ts';

describe('a hostile driver of the entropy device', () => {
  const subject = () => ({
    device: new VirtioRng(() => seededEntropy(1)),
    probe: { queue: 0, writable: [64], answered: (written: Uint8Array) => written.some((byte) => byte !== 0) },
  });
  it.each(hostileSuite(subject))('$title', ({ run }) => expect(run()).resolves.toBeUndefined());
});
