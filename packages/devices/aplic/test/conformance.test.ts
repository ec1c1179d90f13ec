import { deviceSuite } from '@vivarium/testkit';
import { describe, expect, it } from 'vitest';
import { makeRig } from './rig.ts';

describe.each([
  ['supervisor', false],
  ['supervisor', true],
  ['machine', false],
  ['machine', true],
] as const)('a domain at %s level as a device, messages: %s', (level, messages) => {
  const make = () => ({ device: makeRig({ messages }).domain(level) });
  it.each(deviceSuite(make, { accesses: 8000 }))('$title', ({ run }) => expect(run()).resolves.toBeUndefined());
});

describe('a domain that is alone as a device', () => {
  const make = () => ({ device: makeRig({ machine: false }).domain('supervisor') });
  it.each(deviceSuite(make, { accesses: 8000 }))('$title', ({ run }) => expect(run()).resolves.toBeUndefined());
});
