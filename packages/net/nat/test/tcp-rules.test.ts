import { TcpFlag } from '@vivarium/net-packet';
import { describe, expect, it } from 'vitest';
import type { NatOptions } from '../src/index.ts';
import { GATEWAY } from './guest/guest.ts';
import type { GuestTcp } from './guest/guest-tcp.ts';
import { fakeRig, pattern } from './guest/rig.ts';

const SECOND = 1e9;
const PEER = 0x0808_0808;

/** Lets time pass in small steps, as it does. */
const pass = (clock: ReturnType<typeof fakeRig>['clock'], seconds: number) => {
  for (let step = 0; step < seconds * 20; step += 1) clock.advance(0.05 * SECOND);
};

/** A connection that is open on both sides. */
const opened = (
  options: Omit<NatOptions, 'host'> = {},
  tcp: Parameters<ReturnType<typeof fakeRig>['guest']['connect']>[2] = {},
) => {
  const rig = fakeRig(options);
  const connection = rig.guest.connect(PEER, 80, tcp);
  const [socket] = rig.host.sockets;
  socket.events.connected();
  connection.close();
  return { ...rig, connection, socket: socket };
};
/** Segments that the guest got since the last call: payload length and flags. */
const watch = (guest: ReturnType<typeof fakeRig>['guest']) => {
  const seen: number[] = [];
  const before = guest.receive.bind(guest);
  guest.receive = (frame) => {
    seen.push(frame.length - 54);
    return before(frame);
  };
  return () => seen.splice(0);
};

describe('an opening', () => {
  it('waits for the host, whatever the guest repeats, and then answers', () => {
    const { host, guest, nat, clock } = fakeRig();
    const connection = guest.connect(PEER, 443, { scale: 7 });
    connection.open();
    expect(host.sockets.map(({ address, port }) => [address, port])).toEqual([['8.8.8.8', 443]]);
    expect([guest.frames, nat.counters.opening]).toEqual([0, 1]);
    host.sockets[0].events.connected();
    expect(connection.isOpen).toBe(true);
    expect(nat.counters).toMatchObject({ opening: 0, connections: 1 });
    expect(connection.peerOptions.windowScale).toBeGreaterThan(0);
    pass(clock, 60);
    expect(connection.isOpen).toBe(true);
    connection.close();
  });

  it('without a scale from the guest has none', () => {
    const { connection } = opened({}, {});
    expect(connection.peerOptions).toEqual({ maximumSegment: 1460 });
  });

  it('repeats its answer when that is lost, and gives up in the end', () => {
    const { host, guest, clock, nat } = fakeRig();
    guest.loses = (direction) => direction === 'in';
    guest.connect(PEER, 443).close();
    host.sockets[0].events.connected();
    const first = guest.frames;
    pass(clock, 10);
    expect(guest.frames - first).toBe(3);
    pass(clock, 100);
    expect(nat.counters).toMatchObject({ connections: 0, opening: 0, buffered: 0 });
    expect(host.sockets[0].isReset).toBe(true);
  });

  it.each([
    ['refused', true, 0],
    ['reset', true, 0],
    ['other', true, 0],
    ['unreachable', false, 1],
    ['timeout', false, 1],
  ] as const)('that the host finds %s is told', (failure, isReset, messages) => {
    const { host, guest, nat } = fakeRig();
    const connection = guest.connect(PEER, 443);
    host.sockets[0].events.failed(failure);
    expect([connection.isReset, guest.icmp.length]).toEqual([isReset, messages]);
    if (messages > 0) {
      expect(guest.icmp[0]).toMatchObject({ type: 3, code: 1, source: GATEWAY });
      // The quoted sequence number, by which the guest finds its connection.
      const [quoted] = guest.icmp;
      expect(new DataView(quoted.data.buffer, quoted.data.byteOffset).getUint32(24)).toBe(
        (connection.numbers.next - 1) >>> 0,
      );
    }
    expect(nat.counters).toMatchObject({ connections: 0, opening: 0 });
    connection.close();
  });

  it('that takes too long ends', () => {
    const { host, guest, clock, nat } = fakeRig({ timeouts: { opening: 20 } });
    const connection = guest.connect(PEER, 443);
    pass(clock, 21);
    expect(host.sockets[0].isReset).toBe(true);
    expect([guest.icmp.length, nat.counters.connections]).toEqual([1, 0]);
    connection.close();
  });

  it('is bounded in number, half open and in all', () => {
    const { host, guest, nat } = fakeRig({ limits: { halfOpen: 3, connections: 5 } });
    const connections = Array.from({ length: 10 }, (_, index) => guest.connect(PEER, 1 + index));
    expect([host.sockets.length, nat.counters.opening, nat.counters.drops.limit]).toEqual([3, 3, 7]);
    for (const { events } of host.sockets.slice(0, 3)) events.connected();
    connections[5].open();
    connections[6].open();
    for (const { events } of host.sockets.slice(3)) events.connected();
    expect(nat.counters.connections).toBe(5);
    connections[9].open();
    expect(connections[9].isReset).toBe(true);
    expect(host.sockets).toHaveLength(5);
    for (const connection of connections) connection.close();
  });
});

describe('acknowledgments', () => {
  it('of two full segments come at once, of less a little later', () => {
    const { connection, clock, guest, socket } = opened();
    const seen = watch(guest);
    connection.write(new Uint8Array(2920));
    expect(seen()).toEqual([0]);
    connection.write('x');
    expect(seen()).toEqual([]);
    pass(clock, 0.02);
    expect(seen()).toEqual([0]);
    expect(socket.bytes).toBe(2921);
  });

  it('go with data when there is some', () => {
    const { connection, clock, guest, socket } = opened();
    const seen = watch(guest);
    connection.write('question');
    socket.events.data(pattern(5));
    expect(seen()).toEqual([5]);
    pass(clock, 1);
    expect(seen()).toEqual([]);
    expect(connection.unacknowledged).toBe(0);
  });

  it('of what was never sent are not believed', () => {
    const { connection, guest, socket, nat } = opened();
    const seen = watch(guest);
    connection.send(TcpFlag.ack, { acknowledgment: connection.numbers.expected + 1000 });
    connection.send(TcpFlag.ack, { acknowledgment: (connection.numbers.expected - 100_000) >>> 0 });
    expect(seen()).toEqual([0]);
    socket.events.data(pattern(10));
    expect(connection.receivedBytes).toBe(10);
    expect(nat.counters.connections).toBe(1);
  });
});

describe('lost segments', () => {
  it('are sent again after a timeout that grows, until the guest is given up', () => {
    const { connection, clock, guest, socket, nat } = opened();
    guest.loses = (direction) => direction === 'in';
    const seen = watch(guest);
    socket.events.data(pattern(1000));
    const times: number[] = [];
    for (let step = 0; step < 60_000 && nat.counters.connections > 0; step += 1) {
      clock.advance(0.01 * SECOND);
      if (seen().length > 0) times.push(step);
    }
    const gaps = times.slice(1).map((time, index) => time - times[index]);
    expect(gaps.length).toBeGreaterThan(6);
    for (const [index, gap] of gaps.slice(1, 6).entries()) expect(gap / gaps[index]).toBeCloseTo(2, 0);
    expect(nat.counters).toMatchObject({ connections: 0, buffered: 0 });
    expect(socket.isReset).toBe(true);
    connection.close();
  });

  it('are sent again at once when the guest says three times where it stands', () => {
    const { connection, clock, guest, socket } = opened();
    let count = 0;
    guest.loses = (direction) => direction === 'in' && (count += 1) === 2;
    clock.advance(1000);
    socket.events.data(pattern(10 * 1460));
    expect(connection.receivedBytes).toBe(10 * 1460);
  });

  it('do not count as lost while the device has no room', () => {
    const { connection, clock, guest, socket, nat } = opened();
    guest.room = 0;
    socket.events.data(pattern(5000));
    pass(clock, 600);
    expect(nat.counters.connections).toBe(1);
    const seen = watch(guest);
    guest.room = 100;
    nat.resume();
    expect(seen().filter((length) => length > 0)).toEqual([1460, 1460, 1460, 620]);
    expect(connection.receivedBytes).toBe(5000);
  });
});

describe('windows', () => {
  it('of the guest are never overrun, and a closed one is probed', () => {
    const { connection, clock, guest, socket, nat } = opened({}, { buffer: 4380 });
    connection.holds = true;
    socket.events.data(pattern(20_000));
    expect(connection.receivedBytes).toBe(4380);
    const seen = watch(guest);
    pass(clock, 300);
    // Each probe has one byte, and none is a reason to give up: the guest answers.
    const probes = seen();
    expect(probes.length).toBeGreaterThan(4);
    expect(probes.length).toBeLessThan(40);
    expect(new Set(probes)).toEqual(new Set([1]));
    expect(nat.counters.connections).toBe(1);
    connection.holds = false;
    connection.read();
    for (let round = 0; round < 100 && connection.receivedBytes < 20_000; round += 1) pass(clock, 1);
    expect(connection.receivedBytes).toBe(20_000);
  });

  it('that were closed and opened are noticed when the news is lost', () => {
    const { connection, clock, guest, socket } = opened({}, { buffer: 2920 });
    connection.holds = true;
    socket.events.data(pattern(9000));
    connection.holds = false;
    guest.loses = (direction) => direction === 'out';
    connection.read();
    guest.loses = () => false;
    pass(clock, 10);
    expect(connection.receivedBytes).toBe(9000);
  });

  it('of the translator close while the host takes nothing, and never before what was promised came', () => {
    const { connection, socket, clock, nat } = opened({ limits: { connectionBuffer: 65_536 } }, { scale: 2 });
    socket.takes = false;
    connection.write(pattern(200_000));
    pass(clock, 1);
    expect(connection.peerWindow).toBe(0);
    expect(socket.bytes).toBeLessThanOrEqual(65_536);
    expect(socket.bytes).toBeGreaterThan(60_000);
    expect(nat.counters.buffered).toBeLessThanOrEqual(65_536);
    socket.pending = 0;
    socket.takes = true;
    socket.events.drained();
    pass(clock, 1);
    expect(socket.bytes).toBe(200_000);
    expect(connection.unacknowledged).toBe(0);
  });

  it('are of a size that all connections together can afford', () => {
    const { guest, host, nat, clock } = fakeRig({ limits: { buffers: 200_000, connections: 40 } });
    const connections = Array.from({ length: 40 }, (_, index) => guest.connect(PEER, 1 + index, { scale: 4 }));
    for (const socket of host.sockets) {
      socket.takes = false;
      socket.events.connected();
    }
    for (const connection of connections) connection.write(pattern(100_000));
    for (const socket of host.sockets)
      for (let count = 0; count < 10 && !socket.isPaused; count += 1) socket.events.data(pattern(8000));
    pass(clock, 1);
    // The common sum, and the small share that each has whatever the others hold.
    expect(nat.counters.buffered).toBeLessThanOrEqual(200_000 + 40 * (2 * 16_384 + 8000));
    for (const connection of connections) connection.close();
    nat.reset();
    expect(nat.counters.buffered).toBe(0);
    expect(host.sockets.every(({ isReset }) => isReset)).toBe(true);
  });

  it('make the host wait when the guest does', () => {
    const { connection, guest, socket, nat } = opened({ limits: { connectionBuffer: 65_536 } }, { buffer: 1460 });
    connection.holds = true;
    for (let count = 0; count < 20 && !socket.isPaused; count += 1) socket.events.data(pattern(10_000));
    expect(socket.isPaused).toBe(true);
    expect(nat.counters.buffered).toBeLessThan(150_000);
    connection.holds = false;
    connection.read();
    expect(connection.receivedBytes).toBeGreaterThan(60_000);
    expect(socket.isPaused).toBe(false);
    expect(guest.frames).toBeGreaterThan(40);
  });
});

describe('segments that do not fit', () => {
  const sendAt = (connection: GuestTcp, offset: number, text: string, flags: number = TcpFlag.ack) =>
    connection.send(flags, { sequence: (connection.numbers.next + offset) >>> 0 }, new TextEncoder().encode(text));
  const textOf = (written: readonly Uint8Array[]) => Buffer.concat(written).toString();

  it('are put in order, with what overlaps', () => {
    const { connection, socket } = opened();
    sendAt(connection, 6, 'ghij');
    sendAt(connection, 3, 'defg');
    sendAt(connection, 12, 'mn');
    sendAt(connection, 2, 'cdefghijklmno');
    expect(socket.written).toEqual([]);
    sendAt(connection, 0, 'abcd');
    expect(textOf(socket.written)).toBe('abcdefghijklmno');
    sendAt(connection, 0, 'abcdefghijklmnopq');
    expect(textOf(socket.written)).toBe('abcdefghijklmnopq');
  });

  it('beyond the window are cut', () => {
    const { connection, socket } = opened({ limits: { connectionBuffer: 16_384 } });
    sendAt(connection, 0, 'x'.repeat(20_000));
    sendAt(connection, 16_384 + 1000, 'y');
    expect(socket.bytes).toBe(16_384);
  });

  it('are kept as far as the window goes when they are segments', () => {
    const { connection, socket } = opened({}, { scale: 4 });
    for (let count = 1; count < 40; count += 1) sendAt(connection, count * 1000, 'z'.repeat(1000));
    sendAt(connection, 0, '0'.repeat(1000));
    expect(socket.bytes).toBe(40_000);
  });

  it('are bounded in number when they are crumbs', () => {
    const { connection, socket, nat } = opened();
    for (let count = 0; count < 500; count += 1) sendAt(connection, 1 + count * 2, 'z');
    expect(nat.counters.buffered).toBeLessThanOrEqual(65_536);
    sendAt(connection, 0, '0');
    expect(socket.bytes).toBeLessThanOrEqual(1 + 64);
  });

  it('with a RST end the connection only at the exact place', () => {
    const { connection, socket, nat, guest } = opened();
    const seen = watch(guest);
    sendAt(connection, 5, '', TcpFlag.rst);
    sendAt(connection, -5, '', TcpFlag.rst);
    sendAt(connection, 1_000_000, '', TcpFlag.rst);
    expect([nat.counters.connections, seen()]).toEqual([1, [0]]);
    sendAt(connection, 0, '', TcpFlag.rst);
    expect([nat.counters.connections, socket.isReset]).toEqual([0, true]);
  });

  it('with a SYN are asked about', () => {
    const { connection, nat, guest } = opened();
    const seen = watch(guest);
    sendAt(connection, 0, '', TcpFlag.syn);
    expect([nat.counters.connections, seen()]).toEqual([1, [0]]);
  });

  it('of no connection get a RST', () => {
    const { guest, nat } = fakeRig();
    const connection = guest.connect(PEER, 80);
    nat.reset();
    connection.send(TcpFlag.ack, {}, new Uint8Array(5));
    expect(connection.isReset).toBe(true);
    connection.isReset = false;
    connection.send(TcpFlag.fin, {});
    expect(connection.isReset).toBe(true);
    connection.isReset = false;
    connection.send(TcpFlag.rst, {});
    expect(connection.isReset).toBe(false);
  });
});

describe('the last word', () => {
  it('is repeated to a guest that did not hear it, for a while', () => {
    const { connection, socket, clock, guest, nat } = opened();
    socket.events.ended();
    expect(connection.ended).toBe(true);
    connection.end();
    socket.events.closed();
    expect(nat.counters).toMatchObject({ connections: 0, timeWait: 1 });
    const seen = watch(guest);
    const { next } = connection.numbers;
    connection.send(TcpFlag.ack | TcpFlag.fin, { sequence: (next - 1) >>> 0 });
    expect([seen(), connection.isReset]).toEqual([[0], false]);
    pass(clock, 20);
    connection.send(TcpFlag.ack | TcpFlag.fin, { sequence: (next - 1) >>> 0 });
    expect(connection.isReset).toBe(true);
  });

  it('does not keep a port from being used again', () => {
    const { connection, socket, guest, host, nat } = opened({}, { port: 5555 });
    socket.events.ended();
    connection.end();
    socket.events.closed();
    let again = guest.connect(PEER, 80, { port: 5555 });
    // Some sequence numbers look like old ones; a guest goes on with higher ones.
    for (let tries = 0; tries < 50 && host.sockets.length < 2; tries += 1)
      again = guest.connect(PEER, 80, { port: 5555 });
    expect(host.sockets).toHaveLength(2);
    host.sockets[1].events.connected();
    expect([again.isOpen, nat.counters.timeWait]).toEqual([true, 0]);
    again.close();
  });

  it('is remembered for so many connections only', () => {
    const { guest, host, nat } = fakeRig({ limits: { timeWait: 10 } });
    for (let count = 0; count < 50; count += 1) {
      const connection = guest.connect(PEER, 80);
      const socket = host.sockets.at(-1)!;
      socket.events.connected();
      socket.events.ended();
      connection.end();
      socket.events.closed();
    }
    expect(nat.counters).toMatchObject({ timeWait: 10, connections: 0, buffered: 0 });
  });

  it('of the guest waits until the host has everything', () => {
    const { connection, socket, nat } = opened();
    socket.takes = false;
    connection.write('to be delivered');
    socket.events.ended();
    connection.end();
    expect(socket.ended).toBe(true);
    expect(nat.counters).toMatchObject({ connections: 1 });
    expect(nat.counters.buffered).toBeGreaterThan(0);
    socket.pending = 0;
    socket.events.closed();
    expect(nat.counters).toMatchObject({ connections: 0, buffered: 0 });
  });

  it('of the guest is not waited for for ever', () => {
    const { connection, socket, clock, nat } = opened({ timeouts: { halfClosed: 100 } });
    connection.end();
    expect(socket.ended).toBe(true);
    pass(clock, 99);
    expect(nat.counters.connections).toBe(1);
    pass(clock, 2);
    expect([nat.counters.connections, socket.isReset, connection.isReset]).toEqual([0, true, true]);
  });
});

describe('a translator that was stopped', () => {
  it('has given every socket back, and opens no other', () => {
    const { guest, host, nat, connection } = opened();
    guest.sendUdp(PEER, 1, 2, new Uint8Array(3));
    nat.stop();
    connection.open();
    guest.connect(PEER, 81).close();
    guest.sendUdp(PEER, 1, 2, new Uint8Array(3));
    connection.close();
    expect(host.sockets.map(({ isReset }) => isReset)).toEqual([true]);
    expect(host.udp.map(({ closed }) => closed)).toEqual([true]);
  });
});

describe('a silent connection', () => {
  it('is asked for a sign of life, and kept as long as it gives one', () => {
    const { clock, guest, nat, connection } = opened({ timeouts: { idle: 600 } });
    const seen = watch(guest);
    pass(clock, 3600);
    expect(seen().length).toBeGreaterThanOrEqual(5);
    expect(nat.counters.connections).toBe(1);
    guest.loses = (direction) => direction === 'out';
    pass(clock, 900);
    expect([nat.counters.connections, connection.isReset]).toEqual([0, true]);
  });
});
