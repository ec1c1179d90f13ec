import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runTemplate } from '@vivarium/cli/template';
import { type Control, createControl, type MachineRecord, pastOf, type Principal } from '@vivarium/control';
import { fileStore } from '@vivarium/control/node';
import { createHost } from '@vivarium/host';
import { processCells } from '@vivarium/host/node';
import { expect, it } from 'vitest';

const PROCESS = fileURLToPath(new URL('./control-process.ts', import.meta.url));
const me: Principal = { name: 'test', role: 'admin', via: 'process' };

/** What a command in the guest writes, and its exit code. */
const exec = (control: Control, command: string, wait?: number) =>
  new Promise<{ readonly output: string; readonly errors: string; readonly code: number | undefined }>(
    (resolve, reject) => {
      const pieces: Record<number, Uint8Array[]> = { 1: [], 2: [] };
      const text = (channel: number): string => Buffer.concat(pieces[channel] ?? []).toString();
      let code: number | undefined;
      const input = { name: 'web', command, ...(wait === undefined ? {} : { wait }) };
      control.open(me, 'exec', input, {
        bytes: (channel, bytes) => {
          pieces[channel]?.push(bytes);
          return true;
        },
        note: (note) => {
          code = note.code;
          return true;
        },
        end: (error) => {
          if (error instanceof Error) reject(error);
          else resolve({ output: text(1), errors: text(2), code });
        },
      });
    },
  );

it('Debian outlives its control plane: the next one finds the same process, and runs commands in it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'viv-control-'));
  try {
    const words = ['--conditions=@vivarium/source', PROCESS, folder];
    const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    child.kill('SIGKILL');
    await once(child, 'exit');
    const records = new Map<string, MachineRecord>();
    await using host = createHost({
      kinds: [processCells({ folder: join(folder, 'cells'), outlive: true })],
      past: (name) => {
        const record = records.get(name);
        return record === undefined ? undefined : pastOf(record);
      },
    });
    const control = createControl({
      host,
      cell: 'process',
      templates: { run: runTemplate() },
      store: await fileStore(join(folder, 'machines')),
      records,
    });
    await control.recover();
    const { machines } = await control.call(me, 'list', {});
    expect(machines).toMatchObject([
      { name: 'web', status: 'running', desired: 'running', pid: Number(line.toString()) },
    ]);
    expect(await exec(control, 'uname -m; echo oops >&2; exit 7', 120_000)).toEqual({
      output: 'riscv64\n',
      errors: 'oops\n',
      code: 7,
    });
    // Every byte as it is, whatever a terminal would make of it.
    const bytes = await exec(control, String.raw`printf 'a\r\n\004\t\\%s' "it's"; head -c 300000 /dev/zero | wc -c`);
    expect(bytes.output).toBe("a\r\n\u0004\t\\it's300000\n");
    expect((await control.call(me, 'stop', { name: 'web', grace: 60_000 })).end).toEqual({ kind: 'power-off' });
    await control.call(me, 'destroy', { name: 'web' });
    expect(await readdir(join(folder, 'cells'))).toEqual([]);
    expect(await readdir(join(folder, 'machines'))).toEqual([]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
