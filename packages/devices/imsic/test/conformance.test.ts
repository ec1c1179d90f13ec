import { deviceSuite } from '@vivarium/testkit';
import { describe, expect, it } from 'vitest';
import { makeRig } from './rig.ts';

describe.each([0, 1])('interrupt files of level %i as a device', (index) => {
  const make = async () => {
    const device = (await makeRig()).devices[index];
    if (device === undefined) throw new Error('there is no such device');
    return { device };
  };
  it.each(deviceSuite(make))('$title', ({ run }) => expect(run()).resolves.toBeUndefined());
});
