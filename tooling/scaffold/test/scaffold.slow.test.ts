import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { followGuide } from '../src/follow-guide.ts';
import { meetStranger, type Stranger } from '../src/stranger.ts';
import { walks } from '../src/walks.ts';

describe('from an empty folder to a device at work in Linux', () => {
  let stranger: Stranger;
  beforeAll(async () => {
    stranger = await meetStranger();
  });
  afterAll(() => stranger[Symbol.asyncDispose]());

  it.each(walks())('$name', async ({ steps }) => {
    expect(steps.at(-1)?.kind).toBe('see');
    await followGuide(stranger, steps);
  });
});
