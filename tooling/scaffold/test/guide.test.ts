import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { followGuide } from '../src/follow-guide.ts';
import { guideSteps } from '../src/guide.ts';
import { type Outcome, runScript } from '../src/stranger.ts';
import { walks } from '../src/walks.ts';

const block = (info: string, body: string): string => `\`\`\`${info}\n${body}\`\`\`\n`;

/** Somebody with a shell and an empty folder, and no packages of ours. */
const reader = () => {
  const scratch = mkdtempSync(join(tmpdir(), 'vivarium-guide-'));
  return {
    folder: scratch,
    run: (script: string, cwd: string): Promise<Outcome> =>
      runScript(script, { cwd, env: { PATH: process.env['PATH'] }, log: join(scratch, '.cwd') }),
    [Symbol.asyncDispose]: async () => rmSync(scratch, { recursive: true, force: true }),
  };
};

const follow = async (...blocks: readonly string[]): Promise<void> => {
  await using stranger = reader();
  await followGuide(stranger, guideSteps(blocks.join('\nSome words.\n\n')));
};

describe('a guide', () => {
  it('is its blocks of code, in order', () => {
    const markdown = `# Title\n\n${block('sh', 'ls\n')}\n${block('text', 'a\nb\n')}\n${block('ts file=src/a.ts', 'let a;\n')}`;
    expect(guideSteps(markdown)).toEqual([
      { kind: 'run', line: 3, script: 'ls\n' },
      { kind: 'see', line: 7, output: 'a\nb\n' },
      { kind: 'write', line: 12, file: 'src/a.ts', text: 'let a;\n' },
    ]);
  });

  it.each([block('ts', 'let a;\n'), block('', 'a\n'), block('text', 'output of nothing\n')])(
    'shows nothing that is not tried: %j',
    (markdown) => {
      expect(() => guideSteps(markdown)).toThrow('line 1: nothing is done with a block');
    },
  );

  it('ends, as each way from an empty folder does, with something to see', () => {
    for (const { name, steps } of walks()) expect(steps.at(-1)?.kind, name).toBe('see');
  });
});

describe('who follows a guide', () => {
  it('stays in the folder that a command went to, and writes files there', async () => {
    await using stranger = reader();
    const steps = guideSteps(
      [block('sh', 'mkdir one\ncd one\n'), block('json file=two/a.json', '{}\n'), block('sh', 'cat two/a.json\n')].join(
        '',
      ),
    );
    expect(await followGuide(stranger, steps)).toBe(join(stranger.folder, 'one'));
    expect(readFileSync(join(stranger.folder, 'one/two/a.json'), 'utf8')).toBe('{}\n');
  });

  it('goes no further than the first command that fails', async () => {
    await expect(follow(block('sh', 'echo a\nfalse\necho b\n'))).rejects.toThrow(/^line 1 exits with 1:\n[^]*\na\n$/);
  });

  it('wants to see what the guide says', async () => {
    await follow(block('sh', 'echo a; echo b >&2\n'), block('text', 'a\n'));
    await expect(follow(block('sh', 'echo a\n'), block('text', 'b\n'))).rejects.toThrow(
      'line 7: the guide says\nb\nand this was printed:\na\n',
    );
  });

  it('writes nothing outside of their folder', async () => {
    await expect(follow(block('sh file=../a.sh', 'ls\n'))).rejects.toThrow("outside of the reader's folder");
  });
});
