import { fileURLToPath } from 'node:url';
import { pipeConsole, virtBoard } from '@vivarium/board-virt';
import { isVivariumError } from '@vivarium/contracts';
import { createInlineCell } from '@vivarium/host';
import { assemble, type Hook } from '@vivarium/kernel';
import { afterAll, describe, expect, it } from 'vitest';
import faulty from './fixtures/faulty.ts';
import { programs } from './support/programs.ts';
import { codeIn, Scratch, viv } from './support/viv.ts';

const FIXTURE = fileURLToPath(new URL('./fixtures/faulty.ts', import.meta.url));
const scratch = new Scratch();
const bios = scratch.put('hello.bin', programs.hello());
afterAll(() => scratch.remove());

const plugin = (name: string, hook: string, how: string): string[] => [
  '--plugin',
  `${FIXTURE},name=${name},hook=${hook},how=${how}`,
];

/** Runs a guest that stays up beside three such parts, the middle one faulty; what was thrown, and what they did. */
const run = async (hook: Hook, how: 'throw' | 'hang'): Promise<{ codes: string[]; log: string[] }> => {
  const log: string[] = [];
  const part = (name: string, own: string) => ({
    id: name,
    plugin: faulty,
    options: { name, hook: own, how, log: (line: string) => log.push(line) },
  });
  const codes: string[] = [];
  const keep = (error: unknown): void => void codes.push(isVivariumError(error) ? error.code : String(error));
  const spec = virtBoard({
    memory: 16 << 20,
    boot: { kind: 'bios', bios: { name: 'spin', bytes: programs.echo() } },
    consoles: [pipeConsole('console0')],
    devices: [part('first', 'none'), part('middle', hook), part('last', 'none')],
  });
  try {
    const machine = await assemble(spec, {
      deadlines: { setup: 200, wire: 200, start: 200, pause: 200, resume: 200, reset: 200, stop: 200, dispose: 200 },
    });
    machine.events.on('part:failure', ({ error }) => keep(error));
    await using cell = createInlineCell(machine);
    const ended = cell.run();
    ended.catch(() => {});
    await cell.pause();
    await cell.resume();
    await cell.reset();
    await cell.stop();
    await ended;
  } catch (error) {
    keep(error);
  }
  return { codes, log };
};

const HOOKS: readonly Hook[] = ['setup', 'wire', 'start', 'pause', 'resume', 'reset', 'stop', 'dispose'];

describe.each([
  ['throw', 'VIV_PLUGIN_HOOK_FAILED'],
  ['hang', 'VIV_PLUGIN_HOOK_TIMEOUT'],
] as const)('a plugin that %ss', (how, code) => {
  it.each(HOOKS)('in %s is named by a coded error, and the others are released in reverse', async (hook) => {
    const { codes, log } = await run(hook, how);
    expect(codes.length).toBeGreaterThan(0);
    expect(new Set(codes)).toEqual(new Set([code]));
    const disposed = log.filter((line) => line.endsWith(' dispose')).map((line) => line.split(' ')[0]);
    if (hook === 'setup') expect(disposed).toEqual(['first']);
    else expect(disposed).toEqual(['last', 'middle', 'first']);
  });
});

describe('viv', () => {
  it.each(HOOKS.filter((hook) => !['pause', 'resume', 'dispose', 'stop'].includes(hook)))(
    'fails with the error of a plugin that throws in %s',
    async (hook) => {
      const { stderr, code } = await viv(
        'run',
        '--bios',
        bios,
        ...plugin('a', 'none', 'none'),
        ...plugin('b', hook, 'throw'),
      );
      expect(codeIn(stderr)).toBe('VIV_PLUGIN_HOOK_FAILED');
      expect(code).toBe(1);
      expect(stderr).toContain('a dispose');
    },
  );

  it('fails after the guest when a plugin throws in stop, and still releases every part', async () => {
    const { stderr, stdout, code } = await viv(
      'run',
      '--bios',
      bios,
      ...plugin('a', 'none', 'none'),
      ...plugin('b', 'stop', 'throw'),
    );
    expect(stdout).toContain('hello');
    expect(stderr).toContain('VIV_PLUGIN_HOOK_FAILED');
    expect(stderr.indexOf('b dispose')).toBeLessThan(stderr.indexOf('a dispose'));
    expect(code).toBe(1);
  });

  it('says which plugin failed in dispose', async () => {
    const { stderr, code } = await viv('run', '--bios', bios, ...plugin('b', 'dispose', 'throw'));
    expect(stderr).toContain('failed in dispose: ');
    expect(code).toBe(0);
  });
});
