import { setTimeout as sleep } from 'node:timers/promises';
import type { Control, OpenStream, StreamPeer } from '@vivarium/control';
import { describe, expect, it } from 'vitest';
import { World } from './world.ts';

const ATTACH = '/v1/machines/web/consoles/console0/attach';

/** A stream whose other end the test holds. */
class HeldStream implements OpenStream {
  peer: StreamPeer | undefined;
  /** Bytes that are taken before the caller has to wait. */
  room = 0;
  readonly taken: number[] = [];
  resumed = 0;
  closed = 0;

  bytes(_channel: number, bytes: Uint8Array): number {
    const count = Math.min(bytes.length, this.room);
    this.room -= count;
    this.taken.push(...bytes.subarray(0, count));
    return count;
  }
  note(): void {}
  resume(): void {
    this.resumed++;
  }
  close(): void {
    this.closed++;
  }
}

/** A server whose streams are all this one. */
const serving = async (stream: HeldStream, options: ConstructorParameters<typeof World>[1] = {}): Promise<World> => {
  const refuse = (): never => {
    throw new Error('no call is expected');
  };
  const control: Control = {
    recover: refuse,
    call: refuse,
    open: (_principal: unknown, _name: string, _input: unknown, peer: StreamPeer) => {
      stream.peer = peer;
      return stream;
    },
    refused: () => {},
    leave: refuse,
  };
  return new World('unix', { control, ...options }).listen();
};

describe('a console', () => {
  it('is a WebSocket: the input first, then bytes and notes', async () => {
    await using world = await new World().listen();
    await world.machine();
    const heard = await world.stream(ATTACH).opened();
    heard.socket.send('{}');
    heard.socket.send(Buffer.from('\0hello'));
    heard.socket.send('{"kind":"resize","columns":100,"rows":30}');
    await heard.until(({ bytes }) => bytes === '0:HELLO');
    await world.ask('DELETE', '/v1/machines/web');
    expect(await heard.closed).toBe(1000);
    expect(heard.notes).toEqual([{ kind: 'closed' }]);
  });

  it('is let go of when its viewer leaves', async () => {
    await using world = await new World().listen();
    await world.machine();
    const heard = await world.stream(ATTACH).opened();
    heard.socket.send('{}');
    heard.socket.send(Buffer.from('\0x'));
    await heard.until(({ bytes }) => bytes !== '');
    const viewers = async (): Promise<unknown> =>
      ((await world.ask('GET', '/v1/machines/web')).json['consoles'] as [{ viewers: number }])[0].viewers;
    expect(await viewers()).toBe(1);
    heard.socket.terminate();
    while ((await viewers()) !== 0) await sleep(5);
  });

  it.each([
    ['bytes first', [Buffer.from('\0x')], 'VIV_DAEMON_FRAME'],
    ['no JSON', ['{'], 'VIV_DAEMON_REQUEST'],
    ['an input that is none', ['{"slow":"maybe"}'], 'VIV_CONTROL_INPUT'],
    ['a channel that takes nothing', ['{}', Buffer.from('\u0001x')], 'VIV_DAEMON_FRAME'],
    ['no channel', ['{}', Buffer.alloc(0)], 'VIV_DAEMON_FRAME'],
    ['a note that is none', ['{}', '{"kind":"explode"}'], 'VIV_CONTROL_INPUT'],
    ['a flood of bytes', ['{}', ...Array.from({ length: 6000 }, () => Buffer.from('\0x'))], 'VIV_DAEMON_FLOOD'],
    [
      'a flood of notes',
      ['{}', ...Array.from({ length: 6000 }, () => '{"kind":"resize","columns":1,"rows":1}')],
      'VIV_DAEMON_FLOOD',
    ],
  ] as const)('ends with a problem when it is sent %s', async (_, messages, code) => {
    await using world = await new World().listen();
    await world.machine();
    const heard = await world.stream(ATTACH).opened();
    for (const message of messages) heard.socket.send(message);
    expect(await heard.closed).toBe(1011);
    expect(heard.notes.at(-1)).toMatchObject({ kind: 'error', problem: { code } });
    expect((await world.ask('GET', '/v1/machines/web')).json).toMatchObject({ consoles: [{ viewers: 0 }] });
  });

  it('ends with the code for it when a message is too large', async () => {
    await using world = await new World().listen();
    await world.machine();
    const heard = await world.stream(ATTACH).opened();
    heard.socket.send('{}');
    heard.socket.send(Buffer.alloc((256 << 10) + 1));
    expect(await heard.closed).toBe(1009);
  });

  it('ends when its first message does not come, or its machine is none', async () => {
    await using world = await new World('unix', { limits: { headerTime: 100 } }).listen();
    const silent = await world.stream(ATTACH).opened();
    expect(await silent.closed).toBe(1011);
    expect(silent.notes).toMatchObject([{ problem: { code: 'VIV_DAEMON_TIMEOUT' } }]);
    const missing = await world.stream(ATTACH).opened();
    missing.socket.send('{}');
    expect(await missing.closed).toBe(1011);
    expect(missing.notes).toMatchObject([{ problem: { code: 'VIV_CONTROL_NO_MACHINE', status: 404 } }]);
  });
});

it('events come as they happen, and end with the server', async () => {
  await using world = await new World().listen();
  const heard = await world.stream('/v1/events').opened();
  heard.socket.send('{"since":0}');
  await sleep(20);
  await world.machine();
  await heard.until(({ notes }) => notes.length >= 3);
  expect(heard.notes).toMatchObject([
    { kind: 'live' },
    { kind: 'event', event: { machine: 'web', name: 'host:created' } },
    { kind: 'event', event: { machine: 'web', name: 'host:started' } },
  ]);
  await world.server.close();
  expect(await heard.closed).toBe(1001);
});

describe('a side that is slow', () => {
  it('a guest: what its caller sends waits with the caller, and comes whole and in order', async () => {
    const stream = new HeldStream();
    await using world = await serving(stream, { limits: { messages: { rate: 1e6, burst: 1e6 } } });
    const heard = await world.stream(ATTACH).opened();
    heard.socket.send('{}');
    const sent = Buffer.from(Array.from({ length: 4 << 20 }, (_, index) => index % 251));
    for (let from = 0; from < sent.length; from += 4096) {
      heard.socket.send(Buffer.concat([Buffer.of(0), sent.subarray(from, from + 4096)]));
    }
    await sleep(300);
    // What the sockets of the operating system hold, and a little.
    expect(heard.socket.bufferedAmount).toBeGreaterThan(2 << 20);
    expect(stream.taken).toEqual([]);
    while (stream.taken.length < sent.length) {
      stream.room = 10_000;
      stream.peer?.writable?.();
      await sleep(0);
    }
    expect(Buffer.from(stream.taken).equals(sent)).toBe(true);
    heard.socket.close();
    await heard.closed;
    while (stream.closed === 0) await sleep(5);
    expect(stream.closed).toBe(1);
  });

  it('a caller: the control plane hears that, and when it may go on', async () => {
    const stream = new HeldStream();
    await using world = await serving(stream);
    const heard = await world.stream(ATTACH).opened();
    heard.socket.send('{}');
    while (stream.peer === undefined) await sleep(5);
    heard.socket.pause();
    const piece = new Uint8Array(64 << 10).fill(0x78);
    let sent = 0;
    while (stream.peer.bytes(0, piece)) {
      sent += piece.length;
      expect(sent).toBeLessThan(8 << 20);
      await sleep(0);
    }
    sent += piece.length;
    await sleep(50);
    expect(stream.resumed).toBe(0);
    heard.socket.resume();
    while (stream.resumed === 0) await sleep(5);
    stream.peer.note({ kind: 'closed' });
    stream.peer.end();
    expect(await heard.closed).toBe(1000);
    expect(heard.bytes.replaceAll('0:', '').length).toBe(sent);
    expect(heard.notes).toEqual([{ kind: 'closed' }]);
  });

  it('a caller that has gone while the guest takes nothing is noticed', async () => {
    const stream = new HeldStream();
    await using world = await serving(stream, { limits: { heartbeat: 50 } });
    const heard = await world.stream(ATTACH).opened();
    heard.socket.send('{}');
    heard.socket.send(Buffer.from('\0x'));
    while (stream.peer === undefined) await sleep(5);
    await sleep(20);
    heard.socket.terminate();
    while (stream.closed === 0) await sleep(5);
    while (world.server.open > 0) await sleep(5);
    expect(stream.closed).toBe(1);
  });
});
