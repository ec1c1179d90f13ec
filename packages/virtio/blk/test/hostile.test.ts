import type { BlockBackend } from '@vivarium/contracts';
import { hostileSuite } from '@vivarium/testkit';
import { describe, expect, it } from 'vitest';
import { VirtioBlk } from '../src/index.ts';

const CONTENTS = 0x5a;

const backend: BlockBackend = {
  capacity: 1024 * 1024,
  readOnly: false,
  deferred: false,
  read: (_offset, into) => {
    for (const piece of into) piece.fill(CONTENTS);
    return undefined;
  },
  write: () => undefined,
  flush: () => undefined,
};

describe('a hostile driver of the block device', () => {
  const subject = () => ({
    device: new VirtioBlk({ backend, readOnly: false, serial: '', queues: 1, queueSize: 256 }),
    probe: {
      queue: 0,
      readable: [new Uint8Array(16)],
      writable: [512, 1],
      answered: (written: Uint8Array, length: number) =>
        length === 513 && written[0] === CONTENTS && written[512] === 0,
    },
  });
  it.each(hostileSuite(subject))('$title', ({ run }) => expect(run()).resolves.toBeUndefined());
});
