import type { VsockConnection } from '@vivarium/contracts';
import { describe, expect, it } from 'vitest';
import * as r from '../src/registers.ts';
import { GUEST, guestBench, HOST, listener, OP, openFromGuest } from './guest.ts';

const SECOND = 1e9;
const bytes = (length: number, start = 0) => Uint8Array.from({ length }, (_, index) => (start + index) & 0xff);
const RECEIVE = r.VIRTIO_VSOCK_SHUTDOWN_F_RECEIVE;
const SEND = r.VIRTIO_VSOCK_SHUTDOWN_F_SEND;

describe('a connection that the guest makes', () => {
  it('is answered once host code accepts it, and carries bytes both ways', () => {
    const bench = guestBench({}, 7);
    bench.post(20);
    const { connection, received } = openFromGuest(bench);
    expect(bench.arrived()).toMatchObject([
      { srcCid: HOST, dstCid: GUEST, srcPort: 7, dstPort: 1000, type: 1, op: OP.RESPONSE, bufAlloc: 4096, fwdCnt: 0 },
    ]);
    expect([connection.guestPort, connection.hostPort]).toEqual([1000, 7]);
    const request = bench.send({}, bytes(100));
    expect([request.written, received]).toEqual([0, [...bytes(100)]]);
    expect(connection.write(bytes(50, 3))).toBe(50);
    expect(bench.arrived()).toMatchObject([{ op: OP.RW, len: 50, fwdCnt: 100, payload: bytes(50, 3) }]);
  });

  it('is refused when nobody listens', () => {
    const bench = guestBench();
    bench.post(5);
    bench.send({ op: OP.REQUEST, dstPort: 8 });
    expect(bench.arrived()).toMatchObject([{ op: OP.RST, srcPort: 8, dstPort: 1000 }]);
    expect(bench.device.connections).toBe(0);
  });

  it('is refused when host code destroys it, or throws', () => {
    const bench = guestBench();
    bench.post(5);
    const remove = bench.device.listen('any', (connection) => connection.destroy());
    bench.send({ op: OP.REQUEST });
    remove();
    bench.device.listen('any', () => {
      throw new Error('broken');
    });
    bench.send({ op: OP.REQUEST });
    expect(bench.ops()).toEqual([OP.RST, OP.RST]);
    expect([bench.device.connections, bench.failures.length]).toEqual([0, 1]);
  });

  it('is refused when host code does not decide', () => {
    const bench = guestBench();
    bench.post(5);
    const offered: VsockConnection[] = [];
    bench.device.listen(7, (connection) => void offered.push(connection));
    bench.send({ op: OP.REQUEST });
    bench.clock.advance(5 * SECOND);
    expect([bench.ops(), bench.device.connections]).toEqual([[OP.RST], 0]);
    const late = listener();
    offered[0]?.connect(late.handlers);
    expect(late.heard).toEqual(['reset']);
  });

  it('goes to who listens on its port, and else to who listens on any', () => {
    const bench = guestBench();
    const heard: string[] = [];
    bench.device.listen('any', ({ hostPort }) => void heard.push(`any ${hostPort}`));
    const remove = bench.device.listen(7, ({ hostPort }) => void heard.push(`seven ${hostPort}`));
    bench.send({ op: OP.REQUEST, dstPort: 7 });
    bench.send({ op: OP.REQUEST, dstPort: 0xffff_fffe });
    expect(() => bench.device.listen(7, () => {})).toThrow(expect.objectContaining({ code: 'VIV_VSOCK_PORT' }));
    expect(() => bench.device.listen(-1, () => {})).toThrow(expect.objectContaining({ code: 'VIV_VSOCK_PORT' }));
    remove();
    bench.send({ op: OP.REQUEST, srcPort: 1001, dstPort: 7 });
    expect(heard).toEqual(['seven 7', 'any 4294967294', 'any 7']);
  });
});

describe('a connection that host code makes', () => {
  it('is there when the guest answers; bytes that come before anybody reads are kept', async () => {
    const bench = guestBench();
    bench.post(5);
    const made = bench.device.connect(22);
    const [request] = bench.arrived();
    expect(request).toMatchObject({ op: OP.REQUEST, dstPort: 22, srcCid: HOST, dstCid: GUEST, bufAlloc: 4096 });
    const ports = { srcPort: 22, dstPort: request?.srcPort ?? 0 };
    bench.send({ ...ports, op: OP.RESPONSE, bufAlloc: 10 });
    bench.send(ports, bytes(5));
    const connection = await made;
    const host = listener();
    connection.connect(host.handlers);
    expect(host.received).toEqual([0, 1, 2, 3, 4]);
    expect([connection.guestPort, connection.hostPort]).toEqual([22, request?.srcPort]);
  });

  it('fails with a reason', async () => {
    const bench = guestBench({ connections: 2 });
    bench.post(50);
    const refused = bench.device.connect(22);
    const [request] = bench.arrived();
    bench.send({ op: OP.RST, srcPort: 22, dstPort: request?.srcPort ?? 0 });
    await expect(refused).rejects.toMatchObject({ code: 'VIV_VSOCK_REFUSED' });
    const nonsense = bench.device.connect(22);
    const [again] = bench.arrived();
    bench.send({ op: OP.RW, srcPort: 22, dstPort: again?.srcPort ?? 0 }, bytes(4));
    await expect(nonsense).rejects.toMatchObject({ code: 'VIV_VSOCK_REFUSED' });
    const late = bench.device.connect(22);
    const second = bench.device.connect(22);
    await expect(bench.device.connect(22)).rejects.toMatchObject({ code: 'VIV_VSOCK_FULL' });
    bench.clock.advance(5 * SECOND);
    await expect(late).rejects.toMatchObject({ code: 'VIV_VSOCK_TIMEOUT' });
    await expect(second).rejects.toMatchObject({ code: 'VIV_VSOCK_TIMEOUT' });
    for (const port of [-1, 0.5, 2 ** 32 - 1, Number.NaN]) {
      await expect(bench.device.connect(port)).rejects.toMatchObject({ code: 'VIV_VSOCK_PORT' });
    }
    const lost = bench.device.connect(22);
    bench.device.reset();
    await expect(lost).rejects.toMatchObject({ code: 'VIV_VSOCK_DOWN' });
    await expect(bench.device.connect(22)).rejects.toMatchObject({ code: 'VIV_VSOCK_DOWN' });
    expect(bench.device.connections).toBe(0);
  });
});

describe('back-pressure', () => {
  it('from host code: bytes wait, the guest is held by its credit and told when there is room', () => {
    const bench = guestBench();
    bench.post(20);
    const { connection, received, state } = openFromGuest(bench, listener(1000));
    bench.ops();
    bench.send({}, bytes(4000));
    expect([received.length, bench.ops()]).toEqual([1000, []]);
    state.room = 2500;
    connection.resume();
    expect(received.length).toBe(3500);
    // Half of the buffer and more was used, as the guest believes.
    expect(bench.arrived()).toMatchObject([{ op: OP.CREDIT_UPDATE, fwdCnt: 3500, bufAlloc: 4096 }]);
    state.room = 1000;
    connection.resume();
    expect(received).toEqual([...bytes(4000)]);
  });

  it('from host code: a guest that sends more than it may is reset', () => {
    const bench = guestBench();
    bench.post(20);
    const { heard } = openFromGuest(bench, listener(0));
    bench.send({}, bytes(4096));
    expect([heard, bench.ops()]).toEqual([[], [OP.RESPONSE]]);
    bench.send({}, bytes(1));
    expect([heard, bench.ops(), bench.device.connections]).toEqual([['reset'], [OP.RST], 0]);
  });

  it('from the guest: nothing is sent without credit, which is asked for once', () => {
    const bench = guestBench();
    bench.post(20);
    const { connection, heard } = openFromGuest(bench);
    bench.send({ op: OP.CREDIT_UPDATE, bufAlloc: 30 });
    bench.ops();
    expect([connection.write(bytes(20)), connection.write(bytes(20)), connection.write(bytes(20))]).toEqual([
      20, 10, 0,
    ]);
    expect(connection.write(bytes(20))).toBe(0);
    expect(bench.ops()).toEqual([OP.RW, OP.RW]);
    bench.send({ op: OP.CREDIT_UPDATE, bufAlloc: 30, fwdCnt: 0 });
    expect(heard).toEqual([]);
    bench.send({ op: OP.CREDIT_UPDATE, bufAlloc: 30, fwdCnt: 25 });
    expect(heard).toEqual(['drained']);
    expect(connection.write(bytes(100))).toBe(25);
  });

  it('from the guest: asks for credit when there is none at all', () => {
    const bench = guestBench();
    bench.post(20);
    const { connection } = openFromGuest(bench);
    bench.send({ op: OP.CREDIT_UPDATE, bufAlloc: 0 });
    bench.ops();
    expect([connection.write(bytes(5)), connection.write(bytes(5))]).toEqual([0, 0]);
    expect(bench.ops()).toEqual([OP.CREDIT_REQUEST]);
  });

  it('from the driver: without buffers nothing is kept, and all have their turn when there are some', () => {
    const bench = guestBench();
    bench.post(3, 100);
    const sent = new Map<number, number>();
    const make = (port: number): VsockConnection => {
      let connection: VsockConnection | undefined;
      const remove = bench.device.listen(port, (offered) => {
        connection = offered;
        offered.connect({
          ...listener().handlers,
          drained: () => void sent.set(port, (sent.get(port) ?? 0) + offered.write(bytes(1000))),
        });
      });
      bench.send({ op: OP.REQUEST, dstPort: port });
      remove();
      if (connection === undefined) throw new Error('not offered');
      return connection;
    };
    const all = [1, 2, 3].map(make);
    for (const connection of all) expect(connection.write(bytes(1000))).toBe(0);
    for (let round = 0; round < 30; round++) bench.post(1, 100);
    expect([...sent.values()]).toEqual([560, 560, 560]);
  });

  it('answers a guest that asks for credit', () => {
    const bench = guestBench();
    bench.post(5);
    openFromGuest(bench);
    bench.send({}, bytes(10));
    bench.send({ op: OP.CREDIT_REQUEST });
    expect(bench.arrived().at(-1)).toMatchObject({ op: OP.CREDIT_UPDATE, bufAlloc: 4096, fwdCnt: 10 });
  });
});

describe('the end of a connection', () => {
  it('by the guest: host code reads to the end first', () => {
    const bench = guestBench();
    bench.post(20);
    const { connection, heard, received, state } = openFromGuest(bench, listener(0));
    bench.send({}, bytes(10));
    bench.send({ op: OP.SHUTDOWN, flags: RECEIVE | SEND });
    expect([heard, bench.ops()]).toEqual([[], [OP.RESPONSE]]);
    // Nobody is there to read it.
    expect(connection.write(bytes(5))).toBe(5);
    state.room = 100;
    connection.resume();
    expect([received.length, heard, bench.ops(), bench.device.connections]).toEqual([
      10,
      ['ended', 'done'],
      [OP.RST],
      0,
    ]);
  });

  it('by the guest, that does not wait: what it sent is still read, and counts as a connection until then', () => {
    const bench = guestBench();
    bench.post(20);
    const { connection, heard, received, state } = openFromGuest(bench, listener(0));
    bench.send({}, bytes(10));
    bench.send({ op: OP.SHUTDOWN, flags: RECEIVE | SEND });
    bench.send({ op: OP.RST });
    expect([heard, bench.device.connections]).toEqual([[], 1]);
    bench.ops();
    // The ports are free again.
    const next = openFromGuest(bench);
    state.room = 100;
    connection.resume();
    expect([received.length, heard, bench.device.connections, next.heard]).toEqual([10, ['ended', 'done'], 1, []]);
    expect(bench.ops()).toEqual([OP.RESPONSE]);
  });

  it('by both, one after the other', () => {
    const bench = guestBench();
    bench.post(20);
    const { connection, heard } = openFromGuest(bench);
    bench.ops();
    connection.end();
    expect(bench.arrived()).toMatchObject([{ op: OP.SHUTDOWN, flags: SEND }]);
    expect(connection.write(bytes(1))).toBe(0);
    bench.send({}, bytes(3));
    bench.send({ op: OP.SHUTDOWN, flags: SEND });
    expect(heard).toEqual(['ended', 'done']);
    expect(bench.arrived()).toMatchObject([{ op: OP.SHUTDOWN, flags: RECEIVE | SEND }]);
    expect(bench.device.connections).toBe(1);
    bench.send({ op: OP.RST });
    expect([bench.device.connections, heard, bench.ops()]).toEqual([0, ['ended', 'done'], []]);
  });

  it('by both, when the guest never confirms it', () => {
    const bench = guestBench();
    bench.post(20);
    const { connection, heard } = openFromGuest(bench);
    connection.end();
    bench.send({ op: OP.SHUTDOWN, flags: SEND });
    bench.ops();
    bench.clock.advance(8 * SECOND);
    expect([bench.ops(), bench.device.connections, heard]).toEqual([[OP.RST], 0, ['ended', 'done']]);
  });

  it('by a reset of the guest', () => {
    const bench = guestBench();
    bench.post(20);
    const { heard, received } = openFromGuest(bench, listener(0));
    bench.send({}, bytes(10));
    bench.ops();
    bench.send({ op: OP.RST });
    expect([heard, received, bench.ops(), bench.device.connections]).toEqual([['reset'], [], [], 0]);
  });

  it('by host code that destroys it: nobody is told', () => {
    const bench = guestBench();
    bench.post(20);
    const { connection, heard } = openFromGuest(bench);
    bench.ops();
    connection.destroy();
    connection.destroy();
    connection.end();
    connection.resume();
    expect([heard, bench.ops(), connection.write(bytes(1))]).toEqual([[], [OP.RST], 0]);
  });

  it('by host code that throws', () => {
    const bench = guestBench();
    bench.post(20);
    const { handlers } = listener();
    openFromGuest(bench, {
      ...listener(),
      handlers: {
        ...handlers,
        receive: () => {
          throw new Error('broken');
        },
      },
    });
    bench.ops();
    bench.send({}, bytes(10));
    expect([bench.ops(), bench.failures.length, bench.device.connections]).toEqual([[OP.RST], 1, 0]);
  });

  it('with the driver, or with the transport', () => {
    const bench = guestBench();
    bench.post(20);
    const first = openFromGuest(bench);
    const request = bench.event.submit(new Uint8Array(0), 4);
    bench.device.transportReset();
    expect([first.heard, [...request.answer], bench.device.connections]).toEqual([['reset'], [0, 0, 0, 0], 0]);
    // Without a buffer the event waits for one.
    bench.device.transportReset();
    const later = bench.event.submit(new Uint8Array(0), 4);
    bench.device.notified(r.EVENT);
    expect(later.written).toBe(4);
    const second = openFromGuest(bench);
    bench.device.reset();
    expect([second.heard, bench.device.active]).toEqual([['reset'], false]);
  });

  it('of host code that does it all at once: accepts, writes, ends', () => {
    const bench = guestBench();
    bench.post(20);
    bench.device.listen(7, (connection) => {
      connection.connect(listener().handlers);
      connection.write(bytes(3));
      connection.end();
    });
    bench.send({ op: OP.REQUEST });
    expect(bench.ops()).toEqual([OP.RESPONSE, OP.RW, OP.SHUTDOWN]);
  });
});

describe('the configuration space', () => {
  it('has the address of the guest', () => {
    const { device } = guestBench({ guestCid: 0x0102_0304 });
    expect(Array.from({ length: 8 }, (_, offset) => device.config.read(offset))).toEqual([4, 3, 2, 1, 0, 0, 0, 0]);
  });
});
