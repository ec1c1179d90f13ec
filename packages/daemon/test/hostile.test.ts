import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { World } from './world.ts';

/** What comes over a connection until it ends. */
const heardFrom = async (socket: Socket): Promise<string> => {
  let text = '';
  socket.on('data', (piece: Buffer) => {
    text += piece.toString();
  });
  socket.on('error', () => {});
  if (!socket.closed) await once(socket, 'close').catch(() => {});
  return text;
};

const opened = async (world: World): Promise<Socket> => {
  const socket = connect({ ...world.at });
  await once(socket, 'connect');
  return socket;
};

/** Nothing of what was is left: another caller is served, and connections are given back. */
const unharmed = async (world: World): Promise<void> => {
  while (world.server.open > 0) await sleep(10);
  expect((await world.ask('GET', '/v1/status')).status).toBe(200);
  expect(world.troubles).toEqual([]);
};

it('a body that is too large is refused before it has come', async () => {
  await using world = await new World('unix', { limits: { body: 1000 } }).listen();
  const said = await opened(world);
  said.write(
    'POST /v1/machines HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99999999\r\n\r\n',
  );
  expect(await heardFrom(said)).toMatch(/^HTTP\/1\.1 413 [\s\S]*VIV_DAEMON_BODY_LARGE/);
  const unsaid = await opened(world);
  unsaid.write('POST /v1/machines HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n');
  unsaid.write(`400\r\n${'x'.repeat(1024)}\r\n`);
  expect(await heardFrom(unsaid)).toMatch(/^HTTP\/1\.1 413 [\s\S]*VIV_DAEMON_BODY_LARGE/);
  await unharmed(world);
});

it('a header or body that does not come in time is not waited for', async () => {
  await using world = await new World('unix', {
    limits: { headerTime: 200, requestTime: 400, idleTime: 200 },
  }).listen();
  const silent = heardFrom(await opened(world));
  const slowHeader = await opened(world);
  slowHeader.write('GET /v1/status HTTP/1.1\r\nHost: x\r\n');
  const slowBody = await opened(world);
  slowBody.write(
    'POST /v1/machines HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{',
  );
  const drip = setInterval(() => slowBody.write(' '), 50);
  const idle = await opened(world);
  idle.write('GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n');
  expect(await heardFrom(slowHeader)).toMatch(/^HTTP\/1\.1 408 [\s\S]*VIV_DAEMON_TIMEOUT/);
  expect(await heardFrom(slowBody)).toMatch(/^HTTP\/1\.1 408 /);
  expect(await heardFrom(idle)).toMatch(/^HTTP\/1\.1 200 /);
  expect(await silent).toMatch(/^(HTTP\/1\.1 408 |$)/);
  clearInterval(drip);
  await unharmed(world);
});

it.each([
  ['garbage', Buffer.from([0, 1, 2, 3, 255, 13, 10, 13, 10]), 400],
  ['a header without an end', `GET / HTTP/1.1\r\nHost: x\r\nX: ${'y'.repeat(32 << 10)}`, 400],
  ['two lengths', 'POST /v1/machines HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}', 400],
  ['a target that is no path', 'GET http://evil.example/v1/status HTTP/1.1\r\nHost: x\r\n\r\n', 400],
  ['a way out', 'CONNECT evil.example:80 HTTP/1.1\r\nHost: x\r\n\r\n', undefined],
  [
    'another protocol in its place',
    'GET /v1/events HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n',
    400,
  ],
  [
    'a WebSocket for what is no stream',
    'GET /v1/status HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    426,
  ],
  [
    'a WebSocket for nothing',
    'GET /v1/nothing HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    404,
  ],
])('refuses %s', async (_, text, status) => {
  await using world = await new World('unix', { limits: { idleTime: 100 } }).listen();
  const socket = await opened(world);
  socket.write(text);
  const heard = await heardFrom(socket);
  if (status === undefined) expect(heard).toBe('');
  else expect(heard).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  await unharmed(world);
});

it('of a thousand connections at once those that are too many hear so, and none is kept', async () => {
  await using world = await new World().listen();
  const statuses = async (sockets: readonly Socket[]): Promise<Readonly<Record<string, number>>> => {
    const answers = sockets.map(heardFrom);
    for (const socket of sockets) socket.write('GET /v1/status HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    const counts: Record<string, number> = {};
    for (const answer of await Promise.all(answers)) {
      const [, status = 'none'] = /^HTTP\/1\.1 (\d+) /.exec(answer) ?? [];
      counts[status] = (counts[status] ?? 0) + 1;
      expect(answer.includes('VIV_DAEMON_BUSY')).toBe(status === '503');
    }
    return counts;
  };
  const served = await Promise.all(Array.from({ length: 256 }, () => opened(world)));
  while (world.server.open < 256) await sleep(10);
  const others = await Promise.all(Array.from({ length: 744 }, () => opened(world)));
  expect(await statuses(others)).toEqual({ 503: 744 });
  expect(world.server.open).toBe(256);
  expect(await statuses(served)).toEqual({ 200: 256 });
  await unharmed(world);
});

it('those that are too many, and say nothing, are let go of', async () => {
  await using world = await new World('unix', { limits: { connections: 1, headerTime: 60_000 } }).listen();
  const first = await opened(world);
  const second = heardFrom(await opened(world));
  expect(await second).toBe('');
  first.destroy();
  await unharmed(world);
});

it('callers that leave in the middle of their requests leave nothing', async () => {
  await using world = await new World().listen();
  for (const text of ['GET', 'POST /v1/machines HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"a"']) {
    const socket = await opened(world);
    socket.write(text);
    await sleep(20);
    socket.destroy();
  }
  await unharmed(world);
  expect(world.server.open).toBe(0);
});
