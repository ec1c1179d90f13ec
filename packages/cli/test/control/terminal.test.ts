import { expect, it, vi } from 'vitest';
import { TestDaemon } from '../support/daemon.ts';
import { programs } from '../support/programs.ts';
import { onTerminal } from '../support/pty.ts';
import { VIV } from '../support/viv.ts';

// Each starts processes by the dozen, and computers are busy.
vi.setConfig({ testTimeout: 180_000 });

const ESCAPE = '\u001d';

/** A daemon with a machine that sends back what it is sent. */
const withMachine = async (): Promise<TestDaemon> => {
  const daemon = await new TestDaemon().start();
  const bios = daemon.scratch.put('echo.bin', programs.sleepyEcho());
  await daemon.viv('create', 'web', '--bios', bios, '--memory', '16M', '--start');
  return daemon;
};

it('a console on a terminal: every key is for the guest, until one detaches', async () => {
  await using daemon = await withMachine();
  const result = await onTerminal(
    [...VIV, 'attach', 'web', '--socket', daemon.socket],
    [
      { expect: 'attached to web (Ctrl-] q detaches' },
      // Ctrl-C is the guest's, too, and comes back from it.
      { send: 'abc\u0003def' },
      { expect: 'abc\u0003def' },
      { resize: [100, 30] },
      { send: `${ESCAPE}?` },
      { expect: 'r resets the guest' },
      { send: `${ESCAPE}q` },
      { expect: 'detached from web, which goes on' },
    ],
    150,
  );
  expect(result.code).toBe(0);
  expect(result.modesAfter).toBe(result.modesBefore);
  expect(result.modesDuring).not.toBe(result.modesBefore);
  // The daemon hears a little later that its client has gone.
  const left = { status: 'running', consoles: [{ name: 'console0', viewers: 0 }] };
  await vi.waitFor(
    async () => expect(await daemon.client.call('inspect', { name: 'web' })).toMatchObject(left),
    10_000,
  );
});

it('a console on a terminal gives it back when the daemon is killed', async () => {
  await using daemon = await withMachine();
  const attached = onTerminal(
    [...VIV, 'attach', 'web', '--socket', daemon.socket],
    [{ expect: 'attached to web' }, { send: 'hello' }, { expect: 'hello' }, { expect: 'VIV_CLIENT_CLOSED' }],
    150,
  );
  while (!(await daemon.viv('logs', 'web')).stdout.includes('hello')) await new Promise((done) => setTimeout(done, 50));
  await daemon.end('SIGKILL');
  const result = await attached;
  expect(result.code).toBe(1);
  expect(result.modesAfter).toBe(result.modesBefore);
});

it('top is drawn again and again on a screen of its own, sorts by keys, and leaves the terminal as it was', async () => {
  await using daemon = await withMachine();
  const result = await onTerminal(
    [...VIV, 'top', '--interval', '0.2', '--socket', daemon.socket],
    [
      { expect: '1 machines, 1 running' },
      { expect: 'web' },
      { send: 'n' },
      { expect: 'by name' },
      { send: 'w' },
      { expect: 'by wait' },
      { resize: [60, 10] },
      { expect: 'by wait' },
      { send: 'q' },
    ],
    150,
  );
  expect(result.code).toBe(0);
  expect(result.modesAfter).toBe(result.modesBefore);
  expect(result.output).toContain('\u001b[?1049h');
  // Back from the other screen, with a cursor.
  expect(result.output.slice(result.output.lastIndexOf('\u001b[?1049l'))).toContain('\u001b[?25h');
});
