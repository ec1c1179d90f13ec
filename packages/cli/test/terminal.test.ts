import { afterAll, describe, expect, it } from 'vitest';
import { programs } from './support/programs.ts';
import { onTerminal, type PtyStep } from './support/pty.ts';
import { Scratch, VIV } from './support/viv.ts';

const scratch = new Scratch();
afterAll(() => scratch.remove());
const echo = scratch.put('echo.bin', programs.echo());
const ESCAPE = '\u001d';

/** Runs viv on a terminal; its modes must be raw while the guest runs and as before afterwards. */
const interact = async (args: readonly string[], ...steps: PtyStep[]) => {
  const result = await onTerminal([...VIV, 'run', ...args], steps);
  expect(result.modesAfter).toBe(result.modesBefore);
  return result;
};

const running = { expect: 'ready' } as const;

describe('the terminal', () => {
  it('is raw while the guest runs: its keys, Ctrl-C too, go to the guest', async () => {
    const { code, output, modesBefore, modesDuring } = await interact(
      ['--bios', echo],
      running,
      { send: 'abc\u0003def' },
      { expect: 'abc\u0003def' },
      { send: '.' },
    );
    expect(code).toBe(0);
    expect(modesDuring).not.toBe(modesBefore);
    expect(output).toContain('Ctrl-] q quits');
  });

  it('takes the escape key: help, itself, reset and quit', async () => {
    const { code, output } = await interact(
      ['--bios', echo],
      running,
      { send: `${ESCAPE}?` },
      { expect: 'r resets the guest' },
      { send: `x${ESCAPE}${ESCAPE}y` },
      { expect: `x${ESCAPE}y` },
      { send: `${ESCAPE}r` },
      { expect: 'ready' },
      { send: `${ESCAPE}q` },
    );
    expect(code).toBe(0);
    expect(output).not.toContain('VIV_');
  });

  it('takes another escape key', async () => {
    const { code } = await interact(
      ['--bios', echo, '--escape', '^A'],
      running,
      { send: `${ESCAPE}z` },
      { expect: `${ESCAPE}z` },
      { send: '\u0001q' },
    );
    expect(code).toBe(0);
  });

  it('loses nothing of a large paste', async () => {
    const paste = Array.from({ length: 4000 }, (_, index) => `line ${index};`).join('');
    const { code, output } = await interact(
      ['--bios', echo],
      running,
      { send: paste },
      { send: '#' },
      { expect: '#' },
      { send: '.' },
    );
    expect(code).toBe(0);
    expect(output).toContain(`${paste}#`);
  });

  it.each([
    ['SIGTERM', 143],
    ['SIGHUP', 129],
    ['SIGINT', 130],
  ] as const)('is restored after %s', async (signal, exit) => {
    const { code } = await interact(['--bios', echo], running, { signal });
    expect(code).toBe(exit);
  });

  it('is restored after a guest fault', async () => {
    const bios = scratch.put('fault.bin', programs.trapLoop());
    const { code, output } = await interact(['--bios', bios]);
    expect(code).toBe(70);
    expect(output).toContain('viv: GUEST_');
  });

  it('is restored after a timeout', async () => {
    const { code, output } = await interact(['--bios', echo, '--timeout', '3'], running);
    expect(code).toBe(124);
    expect(output).toContain('viv: VIV_TIMEOUT: ');
  });

  it('is restored after an uncaught exception in the process', async () => {
    const bomb = scratch.put(
      'bomb.mjs',
      `export default { name: 'bomb', version: '1.0.0', api: 1, setup: () => ({
        start: () => void setTimeout(() => { throw new Error('tick'); }, 500),
      }) };`,
    );
    const { code, output } = await interact(['--bios', echo, '--plugin', bomb], running);
    expect(code).not.toBe(0);
    expect(output).toContain('tick');
  });

  it('is left by programs that used its alternate screen', async () => {
    const { output } = await interact(
      ['--bios', echo],
      running,
      { send: '\u001b[?1049hfull screen' },
      { expect: 'full screen' },
      { send: `${ESCAPE}q` },
    );
    expect(output.lastIndexOf('\u001b[?1049l')).toBeGreaterThan(output.lastIndexOf('\u001b[?1049h'));
  });
});
