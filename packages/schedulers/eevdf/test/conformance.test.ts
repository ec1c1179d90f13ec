import { schedulerSuite } from '@vivarium/testkit';
import { describe, expect, it } from 'vitest';
import { Eevdf } from '../src/index.ts';

describe('eevdf as a scheduler', () => {
  const suite = schedulerSuite(() => ({ scheduler: new Eevdf() }), { storms: 100 });
  it.each(suite)('$title', ({ run }) => expect(run()).resolves.toBeUndefined());
});
