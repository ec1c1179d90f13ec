import { hostileSuite } from '@vivarium/testkit';
import { describe, expect, it } from 'vitest';
import { SampleDevice } from '../src/index.ts';

/** A request that the device must still serve after each attack: how the suite knows that it lives. */
const probe = { queue: 0, writable: [64], answered: (bytes: Uint8Array) => bytes.every((byte) => byte === 0x21) };

describe('a hostile guest', () => {
  const suite = hostileSuite(() => ({ device: new SampleDevice('!'), probe }));
  it.each(suite)('$title', ({ run }) => expect(run()).resolves.toBeUndefined());
});
