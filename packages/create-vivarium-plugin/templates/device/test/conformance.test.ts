import { deviceSuite, setupPart } from '@vivarium/testkit';
import { describe, expect, it } from 'vitest';
import { sampleDevice } from '../src/index.ts';

describe('every device', () => {
  const suite = deviceSuite(() => setupPart(sampleDevice));
  it.each(suite)('$title', ({ run }) => expect(run()).resolves.toBeUndefined());
});
