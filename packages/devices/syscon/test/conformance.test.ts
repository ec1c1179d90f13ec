import { bind, PowerControlToken } from '@vivarium/contracts';
import { deviceSuite, setupPart } from '@vivarium/testkit';
import { describe, expect, it } from 'vitest';
import { syscon } from '../src/index.ts';

describe('the syscon as a device', () => {
  const make = () => setupPart(syscon, { provide: [bind(PowerControlToken, { request: () => {} })] });
  it.each(deviceSuite(make))('$title', ({ run }) => expect(run()).resolves.toBeUndefined());
});
