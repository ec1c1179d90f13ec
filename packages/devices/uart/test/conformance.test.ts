import { bind, CharBackendToken } from '@vivarium/contracts';
import { deviceSuite, fakeCharBackend, setupPart } from '@vivarium/testkit';
import { describe, it } from 'vitest';
import { uart } from '../src/index.ts';

describe('the UART as a device', () => {
  const make = async () => {
    const subject = await setupPart(uart, { provide: [bind(CharBackendToken, fakeCharBackend())] });
    await subject.part.start?.();
    return subject;
  };
  for (const { title, run } of deviceSuite(make)) it(title, run);
});
