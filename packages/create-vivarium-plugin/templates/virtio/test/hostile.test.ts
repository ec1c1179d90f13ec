import { hostileSuite } from '@vivarium/testkit';
import { describe, expect, it } from 'vitest';
import { subject } from './subject.ts';

describe('a hostile guest', () => {
  it.each(hostileSuite(subject))('$title', ({ run }) => expect(run()).resolves.toBeUndefined());
});
