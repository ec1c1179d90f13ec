import { chmodSync, symlinkSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkFolder, readTokens } from '@vivarium/daemon';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TOKENS, World } from './world.ts';

describe('over TCP', () => {
  it('a token says who asks, and what for; what takes more is refused and noted', async () => {
    await using world = await new World('tcp').listen();
    await world.machine();
    expect((await world.as('viewer', 'GET', '/v1/machines')).status).toBe(200);
    const reply = await world.as('viewer', 'POST', '/v1/machines/web/kill');
    expect(reply).toMatchObject({ status: 403, json: { code: 'VIV_CONTROL_FORBIDDEN' } });
    expect((await world.as('operator', 'DELETE', '/v1/machines/web')).status).toBe(403);
    expect((await world.as('viewer', 'GET', '/metrics')).status).toBe(200);
    expect((await world.as('admin', 'GET', '/v1/audit')).json).toMatchObject({
      entries: [
        { operation: 'create', outcome: 'done' },
        { principal: 'viewer', role: 'viewer', via: 'tcp', operation: 'kill', target: 'web', outcome: 'refused' },
        { principal: 'operator', operation: 'destroy', outcome: 'refused', code: 'VIV_CONTROL_FORBIDDEN' },
      ],
    });
  });

  it('nobody is let in without a token, or with one that nobody has', async () => {
    await using world = await new World('tcp').listen();
    for (const headers of [{}, { authorization: `Bearer ${'x'.repeat(32)}` }, { authorization: 'Basic YTpi' }]) {
      for (const path of ['/v1/status', '/v1/openapi.json', '/metrics', '/v1/nothing']) {
        const reply = await world.ask('GET', path, { headers });
        expect(reply).toMatchObject({ status: 401, json: { code: 'VIV_DAEMON_UNAUTHENTICATED' } });
        expect(reply.headers['www-authenticate']).toBe('Bearer');
      }
    }
    expect((await world.audit.last(1))[0]).toMatchObject({ principal: 'unknown', via: 'tcp', outcome: 'refused' });
  });

  it.each([
    ['another name of this computer', { host: 'evil.example:7070' }],
    ['a name that begins like ours', { host: 'localhost.evil.example' }],
    ['a page of another origin', { origin: 'http://evil.example' }],
    ['a page of no origin', { origin: 'null' }],
  ])('refuses %s, also with a token', async (_, headers) => {
    await using world = await new World('tcp', {}, ['http://localhost:8080']).listen();
    const reply = await world.as('admin', 'GET', '/v1/status', { headers });
    expect(reply).toMatchObject({ status: 403, json: { code: 'VIV_DAEMON_ORIGIN' } });
    expect(reply.headers['access-control-allow-origin']).toBeUndefined();
  });

  it('lets pages of an origin in that was named', async () => {
    await using world = await new World('tcp', {}, ['http://localhost:8080']).listen();
    const headers = { origin: 'http://localhost:8080' };
    const asked = await world.ask('OPTIONS', '/v1/machines', { headers });
    expect(asked.status).toBe(204);
    expect(asked.headers['access-control-allow-origin']).toBe('http://localhost:8080');
    const reply = await world.as('viewer', 'GET', '/v1/machines', { headers });
    expect(reply.status).toBe(200);
    expect(reply.headers['access-control-allow-origin']).toBe('http://localhost:8080');
  });

  it('a WebSocket has its token among the subprotocols', async () => {
    await using world = await new World('tcp').listen();
    const coded = Buffer.from(TOKENS.viewer).toString('base64url');
    const heard = await world.stream('/v1/events', ['vivarium.v1', `vivarium.bearer.${coded}`]).opened();
    expect(heard.socket.protocol).toBe('vivarium.v1');
    await expect(world.stream('/v1/events').opened()).rejects.toThrow('401');
    heard.socket.close();
    expect(await heard.closed).toBe(1005);
  });
});

describe('a file of tokens', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'viv-tokens-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
  const put = async (text: string, mode = 0o600): Promise<string> => {
    const path = join(folder, 'tokens.json');
    await writeFile(path, text);
    chmodSync(path, mode);
    return path;
  };
  const token = (name: string, text: string) => ({ name, role: 'viewer', token: text });

  it('says who has which role', async () => {
    const path = await put(JSON.stringify({ tokens: [token('eye', 'e'.repeat(40))] }));
    const tokens = await readTokens(path);
    expect(tokens.holderOf('e'.repeat(40))).toEqual({ name: 'eye', role: 'viewer' });
    expect(tokens.holderOf('e'.repeat(39))).toBeUndefined();
    expect(tokens.holderOf('')).toBeUndefined();
  });

  it.each([
    ['others can read', JSON.stringify({ tokens: [] }), 0o644],
    ['is no JSON', 'e'.repeat(40), 0o600],
    ['has a short token', JSON.stringify({ tokens: [token('eye', 'short')] }), 0o600],
    ['has a token with a blank', JSON.stringify({ tokens: [token('eye', `${'e'.repeat(40)} x`)] }), 0o600],
    ['has an unknown role', JSON.stringify({ tokens: [{ ...token('eye', 'e'.repeat(40)), role: 'root' }] }), 0o600],
    [
      'gives two the same token',
      JSON.stringify({ tokens: ['a', 'b'].map((name) => token(name, 'e'.repeat(40))) }),
      0o600,
    ],
  ])('that %s is refused, and nothing of it is shown', async (_, text, mode) => {
    const error = await readTokens(await put(text, mode)).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'VIV_DAEMON_TOKENS' });
    expect((error as Error).message).not.toContain('eee');
  });

  it('that is not there is refused', async () => {
    await expect(readTokens(join(folder, 'none'))).rejects.toMatchObject({ code: 'VIV_DAEMON_TOKENS' });
  });
});

describe('a folder', () => {
  it('that others may look into, or that is a link, is not the own', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'viv-folder-'));
    try {
      await checkFolder(folder);
      await mkdir(join(folder, 'open'));
      chmodSync(join(folder, 'open'), 0o755);
      symlinkSync(folder, join(folder, 'link'));
      for (const name of ['open', 'link', 'none']) {
        await expect(checkFolder(join(folder, name))).rejects.toMatchObject({ code: 'VIV_DAEMON_FOLDER' });
      }
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
