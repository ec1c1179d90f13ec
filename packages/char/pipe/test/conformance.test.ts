import { CharBackendToken, CharPortToken } from '@vivarium/contracts';
import { charBackendSuite, setupPart } from '@vivarium/testkit';
import { describe, expect, it } from 'vitest';
import { charPipe } from '../src/index.ts';

describe('the pipe as a character backend', () => {
  const make = async () => {
    const subject = await setupPart(charPipe);
    return { backend: subject.get(CharBackendToken), port: subject.get(CharPortToken) };
  };
  it.each(charBackendSuite(make))('$title', ({ run }) => expect(run()).resolves.toBeUndefined());
});
