import { fakeClock, fakeMemory, hostileSuite } from '@vivarium/testkit';
import { describe, expect, it } from 'vitest';
import { VirtioBalloon } from '../src/index.ts';

const PAGE_NUMBERS = new Uint8Array(Uint32Array.of(0x8_0010, 0x8_0011, 0xffff_ffff).buffer);

const device = (): VirtioBalloon => {
  const clock = fakeClock();
  const timer = (expired: () => void) => clock.timer(expired);
  const balloon = new VirtioBalloon({ memory: fakeMemory(), clock, timer, deflateOnOom: true, reporting: true });
  balloon.setTarget(balloon.limit);
  return balloon;
};

describe.each([
  ['inflate', { queue: 0, readable: [PAGE_NUMBERS] }],
  [
    'reporting',
    { queue: 4, writable: [4096, 100], answered: (written: Uint8Array) => written.every((byte) => byte === 0) },
  ],
])('a hostile driver of the balloon, on its %s queue', (_name, probe) => {
  it.each(hostileSuite(() => ({ device: device(), probe })))('$title', ({ run }) =>
    expect(run()).resolves.toBeUndefined(),
  );
});
