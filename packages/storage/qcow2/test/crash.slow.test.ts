import { describe, it } from 'vitest';
import { expectSoundAfterCrash } from './crash-states.ts';

describe('a host that dies at any of many moments', () => {
  it.each(['alone', 'over another', 'with a snapshot'] as const)(
    'leaves an image %s sound, with everything that was flushed',
    (kind) => expectSoundAfterCrash(kind, 80),
  );
});
