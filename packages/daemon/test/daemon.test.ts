import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DaemonOptions, startDaemon } from '@vivarium/daemon';
import { expect, it } from 'vitest';

const status = (socketPath: string): Promise<Record<string, unknown>> =>
  new Promise((resolve, reject) => {
    request({ socketPath, path: '/v1/status', agent: false }, (response) => {
      let text = '';
      response.on('data', (piece: Buffer) => {
        text += piece.toString();
      });
      response.once('end', () => resolve(JSON.parse(text) as Record<string, unknown>));
    })
      .once('error', reject)
      .end();
  });

const withFolder = async (body: (folder: string, options: DaemonOptions) => Promise<void>): Promise<void> => {
  const folder = await mkdtemp(join(tmpdir(), 'viv-daemon-'));
  try {
    await body(folder, {
      socket: join(folder, 'run', 'control.sock'),
      state: join(folder, 'state'),
      templates: {},
      pcpus: 2,
      memory: 1 << 30,
      version: '9.9.9',
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

it('serves a host with pCPUs on a socket of its own, and leaves nothing but its state', () =>
  withFolder(async (folder, options) => {
    const daemon = await startDaemon(options);
    expect(await status(options.socket)).toMatchObject({ version: '9.9.9', pcpus: 2, memory: 1 << 30, machines: 0 });
    expect(statSync(options.socket).mode & 0o777).toBe(0o600);
    for (const name of ['run', 'state']) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o700);
    await daemon.leave();
    await daemon.leave();
    expect(existsSync(options.socket)).toBe(false);
    expect((await readdir(options.state)).sort()).toEqual(['cells', 'lock', 'machines']);
    await using again = await startDaemon(options);
    expect(again.url).toBeUndefined();
  }));

it('a second one is refused, by its socket and by its state', () =>
  withFolder(async (folder, options) => {
    await using daemon = await startDaemon(options);
    const elsewhere = { ...options, socket: join(folder, 'elsewhere', 'control.sock') };
    const other = { ...options, state: join(folder, 'other') };
    for (const second of [options, elsewhere, other]) {
      await expect(startDaemon(second)).rejects.toMatchObject({ code: 'VIV_DAEMON_RUNNING' });
    }
    expect(await status(daemon.socket)).toMatchObject({ machines: 0 });
  }));

it('the socket of one that was killed is replaced; anything else in its place stays', () =>
  withFolder(async (_folder, options) => {
    await (await startDaemon(options)).leave();
    const listen = `require('node:net').createServer().listen(${JSON.stringify(options.socket)}, () => console.log('up'))`;
    const killed = spawn(process.execPath, ['-e', listen], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(killed.stdout, 'data');
    await expect(startDaemon(options)).rejects.toMatchObject({ code: 'VIV_DAEMON_RUNNING' });
    killed.kill('SIGKILL');
    await once(killed, 'exit');
    expect(existsSync(options.socket)).toBe(true);
    await (await startDaemon(options)).leave();
    writeFileSync(options.socket, 'a file of somebody');
    await expect(startDaemon(options)).rejects.toMatchObject({ code: 'VIV_DAEMON_LISTEN' });
    expect(existsSync(options.socket)).toBe(true);
  }));

it('listens over TCP on the loopback alone, and with tokens', () =>
  withFolder(async (folder, options) => {
    const tokens = join(folder, 'tokens.json');
    writeFileSync(tokens, JSON.stringify({ tokens: [{ name: 'ci', role: 'viewer', token: 't'.repeat(32) }] }), {
      mode: 0o600,
    });
    for (const tcp of [
      { host: '0.0.0.0', port: 0, tokens },
      { port: 0, tokens: join(folder, 'none') },
    ]) {
      await expect(startDaemon({ ...options, tcp })).rejects.toMatchObject({ code: /^VIV_DAEMON_(LISTEN|TOKENS)$/ });
    }
    await using daemon = await startDaemon({ ...options, tcp: { port: 0, tokens } });
    expect((await fetch(`${daemon.url}/v1/status`)).status).toBe(401);
    const answer = await fetch(`${daemon.url}/v1/status`, { headers: { authorization: `Bearer ${'t'.repeat(32)}` } });
    expect(await answer.json()).toMatchObject({ version: '9.9.9' });
    const port = Number(new URL(daemon.url ?? '').port);
    const taken = { ...options, socket: join(folder, 'b', 's'), state: join(folder, 'c'), tcp: { port, tokens } };
    await expect(startDaemon(taken)).rejects.toMatchObject({ code: 'VIV_DAEMON_LISTEN' });
    expect(existsSync(taken.socket)).toBe(false);
  }));

it('refuses options that cannot be', () =>
  withFolder(async (folder, options) => {
    await expect(startDaemon({ ...options, pcpus: 0 })).rejects.toMatchObject({ code: 'VIV_DAEMON_PCPUS' });
    const socket = join(folder, 'x'.repeat(120), 's');
    await expect(startDaemon({ ...options, socket })).rejects.toMatchObject({ code: 'VIV_DAEMON_LISTEN' });
    await using daemon = await startDaemon(options);
    expect(await status(daemon.socket)).toMatchObject({ pcpus: 2 });
  }));
