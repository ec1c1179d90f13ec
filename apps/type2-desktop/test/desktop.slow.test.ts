import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Control, Principal } from '@vivarium/control';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { runDesktop } from '../src/desktop.ts';

const EXAMPLE = fileURLToPath(new URL('../guests.yaml', import.meta.url));
const me: Principal = { name: 'test', role: 'viewer', via: 'process' };

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'viv-type2-'));
  vi.stubEnv('TMPDIR', folder);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

/** What cells have in the folder for temporary files. */
const left = async (): Promise<readonly string[]> => (await readdir(folder)).filter((name) => !name.includes('locks'));

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

it('runs the guests of the example, and powers them off with nothing left', async () => {
  const lines: string[] = [];
  const [stop, kill] = [new AbortController(), new AbortController()];
  const print = (line: string): void => void lines.push(line);
  let done: Promise<void> | undefined;
  const control = await new Promise<Control>((resolve, reject) => {
    done = runDesktop({ file: EXAMPLE, print, stop: stop.signal, kill: kill.signal, up: resolve });
    done.catch(reject);
  });
  const { machines } = await control.call(me, 'list', {});
  expect(machines.map(({ name, status, weight, cap }) => [name, status, weight, cap])).toEqual([
    ['web', 'running', 512, null],
    ['batch', 'running', 128, 50],
    ['spare', 'created', 256, null],
  ]);
  expect(lines.find((line) => line.startsWith('guest '))).toMatch(/\nweb +running +\d+ +1 +128 +512 +- +on-failure\n/);
  const pids = machines.flatMap(({ pid }) => pid ?? []);
  expect(pids.filter(isAlive)).toHaveLength(3);
  expect(await left()).toHaveLength(3);
  const shows = async (name: string): Promise<boolean> => {
    const { text } = await control.call(me, 'logs', { name, console: 'console0' });
    return text.includes(':~# ');
  };
  await expect
    .poll(() => Promise.all(['web', 'batch'].map(shows)), { timeout: 100_000, interval: 200 })
    .toEqual([true, true]);
  stop.abort();
  await done;
  expect(lines.slice(lines.indexOf('powering off') + 1).map((line) => line.slice(9))).toEqual([
    'batch has ended: {"kind":"power-off"}',
    'web has ended: {"kind":"power-off"}',
    expect.stringContaining('spare has ended') as unknown,
  ]);
  expect(pids.filter(isAlive)).toEqual([]);
  expect(await left()).toEqual([]);
});

it('refuses a file that is wrong, and a guest that does not fit, with nothing left', async () => {
  const file = join(folder, 'guests.yaml');
  const run = async (text: string): Promise<void> => {
    await writeFile(file, text);
    const never = new AbortController().signal;
    await runDesktop({ file, print: () => {}, stop: never, kill: never });
  };
  await expect(run('guests: [{ name: web, run: [debian], weight: 0 }]')).rejects.toMatchObject({
    code: 'VIV_SPEC_FIELD',
    message: expect.stringContaining('guests[0].weight') as unknown,
  });
  await expect(run('guests: [{ name: web, run: [debian, --surprise] }]')).rejects.toMatchObject({ code: 'VIV_USAGE' });
  const two =
    'memory: 192\nguests: [{ name: a, run: [debian, --memory, 128M] }, { name: b, run: [debian, --memory, 128M] }]';
  await expect(run(two)).rejects.toMatchObject({ code: 'VIV_HOST_FULL' });
  expect(await left()).toEqual(['guests.yaml']);
});
