import { bind, PowerControlToken } from '@vivarium/contracts';
import { deviceSuite, setupPart } from '@vivarium/testkit';
import { describe, it } from 'vitest';
import { syscon } from '../src/index.ts';

describe('the syscon as a device', () => {
  const make = () => setupPart(syscon, { provide: [bind(PowerControlToken, { request: () => {} })] });
  for (const { title, run } of deviceSuite(make)) it(title, run);
});
