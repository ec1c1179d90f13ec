import { fakeCharBackend, hostileSuite } from '@vivarium/testkit';
import { describe, expect, it } from 'vitest';
import { VirtioConsole } from '../src/index.ts';

describe('a hostile driver of the console', () => {
  const subject = () => ({
    device: new VirtioConsole(fakeCharBackend(), [{ name: 'agent', backend: fakeCharBackend() }]),
    probe: { queue: 1, readable: [Uint8Array.of(104, 105)] },
  });
  it.each(hostileSuite(subject))('$title', ({ run }) => expect(run()).resolves.toBeUndefined());
});
