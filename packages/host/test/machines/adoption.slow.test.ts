import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createHost, type Host, type HostEvent } from '@vivarium/host';
import { processCells } from '@vivarium/host/node';
import { describe, expect, it } from 'vitest';
import { Reader, recipe } from '../cells/cell-suite.ts';

const HOST = fileURLToPath(new URL('./host-process.ts', import.meta.url));
const MACHINES = new URL('../cells/machines.ts', import.meta.url).href;

interface Other {
  readonly child: ChildProcess;
  /** Process of its machine's cell. */
  readonly pid: number;
}

/** A host that runs the machine `lasting` until it is killed. */
const startHost = async (folder: string, life: 'outlive' | 'die', run: string): Promise<Other> => {
  const words = ['--conditions=@vivarium/source', HOST, folder, MACHINES, life, run];
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return { child, pid: Number(line.toString()) };
};

const kill = async ({ child }: Other): Promise<void> => {
  child.kill('SIGKILL');
  await once(child, 'exit');
};

const gone = async (pid: number): Promise<void> => {
  while (existsSync(`/proc/${pid}`)) await sleep(20);
};

/** Processes that work in folders below this one, also when those are gone. */
const cellsIn = (folder: string): readonly string[] =>
  readdirSync('/proc').filter((name) => {
    try {
      return /^\d+$/.test(name) && readlinkSync(`/proc/${name}/cwd`).startsWith(`${folder}/`);
    } catch {
      return false;
    }
  });

const withFolder = async (body: (folder: string, host: Host, events: HostEvent[]) => Promise<void>): Promise<void> => {
  const folder = await mkdtemp(join(tmpdir(), 'viv-hosts-'));
  try {
    await using host = createHost({ kinds: [processCells({ folder, outlive: true })] });
    const events: HostEvent[] = [];
    host.on((event) => events.push(event));
    await body(folder, host, events);
    await host[Symbol.asyncDispose]();
    expect(readdirSync(folder)).toEqual([]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

describe('a host that is killed', () => {
  it('leaves a machine that runs on, which the next host adopts with its console', () =>
    withFolder(async (folder, host) => {
      const other = await startHost(folder, 'outlive', 'echo');
      // Not while that one looks after it.
      expect(await host.adopt()).toEqual([]);
      await kill(other);
      expect(existsSync(`/proc/${other.pid}`)).toBe(true);
      const [machine] = await host.adopt();
      expect(machine?.info()).toMatchObject({ name: 'lasting', status: 'running', pid: other.pid });
      expect(machine?.description.recipe.options).toEqual({ run: 'echo' });
      const reader = new Reader();
      machine?.console('console0').attach(reader).send(new TextEncoder().encode('still here.'));
      expect(await machine?.ended()).toEqual({ kind: 'power-off' });
      expect(reader.text).toBe('still here');
      await gone(other.pid);
    }));

  it('takes machines with it that may not outlive it', () =>
    withFolder(async (folder, host) => {
      const other = await startHost(folder, 'die', 'spin');
      await kill(other);
      await gone(other.pid);
      const [machine] = await host.adopt();
      expect(machine?.info()).toMatchObject({ status: 'ended', end: { kind: 'crashed' } });
    }));

  it('lets the next one know that a machine was killed meanwhile, and start it again', () =>
    withFolder(async (folder, host, events) => {
      const other = await startHost(folder, 'outlive', 'echo');
      await kill(other);
      const [first] = await host.adopt();
      await host.leave();
      expect(first?.status).toBe('running');
      process.kill(other.pid, 'SIGKILL');
      await gone(other.pid);
      const [machine] = await host.adopt();
      expect(machine?.info()).toMatchObject({ status: 'ended', end: { kind: 'crashed' } });
      expect(events.at(-1)).toMatchObject({ name: 'host:ended', event: { asked: false } });
      await machine?.start();
      expect(machine?.status).toBe('running');
    }));

  it('at any moment of a creation leaves nothing that the next one does not find', () =>
    withFolder(async (folder, host) => {
      // The folder of the cell is there; its process; its socket; its machine.
      const moments = [
        () => readdirSync(folder).length > 0,
        () => cellsIn(folder).length > 0,
        () => readdirSync(folder).some((name) => existsSync(join(folder, name, 'work', 'cell.sock'))),
        () => readdirSync(folder).some((name) => existsSync(join(folder, name, 'cell.json'))),
      ];
      for (const moment of moments) {
        const words = ['--conditions=@vivarium/source', HOST, folder, MACHINES, 'outlive', 'spin'];
        const child = spawn(process.execPath, words, { stdio: 'ignore' });
        while (!moment()) await sleep(1);
        child.kill('SIGKILL');
        await once(child, 'exit');
        for (const machine of await host.adopt()) await machine.destroy();
        expect(readdirSync(folder)).toEqual([]);
        while (cellsIn(folder).length > 0) await sleep(20);
      }
    }));

  it('in the middle of a launch leaves folders that the next one clears away', () =>
    withFolder(async (folder, host) => {
      const half = ['0123456789ab', 'ba9876543210', 'cccccccccccc'].map((name) => join(folder, name));
      for (const each of half) await mkdir(join(each, 'work'), { recursive: true });
      const record = { version: 1, name: 'half', host: { pid: 2 ** 22 + 1, began: '1' } };
      await writeFile(join(half[1] ?? '', 'cell.json'), JSON.stringify({ ...record, keepsake: {} }));
      await writeFile(join(half[2] ?? '', 'cell.json'), '{"version": 1, "name": ');
      expect(await host.adopt()).toEqual([]);
      expect(readdirSync(folder)).toEqual([]);
    }));
});

describe('a process cell of a host', () => {
  it('that asks for more memory than it may have ends alone', () =>
    withFolder(async (_, host) => {
      const neighbour = await host.create({
        name: 'neighbour',
        cell: 'process',
        recipe: { module: MACHINES, export: 'program', options: { run: 'echo' } },
      });
      await neighbour.start();
      const bomb = await host.create({
        name: 'bomb',
        cell: 'process',
        recipe: recipe('bomb'),
        limits: { data: 900 },
      });
      await bomb.start();
      expect(await bomb.ended()).toMatchObject({ kind: 'crashed', error: { code: 'VIV_CELL_OUT_OF_MEMORY' } });
      const reader = new Reader();
      neighbour.console('console0').attach(reader).send(new TextEncoder().encode('fine.'));
      expect(await neighbour.ended()).toEqual({ kind: 'power-off' });
      expect(reader.text).toBe('fine');
    }));
});
