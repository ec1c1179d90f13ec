import type { NetBackend } from '@vivarium/contracts';
import { hostileSuite } from '@vivarium/testkit';
import { describe, expect, it } from 'vitest';
import { VirtioNet } from '../src/index.ts';

const backend: NetBackend = {
  accepts: { checksum: true, tcp4: true, tcp6: true },
  linkUp: true,
  send: () => true,
  connect: () => {},
  resume: () => {},
};

describe('a hostile driver of the network device', () => {
  const subject = () => ({
    device: new VirtioNet({ backend, mac: Uint8Array.of(2, 0, 0, 0, 0, 1), queueSize: 256 }),
    probe: { queue: 1, readable: [new Uint8Array(12), new Uint8Array(64)] },
  });
  it.each(hostileSuite(subject))('$title', ({ run }) => expect(run()).resolves.toBeUndefined());
});
