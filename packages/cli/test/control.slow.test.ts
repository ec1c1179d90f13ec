import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runTemplate } from '@vivarium/cli/template';
import { createControl, type MachineRecord, pastOf } from '@vivarium/control';
import { fileStore } from '@vivarium/control/node';
import { createHost } from '@vivarium/host';
import { processCells } from '@vivarium/host/node';
import { expect, it } from 'vitest';
import { exec, me } from './support/control-exec.ts';

const PROCESS = fileURLToPath(new URL('./control-process.ts', import.meta.url));

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
    expect(await exec(control, 'web', 'uname -m; echo oops >&2; exit 7', 120_000)).toEqual({
      output: 'riscv64\n',
      errors: 'oops\n',
      code: 7,
    });
    // Every byte as it is, whatever a terminal would make of it.
    const bytes = await exec(
      control,
      'web',
      String.raw`printf 'a\r\n\004\t\\%s' "it's"; head -c 300000 /dev/zero | wc -c`,
    );
    expect(bytes.output).toBe("a\r\n\u0004\t\\it's300000\n");
    expect((await control.call(me, 'stop', { name: 'web', grace: 60_000 })).end).toEqual({ kind: 'power-off' });
    await control.call(me, 'destroy', { name: 'web' });
    expect(await readdir(join(folder, 'cells'))).toEqual([]);
    expect(await readdir(join(folder, 'machines'))).toEqual([]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
