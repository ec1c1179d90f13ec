import { createSocket } from 'node:dgram';
import { connect, type Socket } from 'node:net';
import { parseIpv4Address } from '@vivarium/net-packet';
import { fakeClock, setupPart } from '@vivarium/testkit';
import { NetBackendToken } from '@vivarium/contracts';
import { afterEach, describe, expect, it } from 'vitest';
import plugin, { nat as natPlugin, NatToken, natOptions } from '../src/index.ts';
import { nodeHostNetwork } from '../src/node.ts';
import { FakeHost, FakeSocket } from './guest/fake-host.ts';
import { GATEWAY, Guest, GUEST } from './guest/guest.ts';
import { fakeRig, pattern, rig } from './guest/rig.ts';

const SECOND = 1e9;
const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});
const network = (...given: Parameters<typeof rig>) => {
  const made = rig(...given);
  closers.push(() => made.nat.dispose());
  return made;
};
const LOCAL = { host: '127.0.0.1', hostPort: 0, guest: GUEST } as const;

describe('a TCP forward', () => {
  it('lets the host connect to the guest, both ways, to the end', async () => {
    const { nat, guest } = network();
    guest.announce();
    const forward = await nat.addForward({ ...LOCAL, protocol: 'tcp', guestPort: 22 });
    expect(forward.hostPort).toBeGreaterThan(0);
    expect(nat.forwards).toEqual([forward]);
    guest.listening.set(22, (connection) => {
      connection.write('SSH-2.0-test\r\n');
    });
    const client: Socket = connect({ port: forward.hostPort, host: '127.0.0.1', allowHalfOpen: true });
    closers.push(() => client.destroy());
    let heard = '';
    let ended = false;
    client.on('data', (bytes) => (heard += bytes));
    client.on('end', () => (ended = true));
    const data = pattern(300_000);
    client.write(data);
    await guest.until(() => heard.includes('\n'));
    const [connection] = guest.connections.values();
    expect([connection.ends.destination, connection.ends.port >= 49_152]).toEqual([GATEWAY, true]);
    await guest.until(() => connection.receivedBytes === data.length);
    client.end();
    await guest.until(() => connection.ended);
    connection.end();
    await guest.until(() => ended && nat.counters.connections === 0);
    expect(Buffer.concat(connection.received).equals(data)).toBe(true);
    expect(nat.removeForward(forward)).toBe(true);
    expect(nat.removeForward(forward)).toBe(false);
    expect(nat.forwards).toEqual([]);
    const late = connect({ port: forward.hostPort, host: '127.0.0.1' });
    await new Promise<void>((resolve) => {
      late.on('error', () => resolve());
    });
  });

  it('is refused when the guest refuses, and asks who the guest is', async () => {
    const { nat, guest } = network();
    const forward = await nat.addForward({ ...LOCAL, protocol: 'tcp', guestPort: 23 });
    const client = connect({ port: forward.hostPort, host: '127.0.0.1' });
    const closed = new Promise<void>((resolve) => {
      client.on('error', () => {});
      client.on('close', () => resolve());
    });
    await closed;
    expect(guest.arps[0]).toMatchObject({ operation: 1, target: GUEST, sender: GATEWAY });
    expect(nat.counters.connections).toBe(0);
  });

  it('waits for a guest that starts late, asking again', () => {
    const { nat, guest, clock, host } = fakeRig();
    guest.loses = () => true;
    void nat.addForward({ ...LOCAL, protocol: 'tcp', guestPort: 22 });
    let socket: FakeSocket | undefined;
    host.listeners[0].accept((events) => (socket = new FakeSocket('', 0, events)));
    expect(socket!.isPaused).toBe(true);
    for (let step = 0; step < 10; step += 1) clock.advance(SECOND);
    expect(guest.frames).toBeGreaterThan(5);
    guest.loses = () => false;
    const heard: string[] = [];
    guest.listening.set(22, (connection) => {
      heard.push('call');
      connection.close();
    });
    for (let step = 0; step < 5; step += 1) clock.advance(SECOND);
    expect([heard, socket!.isPaused, nat.counters.opening]).toEqual([['call'], false, 0]);
  });

  it('is given up when no guest answers', () => {
    const { nat, guest, clock, host } = fakeRig();
    guest.loses = () => true;
    void nat.addForward({ ...LOCAL, protocol: 'tcp', guestPort: 22 });
    let socket: FakeSocket | undefined;
    host.listeners[0].accept((events) => (socket = new FakeSocket('', 0, events)));
    for (let step = 0; step < 200; step += 1) clock.advance(SECOND);
    expect([socket!.isReset, nat.counters.connections, nat.counters.opening]).toEqual([true, 0, 0]);
  });

  it('is bounded as other connections are', async () => {
    const { nat, host, guest } = fakeRig({ limits: { connections: 3 } });
    guest.loses = () => true;
    await nat.addForward({ ...LOCAL, protocol: 'tcp', guestPort: 22 });
    let taken = 0;
    for (let count = 0; count < 5; count += 1) {
      host.listeners[0].accept((events) => {
        taken += 1;
        return new FakeSocket('', 0, events);
      });
    }
    expect([taken, nat.counters.drops.limit]).toEqual([3, 2]);
    nat.stop();
    expect([host.listeners[0].closed, nat.counters.connections, nat.forwards]).toEqual([true, 0, []]);
    host.listeners[0].accept(() => {
      throw new Error('nothing is taken any more');
    });
  });
});

describe('a UDP forward', () => {
  it('lets those outside talk with the guest, each by a port of the gateway', async () => {
    const { nat, guest } = network();
    guest.announce();
    const forward = await nat.addForward({ ...LOCAL, protocol: 'udp', guestPort: 514 });
    const heard: string[] = [];
    const outside = [0, 1].map(() => {
      const socket = createSocket('udp4');
      closers.push(() => socket.close());
      socket.on('message', (bytes) => heard.push(String(bytes)));
      return socket;
    });
    outside[0].send('zero', forward.hostPort, '127.0.0.1');
    outside[1].send('one', forward.hostPort, '127.0.0.1');
    await guest.until(() => guest.datagrams.length === 2);
    outside[0].send('zero again', forward.hostPort, '127.0.0.1');
    await guest.until(() => guest.datagrams.length === 3);
    const ports = guest.datagrams.map(({ source, sourcePort, port }) => {
      expect([source, port]).toEqual([GATEWAY, 514]);
      return sourcePort;
    });
    const texts = guest.datagrams.map(({ payload }) => String.fromCharCode(...payload));
    expect(new Set(ports).size).toBe(2);
    expect(ports[2]).toBe(ports[texts.indexOf('zero')]);
    for (const { sourcePort, payload } of guest.datagrams.splice(0)) {
      guest.sendUdp(GATEWAY, 514, sourcePort, new TextEncoder().encode(`echo ${String.fromCharCode(...payload)}`));
    }
    await guest.until(() => heard.length === 3);
    expect(heard.sort()).toEqual(['echo one', 'echo zero', 'echo zero again']);
  });

  it('knows so many outside, and forgets the silent', async () => {
    const { nat, guest, host, clock } = fakeRig({ limits: { peers: 2 }, timeouts: { udp: 10 } });
    guest.announce();
    await nat.addForward({ ...LOCAL, protocol: 'udp', guestPort: 514 });
    const { events } = host.udp[0];
    for (let port = 1; port <= 3; port += 1) events.message(Uint8Array.of(port), '192.0.2.1', port);
    const ports = guest.datagrams.map(({ sourcePort }) => sourcePort);
    const answer = (index: number) => {
      const before = host.datagrams.filter(({ socket }) => socket === 0).length;
      guest.sendUdp(GATEWAY, 514, ports[index], Uint8Array.of(9));
      return host.datagrams.filter(({ socket }) => socket === 0).length > before;
    };
    expect([answer(0), answer(1), answer(2)]).toEqual([false, true, true]);
    expect(host.datagrams.findLast(({ socket }) => socket === 0)).toMatchObject({ address: '192.0.2.1', port: 3 });
    clock.advance(11 * SECOND);
    expect(answer(2)).toBe(false);
  });
});

describe('the plugin', () => {
  it('opens the forwards of its options, tells their ports, and gives all back', async () => {
    expect(plugin).toBe(natPlugin);
    const options = {
      host: nodeHostNetwork(),
      forwards: [
        { hostPort: 0, guestPort: 22 },
        { protocol: 'udp', hostPort: 0, guestPort: 53, guest: '10.0.2.77' },
      ],
    };
    const { part, events, get } = await setupPart(natPlugin, { options, id: 'net0' });
    await part.reset?.();
    await part.start?.();
    const told = events.filter(({ name }) => name === 'net:forward').map(({ event }) => event);
    const open = get(NatToken).forwards;
    expect(open.every(({ hostPort }) => hostPort > 0)).toBe(true);
    expect(told).toEqual([
      { part: 'net0', ...open[0], guest: '10.0.2.15', protocol: 'tcp', host: '127.0.0.1', guestPort: 22 },
      { part: 'net0', ...open[1], guest: '10.0.2.77', protocol: 'udp', host: '127.0.0.1', guestPort: 53 },
    ]);
    const { hostPort } = told[0] as { hostPort: number };
    await expect(get(NatToken).addForward({ ...LOCAL, protocol: 'tcp', hostPort, guestPort: 1 })).rejects.toMatchObject(
      {
        code: 'VIV_NAT_FORWARD',
        details: { hostPort },
      },
    );
    await part.stop?.();
    await part.dispose?.();
    const again = connect({ port: hostPort, host: '127.0.0.1' });
    await new Promise<void>((resolve) => {
      again.on('error', () => resolve());
    });
    await expect(get(NatToken).addForward({ ...LOCAL, protocol: 'tcp', guestPort: 1 })).rejects.toMatchObject({
      code: 'VIV_NAT_FORWARD',
    });
  });

  it('gives a paused machine nothing, and logs where its guest may not go, not for ever', async () => {
    const host = new FakeHost();
    const clock = fakeClock();
    const { part, get, events } = await setupPart(natPlugin, { options: { host, egress: { mode: 'public' } }, clock });
    const guest = new Guest(get(NetBackendToken));
    await part.pause?.();
    guest.announce();
    expect(guest.arps).toEqual([]);
    await part.resume?.();
    expect(guest.arps).toHaveLength(1);
    for (let count = 0; count < 200; count += 1)
      guest.connect(parseIpv4Address('10.9.9.9')!, 1 + (count % 100)).close();
    const lines = events.filter(({ name }) => name === 'log');
    expect(lines[0]?.event).toMatchObject({ level: 'warn', facts: { protocol: 'tcp', address: '10.9.9.9', port: 1 } });
    expect(lines).toHaveLength(33);
    await part.dispose?.();
  });

  it.each([
    [{ host: {} }, 'host'],
    [{ network: '10.0.2.0/30' }, 'network'],
    [{ network: '10.0.2.1/24' }, 'network'],
    [{ mtu: 68 }, 'mtu'],
    [{ egress: { mode: 'closed' } }, 'egress'],
    [{ egress: { allow: [{ cidr: 'example.com' }] } }, 'egress'],
    [{ egress: { allow: [{ name: 'ex*mple.com' }] } }, 'egress'],
    [{ egress: { allow: [{ ports: [9, 8] }] } }, 'egress'],
    [{ egress: { allow: [{ port: 9 }] } }, 'egress'],
    [{ forwards: [{ hostPort: 1, guestPort: 0 }] }, 'forwards'],
    [{ forwards: [{ hostPort: 1, guestPort: 1, guest: '10.0.3.1' }] }, 'forwards'],
    [{ forwards: [{ hostPort: 1, guestPort: 1, host: 'localhost' }] }, 'forwards'],
    [{ limits: { connections: 0 } }, 'limits'],
  ])('refuses %j', (options, where) => {
    const result = natOptions.safeParse({ host: nodeHostNetwork(), ...options });
    expect(result.error?.issues[0]?.path[0]).toBe(where);
  });
});
