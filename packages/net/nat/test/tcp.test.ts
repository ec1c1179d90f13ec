import { concatenate } from '@vivarium/net-packet';
import { createHash } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { GATEWAY } from './guest/guest.ts';
import { pattern, rig } from './guest/rig.ts';
import { serve } from './guest/servers.ts';

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});
const server = async (...given: Parameters<typeof serve>) => {
  const made = await serve(...given);
  closers.push(() => made.close());
  return made;
};
const network = (...given: Parameters<typeof rig>) => {
  const made = rig(...given);
  closers.push(() => made.nat.dispose());
  return made;
};
const hash = (bytes: Uint8Array | readonly Uint8Array[]) =>
  createHash('sha256')
    .update(bytes instanceof Uint8Array ? bytes : concatenate(bytes))
    .digest('hex');

describe('a connection of the guest', () => {
  it('says hello both ways and ends both ways', async () => {
    const { port } = await server((socket) => {
      socket.on('data', (bytes) => socket.write(`you said ${String(bytes)}`));
      socket.on('end', () => socket.end('bye'));
    });
    const { nat, guest } = network();
    const connection = guest.connect(GATEWAY, port, { scale: 7 });
    await guest.until(() => connection.isOpen);
    expect(connection.peerOptions).toMatchObject({ maximumSegment: 1460 });
    connection.write('hello');
    await guest.until(() => connection.text.includes('hello'));
    connection.end();
    await guest.until(() => connection.ended && connection.finAcknowledged);
    expect(connection.text).toBe('you said hellobye');
    await guest.until(() => nat.counters.connections === 0);
    expect(nat.counters).toMatchObject({ buffered: 0, opening: 0, timeWait: 0, drops: {} });
  });

  it('is refused when the host is', async () => {
    const { port, close } = await serve(() => {});
    close();
    const { nat, guest } = network();
    const connection = guest.connect(GATEWAY, port);
    await guest.until(() => connection.isReset);
    expect(connection.isOpen).toBe(false);
    expect(nat.counters).toMatchObject({ connections: 0, opening: 0, buffered: 0 });
  });
});

const SIZE = 4_000_000;
/** True as often as `part` of one says, the same each time for the same seed. */
const chance = (part: number, seed: number) => () => {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
  return seed < part * 2 ** 32;
};

const expectDownload = async (
  what: {
    readonly accepts?: object;
    readonly buffer?: number;
    readonly scale?: number;
    readonly segment?: number;
    readonly mtu?: number;
  },
  loss = 0,
  size = SIZE,
  disorder = 0,
) => {
  const data = pattern(size);
  const { port } = await server((socket) => socket.end(data));
  const { nat, guest } = network(what.mtu === undefined ? {} : { mtu: what.mtu });
  guest.accepts = what.accepts ?? {};
  guest.loses = chance(loss, 7);
  guest.delays = chance(disorder, 8);
  const { accepts: _, mtu: __, ...options } = what;
  const connection = guest.connect(GATEWAY, port, options);
  await guest.until(() => connection.ended, 'the end of the download', 50_000);
  expect(connection.receivedBytes).toBe(size);
  expect(hash(connection.received)).toBe(hash(data));
  connection.end();
  await guest.until(() => nat.counters.connections === 0, 'the end of the connection');
  expect(nat.counters.buffered).toBe(0);
  return { connection, guest, nat };
};

describe('a download', () => {
  it('comes in segments of the link for a plain device', async () => {
    const { connection, nat } = await expectDownload({});
    expect(connection.largest).toBe(1460);
    expect(nat.counters.timeWait).toBe(1);
  });

  it('comes in segments of up to 64 KiB for a device that cuts them', async () => {
    const { connection, guest } = await expectDownload({
      accepts: { checksum: true, tcp4: true },
      scale: 7,
      buffer: 1_000_000,
    });
    expect(connection.largest).toBeGreaterThan(60_000);
    expect(guest.frames).toBeLessThan(SIZE / 20_000);
  });

  it('keeps to the MSS, to a tiny window, and to a large MTU', async () => {
    expect((await expectDownload({ segment: 536 }, 0, 500_000)).connection.largest).toBe(536);
    expect((await expectDownload({ buffer: 700 }, 0, 100_000)).connection.largest).toBeLessThanOrEqual(700);
    expect((await expectDownload({ mtu: 9000, segment: 8960 })).connection.largest).toBe(8960);
  });

  it('survives loss in both directions', async () => {
    await expectDownload({}, 0.02, 1_000_000);
    await expectDownload({ accepts: { checksum: true, tcp4: true }, scale: 7, buffer: 500_000 }, 0.05, SIZE);
  }, 60_000);

  it('survives frames that come in another order', async () => {
    await expectDownload({}, 0, 1_000_000, 0.1);
    await expectDownload({ accepts: { checksum: true, tcp4: true }, scale: 7, buffer: 500_000 }, 0.01, SIZE, 0.1);
  }, 60_000);

  it('waits with the host while the guest does not read, and goes on when it does', async () => {
    const data = pattern(8_000_000);
    let written = 0;
    const { port, sockets } = await server((socket) => {
      socket.end(data);
    });
    const { nat, guest } = network({ limits: { connectionBuffer: 262_144 } });
    const connection = guest.connect(GATEWAY, port, { buffer: 20_000 });
    connection.holds = true;
    await guest.until(() => connection.unread >= 18_980);
    await new Promise((resolve) => setTimeout(resolve, 400));
    for (const socket of sockets) written = socket.bytesWritten;
    expect(connection.receivedBytes).toBeLessThanOrEqual(20_001);
    expect(nat.counters.buffered).toBeLessThan(500_000);
    // Kernel buffers of a loopback connection take some; the rest is still with the server.
    expect(written).toBe(data.length);
    expect([...sockets][0].writableLength).toBeGreaterThan(0);
    connection.holds = false;
    connection.read();
    await guest.until(() => connection.ended, 'the end', 30_000);
    expect(hash(connection.received)).toBe(hash(data));
  });

  it('holds frames while the ring of the device is full', async () => {
    const data = pattern(300_000);
    const { port } = await server((socket) => socket.end(data));
    const { nat, guest } = network();
    const connection = guest.connect(GATEWAY, port);
    await guest.until(() => connection.isOpen);
    guest.room = 3;
    const timer = setInterval(() => {
      guest.room = 5;
      nat.resume();
    }, 1);
    closers.push(() => clearInterval(timer));
    await guest.until(() => connection.ended, 'the end', 30_000);
    expect(hash(connection.received)).toBe(hash(data));
  });
});

const expectUpload = async (
  options: { readonly tso?: number; readonly scale?: number },
  loss = 0,
  size = SIZE,
  slow = false,
) => {
  const data = pattern(size, 3);
  const received: Uint8Array[] = [];
  let ended = false;
  const { port } = await server((socket) => {
    socket.on('data', (bytes) => {
      received.push(bytes);
      if (!slow) return;
      socket.pause();
      setTimeout(() => socket.resume(), 1);
    });
    socket.on('end', () => {
      ended = true;
      socket.end();
    });
  });
  const { nat, guest } = network();
  guest.loses = chance(loss, 99);
  guest.delays = chance(loss, 98);
  const connection = guest.connect(GATEWAY, port, options);
  connection.write(data);
  connection.end();
  await guest.until(() => ended, 'the end of the upload', 50_000);
  expect(hash(received)).toBe(hash(data));
  await guest.until(() => nat.counters.connections === 0, 'the end of the connection');
  expect(nat.counters).toMatchObject({ buffered: 0 });
  return { connection, guest };
};

describe('an upload', () => {
  it('arrives whole, in plain segments and in ones of 64 KiB', async () => {
    await expectUpload({});
    await expectUpload({ tso: 64_240, scale: 7 });
  });

  it('survives loss and disorder in both directions', async () => {
    await expectUpload({ scale: 7 }, 0.02, 500_000);
    await expectUpload({ scale: 7, tso: 30_000 }, 0.05);
  }, 60_000);

  it('waits with the guest while the host does not read', async () => {
    const { port, sockets } = await server((socket) => socket.pause());
    const { nat, guest } = network({ limits: { connectionBuffer: 131_072 } });
    const connection = guest.connect(GATEWAY, port, { scale: 7 });
    connection.write(pattern(12_000_000));
    await guest.until(() => connection.isOpen && connection.peerWindow === 0, 'a closed window');
    expect(connection.unacknowledged).toBeGreaterThan(1_000_000);
    expect(nat.counters.buffered).toBeLessThanOrEqual(2 * 131_072);
    const data: Uint8Array[] = [];
    for (const socket of sockets) {
      socket.on('data', (bytes) => data.push(bytes));
      socket.resume();
    }
    await guest.until(() => connection.unacknowledged === 0, 'everything to be taken', 30_000);
    connection.end();
    await guest.until(() => connection.finAcknowledged);
  });

  it('arrives at a slow reader', async () => {
    await expectUpload({ tso: 64_240, scale: 7 }, 0, 3_000_000, true);
  });
});

describe('the end of a connection', () => {
  it('can come from one side while the other goes on', async () => {
    const heard: string[] = [];
    const { port } = await server((socket) => {
      socket.end('all I have to say');
      socket.on('data', (bytes) => heard.push(String(bytes)));
    });
    const { nat, guest } = network();
    const connection = guest.connect(GATEWAY, port);
    await guest.until(() => connection.ended);
    connection.write('but I go on');
    await guest.until(() => heard.length > 0);
    connection.end();
    await guest.until(() => connection.finAcknowledged && nat.counters.connections === 0);
    expect(heard).toEqual(['but I go on']);
  });

  it('is a reset when either side resets', async () => {
    let closed = 0;
    const { port, sockets } = await server((socket) => socket.on('close', () => (closed += 1)));
    const { nat, guest } = network();
    const first = guest.connect(GATEWAY, port);
    const second = guest.connect(GATEWAY, port);
    await guest.until(() => first.isOpen && second.isOpen && sockets.size === 2);
    first.reset();
    await guest.until(() => closed === 1);
    for (const socket of sockets) socket.resetAndDestroy();
    await guest.until(() => second.isReset);
    await guest.until(() => nat.counters.connections === 0);
    expect(nat.counters).toMatchObject({ buffered: 0, timeWait: 0 });
  });

  it('gives back every socket when the machine stops', async () => {
    const { port, sockets } = await server(() => {});
    const { nat, guest } = network();
    const connections = Array.from({ length: 10 }, () => guest.connect(GATEWAY, port));
    await guest.until(() => connections.every(({ isOpen }) => isOpen) && sockets.size === 10);
    nat.reset();
    await guest.until(() => sockets.size === 0);
    expect(nat.counters).toMatchObject({ connections: 0, buffered: 0, opening: 0 });
    for (const connection of connections) connection.close();
  });
});

describe('many connections', () => {
  it('of a hundred at once each get their own', async () => {
    const { port } = await server((socket) => {
      socket.on('data', (bytes) => socket.write(bytes));
      socket.on('end', () => socket.end());
    });
    const { nat, guest } = network();
    const data = Array.from({ length: 100 }, (_, index) => pattern(20_000, index + 1));
    const connections = data.map((bytes) => {
      const connection = guest.connect(GATEWAY, port, { scale: 5 });
      connection.write(bytes);
      connection.end();
      return connection;
    });
    await guest.until(() => connections.every(({ ended }) => ended), 'all ends', 40_000);
    expect(connections.map(({ received }) => hash(received))).toEqual(data.map((bytes) => hash(bytes)));
    await guest.until(() => nat.counters.connections === 0);
    expect(nat.counters.buffered).toBe(0);
  });
});
