import { bind, CharBackendToken } from '@vivarium/contracts';
import { deviceSuite, fakeCharBackend, setupPart } from '@vivarium/testkit';
import { describe, expect, it } from 'vitest';
import { uart } from '../src/index.ts';

describe('the UART as a device', () => {
  const make = async () => {
    const subject = await setupPart(uart, { provide: [bind(CharBackendToken, fakeCharBackend())] });
    await subject.part.start?.();
    return subject;
  };
  it.each(deviceSuite(make))('$title', ({ run }) => expect(run()).resolves.toBeUndefined());
});
