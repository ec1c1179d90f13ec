import { frameOf } from '@vivarium/net-packet';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { WebSocket as Client } from 'ws';
import { createUplink, SUBPROTOCOL } from '../src/index.ts';
import { createRelay, type RelayOptions } from '../src/node.ts';
import { EchoBackend } from './echo-backend.ts';

const TOKEN = 'the-token-of-this-test';
const closing: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** A relay into echoes. */
const relayInto = async (options: Partial<RelayOptions> = {}) => {
  const backends: EchoBackend[] = [];
  let left = 0;
  const relay = createRelay({
    token: TOKEN,
    place: () => {
      const backend = new EchoBackend();
      backends.push(backend);
      return { backend, leave: () => (left += 1) };
    },
    ...options,
  });
  closing.push(() => relay.close());
  const { port } = await relay.listen();
  return { relay, backends, url: `ws://127.0.0.1:${port}/`, left: () => left };
};

const uplinkTo = (url: string, token = TOKEN) => {
  const uplink = createUplink({ url, token });
  closing.push(() => uplink.close());
  const lengths: number[] = [];
  uplink.connect({
    accepts: {},
    receive: ({ length }) => {
      lengths.push(length);
      return true;
    },
    drained: () => {},
    linkChanged: () => {},
  });
  return { uplink, lengths };
};

/** Opens a WebSocket by hand; the status when it is refused. */
const knock = (url: string, protocols: string[], origin?: string): Promise<Client | number> =>
  new Promise((resolve) => {
    const client = new Client(url, protocols, origin === undefined ? {} : { origin });
    closing.push(() => client.terminate());
    client.on('open', () => resolve(client));
    client.on('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0));
    client.on('error', () => {});
  });

const letIn = [SUBPROTOCOL, `vivarium.token.${TOKEN}`];
const isOpen = async (answer: Promise<Client | number>): Promise<number | 'open'> => {
  const given = await answer;
  return typeof given === 'number' ? given : 'open';
};

describe('a relay', () => {
  it("carries frames of the platform's own WebSocket into a network, and back", async () => {
    const { relay, url, left } = await relayInto();
    const { uplink, lengths } = uplinkTo(url);
    await vi.waitUntil(() => uplink.linkUp);
    for (const length of [14, 60, 1514, 1518]) uplink.send(frameOf(new Uint8Array(length)));
    await vi.waitUntil(() => lengths.length === 4);
    expect(lengths).toEqual([14, 60, 1514, 1518]);
    expect(relay.clients).toMatchObject([{ sentFrames: 4, receivedFrames: 4 }]);
    uplink.close();
    await vi.waitUntil(() => left() === 1);
    expect(relay.clients).toEqual([]);
  });

  it.each([
    ['the right token', letIn, undefined, 'open'],
    ['no token', [SUBPROTOCOL], undefined, 401],
    ['another token', [SUBPROTOCOL, 'vivarium.token.another-token-than-that'], undefined, 401],
    ['the token alone', [`vivarium.token.${TOKEN}`], undefined, 400],
    ['a page of another origin', letIn, 'https://evil.test', 403],
    ['a page of no origin', letIn, 'null', 403],
  ])('knows %s', async (_title, protocols, origin, answer) => {
    const { url } = await relayInto();
    expect(await isOpen(knock(url, protocols, origin))).toBe(answer);
  });

  it('lets pages in from where it is told, or from its own address', async () => {
    const own = await relayInto();
    expect(await isOpen(knock(own.url, letIn, own.url.replace('ws:', 'http:').slice(0, -1)))).toBe('open');
    const other = await relayInto({ origins: ['https://page.test'] });
    expect(await isOpen(knock(other.url, letIn, 'https://page.test'))).toBe('open');
    expect(await isOpen(knock(other.url, letIn, other.url.replace('ws:', 'http:').slice(0, -1)))).toBe(403);
  });

  it('asks its owner, and has so many places', async () => {
    const { url } = await relayInto({ clients: 2, admits: ({ url: path }) => path !== '/private' });
    expect(await isOpen(knock(`${url}private`, letIn))).toBe(403);
    expect(await isOpen(knock(url, letIn))).toBe('open');
    expect(await isOpen(knock(url, letIn))).toBe('open');
    expect(await isOpen(knock(url, letIn))).toBe(503);
  });

  it('cuts off who sends more than a frame in a message, and counts what is none', async () => {
    const { relay, url, backends } = await relayInto();
    const client = await knock(url, letIn);
    if (typeof client === 'number') throw new Error(`refused with ${client}`);
    client.send('text');
    client.send(new Uint8Array(13));
    client.send(new Uint8Array(14));
    await vi.waitUntil(() => backends[0]?.heard === 1);
    expect(relay.clients[0]?.sendDrops).toEqual({ malformed: 1, short: 1 });
    const code = new Promise((resolve) => void client.on('close', resolve));
    client.send(new Uint8Array(1519));
    expect(await code).toBe(1009);
    await vi.waitUntil(() => relay.clients.length === 0);
  });

  it('reads a client no faster than its network takes, and loses nothing of it', async () => {
    const { url, backends } = await relayInto({ queue: { frames: 65_536, bytes: 2 ** 28 } });
    const { uplink, lengths } = uplinkTo(url);
    await vi.waitUntil(() => uplink.linkUp);
    const [backend] = backends;
    if (backend === undefined) throw new Error('no place was asked for');
    backend.room = 5;
    for (let count = 0; count < 500; count += 1) uplink.send(frameOf(new Uint8Array(60 + count)));
    await vi.waitUntil(() => lengths.length === 5);
    backend.room = 1000;
    backend.drained();
    await vi.waitUntil(() => lengths.length === 500);
    expect(lengths).toEqual(Array.from({ length: 500 }, (_, count) => 60 + count));
  });

  it('reads a client no faster than its rate', async () => {
    const { relay, url } = await relayInto({ rate: { operations: { rate: 1, burst: 10 } } });
    const { uplink, lengths } = uplinkTo(url);
    await vi.waitUntil(() => uplink.linkUp);
    for (let count = 0; count < 1000; count += 1) uplink.send(frameOf(new Uint8Array(60)));
    await vi.waitUntil(() => lengths.length >= 10);
    // The rest would take a quarter of an hour.
    expect(lengths.length).toBeLessThan(1000);
    expect(relay.clients[0]?.sendDrops).toEqual({});
  });

  it('lets its network keep what a client does not read, and bounds what waits in the socket', async () => {
    const { url, backends } = await relayInto({ buffer: 10_000 });
    const client = await knock(url, letIn);
    if (typeof client === 'number') throw new Error(`refused with ${client}`);
    const [backend] = backends;
    if (backend === undefined) throw new Error('no place was asked for');
    client.pause();
    const frames = 20_000;
    for (let count = 0; count < frames; count += 1) backend.deliver(frameOf(new Uint8Array(1500)));
    // Whatever the host's kernel takes: 30 MB are more.
    expect(backend.waiting).toBeGreaterThan(0);
    let heard = 0;
    client.on('message', () => (heard += 1));
    client.resume();
    await vi.waitUntil(() => heard === frames, { timeout: 30_000 });
    expect([backend.waiting, backend.dropped]).toEqual([0, []]);
  });

  it('forgets a client that gives no sign of life', async () => {
    const { relay, url } = await relayInto({ silence: 100 });
    const client = await knock(url, letIn);
    if (typeof client === 'number') throw new Error(`refused with ${client}`);
    client.pause();
    await vi.waitUntil(() => relay.clients.length === 0);
    const lively = await knock(url, letIn);
    let pings = 0;
    if (typeof lively !== 'number') lively.on('ping', () => (pings += 1));
    await vi.waitUntil(() => pings > 3, { timeout: 10_000 });
    expect(relay.clients.length).toBe(1);
  });

  it('says where it cannot listen', async () => {
    const { url } = await relayInto();
    const { port } = new URL(url);
    const second = createRelay({ token: TOKEN, place: () => ({ backend: new EchoBackend(), leave: () => {} }) });
    closing.push(() => second.close());
    await expect(second.listen('127.0.0.1', Number(port))).rejects.toMatchObject({ code: 'VIV_RELAY_LISTEN' });
  });

  it('says goodbye when it closes, and is found again by an uplink when it is back', async () => {
    const { relay, url } = await relayInto();
    const { uplink } = uplinkTo(url);
    await vi.waitUntil(() => uplink.linkUp);
    await relay.close();
    await vi.waitUntil(() => uplink.state === 'waiting');
    const again = createRelay({ token: TOKEN, place: () => ({ backend: new EchoBackend(), leave: () => {} }) });
    closing.push(() => again.close());
    await again.listen('127.0.0.1', Number(new URL(url).port));
    await vi.waitUntil(() => uplink.linkUp, { timeout: 30_000 });
    expect(again.clients.length).toBe(1);
  });
});
