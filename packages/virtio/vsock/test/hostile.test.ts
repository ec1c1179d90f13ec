import { bind, ClockToken, type VirtioDevice, VirtioDeviceToken, VsockHostToken } from '@vivarium/contracts';
import { fakeClock, fakeVirtioQueue, hostileRuns, hostileSuite, seededRandom, setupPart } from '@vivarium/testkit';
import { describe, expect, it } from 'vitest';
import plugin, { type VirtioVsock, virtioVsock } from '../src/index.ts';
import { writePacketHeader } from '../src/packet.ts';
import * as r from '../src/registers.ts';
import { GUEST, guestBench, HOST, listener, OP, openFromGuest } from './guest.ts';

const bytes = (length: number) => new Uint8Array(length).fill(0x61);
const REQUEST = {
  ...{ srcCid: GUEST, dstCid: HOST, srcPort: 1, dstPort: 1, len: 0 },
  ...{ type: 1, op: OP.REQUEST, flags: 0, bufAlloc: 0, fwdCnt: 0 },
};
/** A packet that nobody answers: a reset of nothing. */
const RESET = writePacketHeader({ ...REQUEST, op: OP.RST });

describe('a hostile driver of the socket device, as it sends', () => {
  const subject = () => ({
    device: guestBench().device,
    probe: { queue: r.TX, readable: [RESET.subarray(0, 20), RESET.subarray(20)] },
  });
  it.each(hostileSuite(subject))('$title', ({ run }) => expect(run()).resolves.toBeUndefined());
});

/** The device, which has something to say whenever the driver notifies it of buffers. */
const talkative = (say: (device: VirtioVsock) => void): VirtioDevice => {
  const { device } = guestBench({ connections: 64 });
  device.reset();
  const { deviceId, kind, features, queueSizes, config } = device;
  return {
    deviceId,
    kind,
    features,
    queueSizes,
    config,
    activate: (agreed, queues) => device.activate(agreed, queues),
    notified: (index) => {
      say(device);
      device.notified(index);
    },
    reset: () => device.reset(),
  };
};

// Those want every buffer used at once, or very many: a queue that receives keeps what it has nothing to put into.
const NOT_FOR_RECEIVING = ['C3', 'C4', 'C9'];

const receiving: readonly [what: string, queue: number, writable: readonly number[], say: (of: VirtioVsock) => void][] =
  [
    ['packets', r.RX, [40, 60], (device) => void device.connect(1).catch(() => {})],
    ['events', r.EVENT, [4], (device) => device.transportReset()],
  ];

describe.each(receiving)('a hostile driver of the socket device, as it receives %s', (_what, queue, writable, say) => {
  // One transport is enough: the other one has shown above that it does the same.
  const runs = hostileRuns(() => ({ device: talkative(say), probe: { queue, writable } }))
    .filter(({ transport }) => transport === 'mmio')
    .filter(({ id }) => !NOT_FOR_RECEIVING.includes(id));
  it.each(runs)('$id, $format ring: $title', async ({ run }) => {
    expect(['PASS', 'REJECT']).toContain(await run());
  });
});

describe('G20 packets that are not what they say', () => {
  it('shorter than a header, or from somebody else, are dropped', () => {
    const bench = guestBench();
    bench.post(20);
    for (let length = 0; length < r.HEADER_SIZE; length++) bench.raw(new Uint8Array(length).fill(0xff));
    for (const srcCid of [0, 1, HOST, 4, 0xffff_ffff]) bench.send({ srcCid, op: OP.REQUEST });
    const reserved = RESET.slice();
    reserved[4] = 1;
    bench.raw(reserved);
    expect([bench.ops(), bench.device.counters]).toEqual([[], { packets: 50, dropped: 50, refused: 0 }]);
  });

  it('cut anywhere by the driver are whole', () => {
    for (const piece of [1, 5, 43, 44, 45]) {
      const bench = guestBench({}, piece);
      bench.post(20);
      const { received } = openFromGuest(bench);
      bench.send({}, bytes(100));
      expect(received.length).toBe(100);
    }
  });

  it.each([101, 4096, 0x7fff_ffff, 0xffff_ffff])(
    'with 100 bytes of payload that say %d end their connection',
    (len) => {
      const bench = guestBench();
      bench.post(20);
      const { heard, received } = openFromGuest(bench);
      bench.ops();
      bench.send({ len }, bytes(100));
      expect([heard, received, bench.ops()]).toEqual([['reset'], [], [OP.RST]]);
      bench.send({ len, srcPort: 55 }, bytes(100));
      expect(bench.ops()).toEqual([OP.RST]);
    },
  );

  it('with more bytes than they say carry as many as they say', () => {
    const bench = guestBench();
    bench.post(20);
    const { received } = openFromGuest(bench);
    bench.send({ len: 10 }, bytes(100));
    bench.send({ len: 0 }, bytes(100));
    expect(received.length).toBe(10);
  });

  it.each([0, 1, 2, 3, 4, 5, 6, 7, 8, 0xffff])(
    'of operation %d get a reset at most where there is no connection',
    (op) => {
      const bench = guestBench();
      bench.post(20);
      bench.send({ op });
      expect(bench.ops()).toEqual(op === OP.RST ? [] : [OP.RST]);
    },
  );

  it.each([0, 1, 2, 8, 0xffff])('of operation %d break a connection where they make no sense', (op) => {
    const bench = guestBench();
    bench.post(20);
    const { heard } = openFromGuest(bench);
    bench.ops();
    bench.send({ op });
    expect([heard, bench.ops(), bench.device.connections]).toEqual([['reset'], [OP.RST], 0]);
  });

  it('of a type that there is not get a reset of that type', () => {
    const bench = guestBench();
    bench.post(20);
    for (const type of [0, 2, 0xffff]) bench.send({ type, op: OP.REQUEST });
    expect(bench.arrived().map(({ op, type }) => [op, type])).toEqual([0, 2, 0xffff].map((type) => [OP.RST, type]));
  });

  it('of streams get a reset when streams were not agreed on', () => {
    const bench = guestBench();
    bench.device.reset();
    bench.start(r.VIRTIO_VSOCK_F_NO_IMPLIED_STREAM);
    bench.post(20);
    bench.device.listen('any', (connection) => connection.connect(listener().handlers));
    bench.send({ op: OP.REQUEST });
    expect(bench.ops()).toEqual([OP.RST]);
  });
});

describe('G21 credit', () => {
  it('of a guest that takes it back, wraps it or makes it up only stops that guest', () => {
    const bench = guestBench();
    bench.post(100);
    const { connection } = openFromGuest(bench);
    for (const [bufAlloc, fwdCnt] of [
      [0, 0],
      [100, 0xffff_ffff],
      [0, 0xffff_ffff],
      [100, 1],
      [0xffff_ffff, 0x8000_0000],
    ] as const) {
      bench.send({ op: OP.CREDIT_UPDATE, bufAlloc, fwdCnt });
      expect(connection.write(bytes(200))).toBeLessThanOrEqual(200);
    }
    bench.send({ op: OP.CREDIT_UPDATE, bufAlloc: 0xffff_ffff, fwdCnt: 0 });
    expect(connection.write(bytes(200))).toBe(200);
  });

  it('cannot be gone over in small pieces, and what waits is as large as the buffer', () => {
    const bench = guestBench({ connections: 64 });
    bench.post(200);
    const host = openFromGuest(bench, listener(0));
    for (let count = 0; count < 4096; count++) bench.send({}, bytes(1));
    expect([host.heard, bench.device.connections]).toEqual([[], 1]);
    bench.send({}, bytes(1));
    expect(host.heard).toEqual(['reset']);
  });
});

describe('G22 addresses and floods', () => {
  it('packets for others get a reset, in the name of the others', () => {
    const bench = guestBench();
    bench.post(20);
    for (const dstCid of [0, 1, 3, 4, 0xffff_ffff]) bench.send({ dstCid, op: OP.REQUEST });
    expect(bench.arrived().map(({ op, srcCid, dstCid }) => [op, srcCid, dstCid])).toEqual(
      [0, 1, 3, 4, 0xffff_ffff].map((cid) => [OP.RST, cid, GUEST]),
    );
  });

  it('a storm of packets without buffers for the answers waits in the ring', () => {
    const bench = guestBench();
    for (let count = 0; count < 1000; count++) bench.send({ srcPort: count });
    expect([bench.tx.completed.length, bench.device.counters.refused]).toEqual([256, 256]);
    bench.post(100);
    expect(bench.tx.completed.length).toBe(356);
    bench.post(2000);
    expect([bench.tx.completed.length, bench.ops().length]).toEqual([1000, 1000]);
  });

  it('a flood of connections ends at the cap, and every one that ends makes room', () => {
    const bench = guestBench({ connections: 8 });
    bench.post(2000);
    const offered: unknown[] = [];
    bench.device.listen(7, (connection) => {
      offered.push(connection);
      connection.connect(listener(0).handlers);
    });
    for (let round = 1; round <= 10; round++) {
      for (let srcPort = 0; srcPort < 50; srcPort++) bench.send({ op: OP.REQUEST, srcPort });
      // A second request for a connection breaks it.
      expect(bench.device.connections).toBe(8);
      for (let srcPort = 0; srcPort < 50; srcPort++) bench.send({ op: OP.RST, srcPort });
      expect([bench.device.connections, offered.length]).toEqual([0, 8 * round]);
    }
  });

  it('connections that were closed but not read count', () => {
    const bench = guestBench({ connections: 8 });
    bench.post(2000);
    bench.device.listen(7, (connection) => connection.connect(listener(0).handlers));
    for (let srcPort = 0; srcPort < 50; srcPort++) {
      bench.send({ op: OP.REQUEST, srcPort });
      bench.send({ srcPort }, bytes(4096));
      bench.send({ op: OP.SHUTDOWN, flags: 3, srcPort });
      bench.send({ op: OP.RST, srcPort });
    }
    expect(bench.device.connections).toBe(8);
  });

  it('a driver that never runs out of buffers that are too small gets the queue’s worth of them back', () => {
    const { device } = guestBench();
    let taken = 0;
    const small = fakeVirtioQueue({ index: r.RX });
    const endless = {
      ...small,
      take: () => {
        taken += 1;
        // As in a machine whose other vCPU goes on while the device works.
        if (taken > 100_000) return undefined;
        small.submit(new Uint8Array(0), 43);
        return small.take();
      },
    };
    const tx = fakeVirtioQueue({ index: r.TX });
    device.reset();
    device.activate(device.features, [endless, tx, fakeVirtioQueue({ index: r.EVENT })]);
    tx.submit(writePacketHeader({ ...REQUEST, srcPort: 9 }), 0);
    device.notified(r.TX);
    expect(taken).toBeLessThanOrEqual(2 * small.size);
  });

  it('buffers that are too small for anything go back empty', () => {
    const bench = guestBench();
    for (const size of [0, 1, 43]) bench.post(5, size);
    bench.send({ op: OP.REQUEST });
    expect(bench.rx.completed.map(({ written }) => written)).toEqual(Array.from({ length: 15 }, () => 0));
    bench.post(1, 44);
    expect(bench.ops()).toEqual([OP.RST]);
  });
});

describe('packets out of a hat', () => {
  it.each([1, 2, 3, 4])('never break the device, and leave nothing behind (seed %d)', async (seed) => {
    const random = seededRandom(seed);
    const pick = <T>(from: readonly T[]): T => from[random(from.length)];
    const bench = guestBench({ connections: 16 });
    const open = new Set<ReturnType<typeof listener>>();
    bench.device.listen('any', (connection) => {
      if (random(8) === 0) return connection.destroy();
      if (random(8) === 0) return undefined;
      const host = listener(random(3) === 0 ? random(2000) : Number.POSITIVE_INFINITY);
      open.add(host);
      connection.connect({
        ...host.handlers,
        receive: (piece) => {
          if (random(20) === 0) connection.write(bytes(random(3000)));
          if (random(60) === 0) connection.end();
          if (random(100) === 0) connection.destroy();
          return host.handlers.receive(piece);
        },
        drained: () => void connection.write(bytes(random(3000))),
      });
      if (random(2) === 0) connection.write(bytes(random(3000)));
      return undefined;
    });
    const attempts: Promise<unknown>[] = [];
    for (let count = 0; count < 10_000; count++) {
      const known = bench.arrived().filter(({ op }) => op === OP.REQUEST);
      for (const { srcPort, dstPort } of known) {
        if (random(2) === 0) bench.send({ op: pick([OP.RESPONSE, OP.RST]), srcPort: dstPort, dstPort: srcPort });
      }
      if (random(200) === 0) attempts.push(bench.device.connect(random(4)).catch(() => {}));
      if (random(100) === 0) bench.clock.advance(random(3e9));
      if (random(2000) === 0) bench.device.transportReset();
      if (random(300) > 0) bench.post(random(8), pick([0, 43, 44, 60, 4096, 4096, 4096]));
      bench.send(
        {
          op: random(20) === 0 ? random(10) : pick([OP.REQUEST, OP.RW, OP.RW, OP.RW, OP.SHUTDOWN, OP.CREDIT_UPDATE]),
          srcPort: random(6),
          dstPort: random(4),
          flags: random(4),
          bufAlloc: pick([0, 10, 65_536, 0xffff_ffff]),
          fwdCnt: pick([0, random(1000), 0xffff_ffff]),
          ...(random(20) === 0 ? { len: random(5000) } : {}),
          ...(random(50) === 0 ? { type: random(3) } : {}),
        },
        bytes(random(10) === 0 ? random(3000) : random(40)),
      );
      expect(bench.device.connections).toBeLessThanOrEqual(16);
    }
    expect(bench.tx.completed.length).toBeGreaterThan(7000);
    bench.rx.kill();
    bench.tx.kill();
    bench.device.reset();
    expect([bench.device.connections, bench.failures]).toEqual([0, []]);
    await Promise.all(attempts);
    // Each was told once.
    for (const { heard } of open)
      expect(heard.filter((what) => what === 'done' || what === 'reset').length).toBeLessThanOrEqual(1);
    bench.start();
    bench.post(4);
    bench.send({ op: OP.REQUEST, dstPort: 7 });
    expect(bench.device.active).toBe(true);
  });
});

describe('the plugin', () => {
  it('is a socket device with its address', async () => {
    expect(plugin).toBe(virtioVsock);
    const { get, part } = await setupPart(virtioVsock, {
      options: { guestCid: 42 },
      provide: [bind(ClockToken, fakeClock())],
    });
    const device = get(VirtioDeviceToken);
    expect([device.deviceId, device.features, device.config.read(0)]).toEqual([19, 5n, 42]);
    expect([get(VsockHostToken).guestCid, get(VsockHostToken).active]).toEqual([42, false]);
    await part.stop?.();
  });

  it.each([0, 1, 2, 0xffff_ffff, 0.5])('refuses the address %d', async (guestCid) => {
    await expect(setupPart(virtioVsock, { options: { guestCid } })).rejects.toMatchObject({
      code: 'VIV_TESTKIT_SETUP',
    });
  });
});
