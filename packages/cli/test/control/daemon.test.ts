import { once } from 'node:events';
import { chmodSync, existsSync, readdirSync } from 'node:fs';
import { connect as connectSocket, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from '@vivarium/client/node';
import { describe, expect, it, vi } from 'vitest';
import { type Said, TestDaemon, VivHere } from '../support/daemon.ts';
import { programs } from '../support/programs.ts';
import type { Load } from '../../src/control/top/measurement.ts';
import { codeIn, viv } from '../support/viv.ts';

// Each starts processes by the dozen, and computers are busy.
vi.setConfig({ testTimeout: 180_000 });

/** A machine that sends back what it is sent, and runs. */
const echo = async (daemon: TestDaemon, name: string, ...args: readonly string[]): Promise<void> => {
  const bios = daemon.scratch.put('echo.bin', programs.sleepyEcho());
  const { code, stderr } = await daemon.viv('create', name, '--bios', bios, '--memory', '16M', '--start', ...args);
  expect(stderr).toBe('');
  expect(code).toBe(0);
};

/** How a command failed. */
const failure = ({ code, stderr }: Said) => ({ code, error: codeIn(stderr) });

const pidOf = async (daemon: TestDaemon, name: string): Promise<number> => {
  const { pid } = await daemon.client.call('inspect', { name });
  expect(pid).toBeGreaterThan(0);
  return pid ?? 0;
};

/** What it sends back. */
const answerOf = async (daemon: TestDaemon, name: string, text: string): Promise<void> => {
  const attached = daemon.begin('attach', name);
  attached.stdin.write(text);
  await attached.shows(text);
  attached.stdout.destroy(new Error('nobody reads any more'));
  expect((await attached.done).code).toBe(141);
};

describe('machines of a daemon', () => {
  it('get devices, and lose them again, by commands', async () => {
    await using daemon = await new TestDaemon().start();
    await echo(daemon, 'web', '--slots', '1');
    const disk = daemon.scratch.put('data.img', new Uint8Array(4096));
    const devices = async () => (await daemon.client.call('inspect', { name: 'web' })).hardware.devices;
    const plug = (device: string) => daemon.viv('plug', 'web', device, '--disk', `${disk},ro`);
    expect(await plug('data')).toMatchObject({ code: 0, stdout: 'web: running\n' });
    expect(await devices()).toEqual([{ name: 'data', slot: 'slot0' }]);
    expect(failure(await plug('more'))).toEqual({ code: 1, error: 'VIV_CELL_CHANGE' });
    // This guest has no idea of slots.
    const polite = await daemon.viv('unplug', 'web', 'data', '--wait', '0.1');
    expect(failure(polite)).toEqual({ code: 1, error: 'VIV_CELL_GUEST' });
    expect(await daemon.viv('unplug', 'web', 'data', '--force')).toMatchObject({ code: 0 });
    expect(await devices()).toEqual([]);
    expect(failure(await daemon.viv('set', 'web', '--cpus', '2'))).toEqual({ code: 1, error: 'VIV_CELL_UNCHANGEABLE' });
    expect(failure(await daemon.viv('set', 'web', '--memory', '8M'))).toEqual({
      code: 1,
      error: 'VIV_CELL_UNCHANGEABLE',
    });
  });

  it('are made, listed, changed, looked at and forgotten by commands', async () => {
    await using daemon = await new TestDaemon().start();
    expect(daemon.listens).toEqual([`listening on ${daemon.socket}`]);
    expect((await daemon.viv('ps')).stdout.trim().split(/\s+/)[0]).toBe('NAME');
    await echo(daemon, 'web', '--weight', '512');
    await echo(daemon, 'db', '--cap', '50', '--restart', 'on-failure');
    const pid = await pidOf(daemon, 'web');
    const table = (await daemon.viv('ps')).stdout.trimEnd().split('\n');
    expect(table[1]).toMatch(new RegExp(`^web +running +1 +16M +512 +- +0 +${pid} +\\d+s$`));
    expect(table[2]).toMatch(/^db +running +1 +16M +256 +50% +0 /);
    expect(JSON.parse((await daemon.viv('ps', '--json')).stdout)).toMatchObject({
      machines: [
        { name: 'web', template: 'run', scheduled: true },
        { name: 'db', restart: 'on-failure' },
      ],
    });
    expect(await daemon.viv('pause', 'db')).toMatchObject({ code: 0, stdout: 'db: paused\n' });
    expect(await daemon.viv('set', 'db', '--cap', 'none', '--weight', '100')).toMatchObject({ code: 0 });
    expect(await daemon.client.call('inspect', { name: 'db' })).toMatchObject({
      status: 'paused',
      cap: null,
      weight: 100,
    });
    expect(await daemon.viv('resume', 'db')).toMatchObject({ code: 0, stdout: 'db: running\n' });
    expect(await daemon.viv('reset', 'db')).toMatchObject({ code: 0, stdout: 'db: running\n' });
    await answerOf(daemon, 'web', 'hello');
    expect(await daemon.viv('logs', 'web')).toMatchObject({ code: 0, stdout: 'ready\nhello' });
    expect(await daemon.viv('logs', 'web', '--bytes', '3')).toMatchObject({ stdout: 'llo' });
    const { stdout } = await daemon.viv('top', '--once', '--json', '--interval', '0.3');
    expect(JSON.parse(stdout)).toMatchObject({
      pcpus: [{ id: 0 }, { id: 1 }],
      machines: [
        { name: 'web', weight: 512, memory: 16 << 20 },
        { name: 'db', weight: 100 },
      ],
    });
    // One that runs is not forgotten by mistake, and one mistake does not keep the others.
    expect(failure(await daemon.viv('rm', 'web'))).toEqual({ code: 1, error: 'VIV_MACHINE_ALIVE' });
    const stopped = await daemon.viv('kill', 'none', 'web', 'db');
    expect(stopped).toMatchObject({ code: 1, stdout: 'web: ended\ndb: ended\n' });
    expect(codeIn(stopped.stderr)).toBe('VIV_CONTROL_NO_MACHINE');
    expect(await daemon.viv('rm', 'web', 'db')).toMatchObject({ code: 0, stdout: 'web: gone\ndb: gone\n' });
    expect(daemon.cells).toEqual([]);
    const audit = (await daemon.viv('audit', '--json')).stdout.trimEnd().split('\n');
    expect(audit.map((line) => (JSON.parse(line) as { operation: string }).operation)).toEqual([
      ...[
        'create',
        'create',
        'pause',
        'set',
        'resume',
        'reset',
        'attach',
        'kill',
        'kill',
        'kill',
        'destroy',
        'destroy',
      ],
    ]);
    expect((await daemon.viv('audit', '--most', '1')).stdout).toMatch(/ unix +destroy +db +done\n$/);
    const events = (await daemon.viv('events', '--machine', 'web')).stdout;
    expect(events).toMatch(/ web +host:created\n[\s\S]* web +host:started\n[\s\S]* web +host:destroyed\n$/);
    expect(events).not.toContain(' db ');
  });

  it('that compute have what they use, and what they wait for', async () => {
    await using daemon = await new TestDaemon().start();
    const bios = daemon.scratch.put('busy.bin', programs.echo());
    for (const name of ['one', 'two', 'three']) {
      await daemon.viv('create', name, '--bios', bios, '--memory', '16M', '--start');
    }
    await echo(daemon, 'idle');
    const { stdout } = await daemon.viv('top', '--once', '--json', '--interval', '0.5');
    const { pcpus, machines } = JSON.parse(stdout) as Load;
    for (const { busy } of pcpus) expect(busy).toBeGreaterThan(0);
    // Three on two pCPUs: each runs, and each waits.
    for (const { cpu, wait } of machines.slice(0, 3)) expect(Math.min(cpu, wait)).toBeGreaterThan(0);
    const table = (await daemon.viv('top', '--once', '--sort', 'name')).stdout;
    expect(table).toMatch(
      /^4 machines, 4 running; 64M of [\s\S]*pCPU {2}0 \[[\s\S]*\nidle [\s\S]*\none .*\nthree .*\ntwo /,
    );
  });

  it('go on when it is killed, and the next daemon finds the same ones', async () => {
    await using daemon = await new TestDaemon().start();
    await echo(daemon, 'web', '--weight', '512');
    await echo(daemon, 'db');
    await daemon.viv('pause', 'db');
    await answerOf(daemon, 'web', 'before');
    const pids = [await pidOf(daemon, 'web'), await pidOf(daemon, 'db')];
    for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
      expect(await daemon.end(signal)).toBe(signal === 'SIGKILL' ? null : 0);
      expect(failure(await daemon.viv('ps'))).toEqual({ code: 1, error: 'VIV_CLIENT_CONNECT' });
      // The socket of a daemon that was killed is still there, and nobody's.
      expect(existsSync(daemon.socket)).toBe(signal === 'SIGKILL');
      await daemon.start();
      const { machines } = await daemon.client.call('list', {});
      expect(machines).toMatchObject([
        { name: 'web', status: 'running', weight: 512, pid: pids[0] },
        { name: 'db', status: 'paused', pid: pids[1] },
      ]);
      await answerOf(daemon, 'web', `after ${signal}`);
    }
    await daemon.viv('resume', 'db');
    await answerOf(daemon, 'db', 'here, too');
  });

  it('that end do so for those who look', async () => {
    await using daemon = await new TestDaemon().start();
    await echo(daemon, 'web');
    const looking = daemon.begin('logs', '--follow', 'web');
    await looking.shows('ready');
    const following = daemon.begin('events', '--follow', '--json');
    const attached = daemon.begin('attach', 'web');
    attached.stdin.write('bye.');
    await attached.shows('bye');
    await following.shows('host:ended');
    expect((await daemon.viv('ps')).stdout).toMatch(/web +ended \(power-off\) /);
    await daemon.viv('rm', 'web');
    expect(await attached.done).toMatchObject({ code: 0 });
    expect(await looking.done).toMatchObject({ code: 0, stdout: 'ready\nbye' });
    await daemon.end('SIGTERM');
    expect(failure(await following.done)).toEqual({ code: 1, error: 'VIV_CLIENT_CLOSED' });
  });
});

describe('a daemon', () => {
  it('refuses another one beside it', async () => {
    await using daemon = await new TestDaemon().start();
    const second = await viv('daemon', '--socket', daemon.socket, '--state', join(daemon.scratch.path, 'other'));
    expect(second).toMatchObject({ code: 1, stdout: '' });
    expect(codeIn(second.stderr)).toBe('VIV_DAEMON_RUNNING');
    expect((await daemon.viv('ps')).code).toBe(0);
  });

  it('lets callers in over TCP by their tokens', async () => {
    const tokens = [{ name: 'eye', role: 'viewer', token: 'e'.repeat(32) }];
    await using daemon = await new TestDaemon((scratch) => {
      const file = scratch.put('tokens.json', JSON.stringify({ tokens }));
      chmodSync(file, 0o600);
      return ['--listen', '0', '--tokens', file];
    }).start();
    await echo(daemon, 'web');
    const url = daemon.listens[1]?.replace('listening on ', '') ?? '';
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    const as = (token: string, ...args: string[]) => new VivHere([...args, '--url', url, '--token', token]).done;
    expect((await as('e'.repeat(32), 'ps')).stdout).toContain('web');
    const killed = await as('e'.repeat(32), 'kill', 'web');
    expect(failure(killed)).toEqual({ code: 1, error: 'VIV_CONTROL_FORBIDDEN' });
    const attached = await as('e'.repeat(32), 'attach', 'web');
    expect(failure(attached)).toEqual({ code: 1, error: 'VIV_CONTROL_FORBIDDEN' });
    const stranger = await as('x'.repeat(32), 'ps');
    expect(failure(stranger)).toEqual({ code: 1, error: 'VIV_DAEMON_UNAUTHENTICATED' });
    expect(await connect({ url, token: 'e'.repeat(32) }).metrics()).toContain('vivarium_machines{status="running"} 1');
    expect((await daemon.viv('audit')).stdout).toMatch(/eye +viewer +tcp +kill +web +refused VIV_CONTROL_FORBIDDEN/);
  });

  it('bears a thousand connections and bad callers: guests go on, and nothing is left of them', async () => {
    await using daemon = await new TestDaemon().start();
    await echo(daemon, 'web');
    await answerOf(daemon, 'web', 'before');
    const descriptors = (): number => readdirSync(`/proc/${daemon.pid}/fd`).length;
    const before = descriptors();
    const sockets: Socket[] = [];
    const count = { ended: 0 };
    for (let index = 0; index < 1000; index++) {
      const socket = connectSocket({ path: daemon.socket });
      socket.on('error', () => {});
      socket.once('close', () => {
        count.ended++;
      });
      await once(socket, 'connect');
      socket.resume();
      // A third each: garbage, a body that never comes, nothing at all.
      if (index % 3 === 0) socket.write('\0\u0001\u0002\r\n\r\n');
      if (index % 3 === 1) socket.write('POST /v1/machines HTTP/1.1\r\nHost: x\r\nContent-Length: 1048576\r\n\r\n{');
      sockets.push(socket);
    }
    // Those that were too many, or no HTTP, are let go of; the others are there until they are late.
    while (count.ended < 1000 - 256) await sleep(20);
    for (const socket of sockets) socket.destroy();
    while (descriptors() > before) await sleep(20);
    await answerOf(daemon, 'web', 'after');
    expect(descriptors()).toBeLessThanOrEqual(before);
  });
});
