import { describe, expect, it } from 'vitest';
import { startBackgroundThread } from '../src/node.ts';

const MODULE = new URL('./echo-background.ts', import.meta.url).href;

interface Heard {
  readonly answers: unknown[];
  readonly deaths: unknown[];
}

const started = (module = MODULE) => {
  const heard: Heard = { answers: [], deaths: [] };
  let changed = (): void => {};
  const until = async (enough: () => boolean): Promise<void> => {
    while (!enough()) await new Promise<void>((resolve) => (changed = resolve));
  };
  const thread = startBackgroundThread(module, {
    answer: (message) => {
      heard.answers.push(message);
      changed();
    },
    died: (error) => {
      heard.deaths.push(error);
      changed();
    },
  });
  return { thread, heard, until };
};

describe('the background thread thread', () => {
  it('answers each message, in order', async () => {
    const { thread, heard, until } = started();
    const bytes = Uint8Array.of(1, 2, 3);
    thread.post('one');
    thread.post({ bytes });
    await until(() => heard.answers.length === 2);
    expect(heard).toEqual({
      answers: [{ echo: 'one' }, { echo: { bytes: Uint8Array.of(1, 2, 3) } }],
      deaths: [],
    });
    thread.end();
  });

  it('starts again for what is posted after it has ended, and tells of neither', async () => {
    const { thread, heard, until } = started();
    thread.post('lost');
    thread.end();
    thread.post('kept');
    await until(() => heard.answers.length === 1);
    expect(heard).toEqual({ answers: [{ echo: 'kept' }], deaths: [] });
    thread.end();
  });

  it('tells once that it died, of an error or of a module that is not there', async () => {
    const { thread, heard, until } = started();
    thread.post('die');
    await until(() => heard.deaths.length > 0);
    expect(String(heard.deaths[0])).toContain('it was asked to');
    const other = started('file:///there/is/none.ts');
    other.thread.post('one');
    await other.until(() => other.heard.deaths.length > 0);
    expect([heard.deaths.length, other.heard.deaths.length, other.heard.answers.length]).toEqual([1, 1, 0]);
  });
});
