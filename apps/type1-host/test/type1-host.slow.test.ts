import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { Control, Principal } from '@vivarium/control';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { runType1Host } from '../src/type1-host.ts';

const EXAMPLE = fileURLToPath(new URL('../guests.yaml', import.meta.url));
const me: Principal = { name: 'test', role: 'admin', via: 'process' };

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'viv-type1-'));
  vi.stubEnv('TMPDIR', folder);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

/** What a command in a guest says on standard error, and its exit code. */
const exec = (control: Control, name: string, command: string) =>
  new Promise<{ readonly errors: string; readonly code: number }>((resolve, reject) => {
    let errors = '';
    control.open(
      me,
      'exec',
      { name, command, wait: 100_000 },
      {
        bytes: (channel, bytes) => {
          if (channel === 2) errors += new TextDecoder().decode(bytes);
          return true;
        },
        note: ({ code }) => {
          resolve({ errors, code });
          return true;
        },
        end: reject,
      },
    );
  });

it('the control domain manages the host by its port, an ordinary guest is refused and audited', async () => {
  const audit = join(folder, 'audit.jsonl');
  const [stdin, stdout] = [new PassThrough(), new PassThrough()];
  let shown = '';
  stdout.on('data', (bytes: Uint8Array) => {
    shown += new TextDecoder().decode(bytes);
  });
  const printed: string[] = [];
  const print = (line: string): void => void printed.push(line);
  const stop = new AbortController().signal;
  let done: Promise<boolean> | undefined;
  const control = await new Promise<Control>((resolve, reject) => {
    done = runType1Host({ file: EXAMPLE, audit, streams: { stdin, stdout }, stop, print, up: resolve });
    done.catch(reject);
  });
  const type = async (command: string, answer: RegExp): Promise<string> => {
    const from = shown.length;
    stdin.write(`${command}\n`);
    await vi.waitUntil(() => answer.test(shown.slice(from)), { timeout: 100_000, interval: 50 });
    return shown.slice(from);
  };
  await vi.waitUntil(() => shown.includes(':~# '), { timeout: 100_000, interval: 50 });

  expect(await exec(control, 'web', 'hostctl list')).toEqual({
    errors: 'hostctl: VIV_CONTROL_FORBIDDEN: list takes the role viewer, and this is no role\n',
    code: 1,
  });
  // What is typed is shown, too: the mark comes of the quotes' end.
  const list = await type('hostctl list; echo "over"=$?', /over=0/);
  for (const name of ['control', 'web', 'batch']) expect(list).toContain(`{"name":"${name}","status":`);
  await type('hostctl pause name=web >/dev/null; echo "over"=$?', /over=0/);
  expect(await control.call(me, 'inspect', { name: 'web' })).toMatchObject({ status: 'paused' });
  await type('hostctl kill name=control; echo "over"=$?', /VIV_CONTROL_SELF.*over=1/s);

  // The control domain powers off, and with it the host.
  stdin.write('exit\n');
  expect(await done).toBe(true);
  expect(printed).toEqual(['host: powering off']);
  const entries = (await readFile(audit, 'utf8')).trim().split('\n');
  expect(entries.map((line) => JSON.parse(line) as unknown)).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ principal: 'guest:web', role: 'none', operation: 'list', outcome: 'refused' }),
      expect.objectContaining({ principal: 'guest:control', role: 'admin', operation: 'pause', outcome: 'done' }),
      expect.objectContaining({ principal: 'guest:control', operation: 'kill', code: 'VIV_CONTROL_SELF' }),
      expect.objectContaining({ principal: 'owner', operation: 'stop', target: 'web', outcome: 'done' }),
    ]) as unknown,
  );
  expect((await readdir(folder)).filter((name) => !name.includes('locks'))).toEqual(['audit.jsonl']);
});
