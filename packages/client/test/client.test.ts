import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, createClient } from '@vivarium/client';
import { connect } from '@vivarium/client/node';
import { operations, route } from '@vivarium/control';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { routes } from '../src/routes.ts';

const TOKEN = 'a token with 32 characters or so'.replaceAll(' ', '-');

/** Something that answers as it is told, and remembers what it was asked. */
class Daemon {
  readonly folder = mkdtempSync(join(tmpdir(), 'viv-client-'));
  readonly asked: { line: string; token: string | undefined; body: string }[] = [];
  answer = { status: 200, text: '{}' };
  /** What becomes of WebSockets. */
  serve = (_socket: WebSocket): void => {};
  readonly #servers: Server[] = [];
  readonly #sockets = new WebSocketServer({ noServer: true, handleProtocols: () => 'vivarium.v1' });

  async listen(): Promise<{ socket: string; url: string }> {
    const socket = join(this.folder, 's');
    for (const where of [{ path: socket }, { host: '127.0.0.1', port: 0 }]) {
      const server = createServer((request, response) => {
        let body = '';
        request.on('data', (piece: Buffer) => {
          body += piece.toString();
        });
        request.once('end', () => {
          this.#note(request, body);
          response.writeHead(this.answer.status).end(this.answer.text);
        });
      });
      server.on('upgrade', (request, raw, head) => {
        this.#note(request, '');
        this.#sockets.handleUpgrade(request, raw, head, (opened) => this.serve(opened));
      });
      server.listen(where);
      await once(server, 'listening');
      this.#servers.push(server);
    }
    return { socket, url: `http://127.0.0.1:${(this.#servers[1].address() as AddressInfo).port}` };
  }

  close(): void {
    for (const server of this.#servers) {
      server.closeAllConnections();
      server.close();
    }
    for (const socket of this.#sockets.clients) socket.terminate();
    rmSync(this.folder, { recursive: true, force: true });
  }

  #note({ method, url, headers }: IncomingMessage, body: string): void {
    const [, coded] = /vivarium\.bearer\.([\w-]+)/.exec(headers['sec-websocket-protocol'] ?? '') ?? [];
    const token = coded === undefined ? headers.authorization : Buffer.from(coded, 'base64url').toString();
    this.asked.push({ line: `${method} ${url}`, token, body });
  }
}

let daemon: Daemon;
let where: { socket: string; url: string };
beforeEach(async () => {
  daemon = new Daemon();
  where = await daemon.listen();
});
afterEach(() => daemon.close());

it('knows where all operations are', () => {
  for (const [name, operation] of Object.entries(operations)) {
    expect(routes[name as keyof typeof routes]).toEqual({ method: operation.method, path: operation.path });
  }
});

const clients: readonly (readonly [string, (at: typeof where) => Client, token: string | undefined])[] = [
  ['over a Unix socket', ({ socket }) => connect({ socket }), undefined],
  ['to a URL', ({ url }) => connect({ url, token: TOKEN }), TOKEN],
  ['with what browsers have', ({ url }) => createClient({ url, token: TOKEN }), TOKEN],
];

describe.each(clients)('a client %s', (_, make, token) => {
  it('asks for what the table says', async () => {
    const client = make(where);
    daemon.answer.text = '{"text":"hello"}';
    expect(await client.call('logs', { name: 'web', console: 'a/b', scrollback: 10 })).toEqual({ text: 'hello' });
    await client.call('stop', { name: 'web', grace: 5 });
    await client.call('kill', { name: 'web' });
    await client.call('destroy', { name: 'web' });
    expect(daemon.asked.map(({ line, body }) => `${line} ${body}`)).toEqual([
      'GET /v1/machines/web/consoles/a%2Fb?scrollback=10 ',
      'POST /v1/machines/web/stop {"grace":5}',
      'POST /v1/machines/web/kill ',
      'DELETE /v1/machines/web ',
    ]);
    expect(daemon.asked[0]?.token).toBe(token === undefined ? undefined : `Bearer ${token}`);
    // What it asks for is what a router finds.
    for (const { line } of daemon.asked) {
      const [method = '', target = ''] = line.split(' ');
      expect(route(method, target.split('?')[0] ?? '')).toMatchObject({ parts: { name: 'web' } });
    }
  });

  it('says with its code what went wrong', async () => {
    const client = make(where);
    const problem = { status: 409, code: 'VIV_HOST_STATE', detail: 'it does not run', hint: 'Start it.' };
    daemon.answer = { status: 409, text: JSON.stringify(problem) };
    await expect(client.call('pause', { name: 'web' })).rejects.toMatchObject({
      code: 'VIV_HOST_STATE',
      message: 'it does not run',
      hint: 'Start it.',
      details: { status: 409 },
    });
    for (const text of ['<html>', '{"title":"no problem of ours"}', '{']) {
      daemon.answer = { status: 502, text };
      await expect(client.call('list', {})).rejects.toMatchObject({ code: 'VIV_CLIENT_ANSWER' });
    }
    daemon.answer = { status: 200, text: '[1]' };
    await expect(client.call('list', {})).rejects.toMatchObject({ code: 'VIV_CLIENT_ANSWER' });
  });

  it('opens streams: bytes and notes both ways, and the end', async () => {
    const heard: unknown[] = [];
    daemon.serve = (socket) => {
      socket.on('message', (data: Buffer, binary) => heard.push(binary ? [...data] : JSON.parse(data.toString())));
      socket.send(Buffer.of(0, 104, 105));
      socket.send('{"kind":"lost","bytes":3}');
      socket.on('message', () => {
        if (heard.length === 3) socket.close(1000);
      });
    };
    const told: unknown[] = [];
    await new Promise<void>((resolve, reject) => {
      const stream = make(where).open(
        'attach',
        { name: 'web', console: 'console0', scrollback: 7 },
        {
          bytes: (channel, bytes) => void told.push([channel, new TextDecoder().decode(bytes)]),
          note: (note) => void told.push(note),
          end: (error) => (error === undefined ? resolve() : reject(error as Error)),
        },
      );
      // Before it is open, too.
      stream.bytes(0, Uint8Array.of(1, 2));
      stream.note({ kind: 'resize', columns: 80, rows: 25 });
    });
    expect(heard).toEqual([{ scrollback: 7 }, [0, 1, 2], { kind: 'resize', columns: 80, rows: 25 }]);
    expect(told).toEqual([[0, 'hi'], { kind: 'lost', bytes: 3 }]);
    expect(daemon.asked).toMatchObject([{ line: 'GET /v1/machines/web/consoles/console0/attach', token }]);
  });

  it.each([
    [
      'a problem',
      (socket: WebSocket) => {
        socket.send('{"kind":"error","problem":{"code":"VIV_CONTROL_NO_MACHINE","detail":"there is none"}}');
        socket.close(1011);
      },
      'VIV_CONTROL_NO_MACHINE',
    ],
    ['a daemon that is killed', (socket: WebSocket) => socket.terminate(), 'VIV_CLIENT_CLOSED'],
    ['a daemon that leaves', (socket: WebSocket) => socket.close(1001), 'VIV_CLIENT_CLOSED'],
    ['what is no note', (socket: WebSocket) => socket.send('hello'), 'VIV_CLIENT_ANSWER'],
  ] as const)('ends a stream with a code after %s', async (_name, serve, code) => {
    daemon.serve = serve;
    const ends: unknown[] = [];
    make(where).open('exec', { name: 'web', command: 'true' }, { end: (error) => void ends.push(error) });
    while (ends.length === 0) await sleep(5);
    await sleep(20);
    expect(ends).toMatchObject([{ code }]);
  });

  it('says that nobody is there', async () => {
    const client = make(where);
    daemon.close();
    await expect(client.call('list', {})).rejects.toMatchObject({ code: 'VIV_CLIENT_CONNECT' });
    const error = await new Promise((resolve) => {
      client.open('events', {}, { end: resolve });
    });
    expect(error).toMatchObject({ code: 'VIV_CLIENT_CONNECT' });
  });

  it('gives up when it is told to', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(make(where).call('list', {}, { signal })).rejects.toThrow('enough');
  });
});

it('in Node, a stream waits for its reader, and says when a writer is to wait', async () => {
  const count = { sent: 0, received: 0, writable: 0 };
  daemon.serve = (socket) => {
    socket.pause();
    const piece = Buffer.alloc(64 << 10);
    const more = (): void => {
      if (count.sent > 16 << 20) return;
      count.sent += piece.length;
      socket.send(piece, more);
    };
    more();
    socket.on('message', (data: Buffer) => {
      count.received += data.length;
    });
    setTimeout(() => socket.resume(), 200);
  };
  const got: number[] = [];
  const stream = connect({ socket: where.socket }).open(
    'attach',
    { name: 'web', console: 'console0' },
    { bytes: (_, bytes) => got.push(bytes.length) < 0, writable: () => void count.writable++, end: () => {} },
  );
  while (got.length === 0) await sleep(5);
  await sleep(100);
  // One message was taken, and what came with it from the operating system.
  expect(got.length).toBeLessThan(16);
  expect(count.sent).toBeLessThan(8 << 20);
  const large = new Uint8Array(4 << 20);
  expect(stream.bytes(0, large)).toBe(false);
  while (count.writable === 0) await sleep(5);
  while (count.received < large.length) await sleep(5);
  const before = count.sent;
  while (count.sent === before) {
    stream.resume();
    await sleep(5);
  }
  stream.close();
});

it('refuses what is no address', () => {
  for (const url of ['nonsense', 'https://localhost:1', 'ftp://localhost']) {
    expect(() => connect({ url })).toThrow(expect.objectContaining({ code: 'VIV_CLIENT_CONNECT' }));
  }
});
