import type { VsockConnection, VsockHandlers } from '@vivarium/contracts';
import { type FakeVirtioQueue, fakeClock, fakeVirtioQueue } from '@vivarium/testkit';
import { VirtioVsock, type VirtioVsockParts } from '../src/index.ts';
import { type PacketHeader, readPacketHeader, writePacketHeader } from '../src/packet.ts';
import * as r from '../src/registers.ts';

export const GUEST = 3;
export const HOST = r.HOST_CID;
export const OP = {
  REQUEST: r.VIRTIO_VSOCK_OP_REQUEST,
  RESPONSE: r.VIRTIO_VSOCK_OP_RESPONSE,
  RST: r.VIRTIO_VSOCK_OP_RST,
  SHUTDOWN: r.VIRTIO_VSOCK_OP_SHUTDOWN,
  RW: r.VIRTIO_VSOCK_OP_RW,
  CREDIT_UPDATE: r.VIRTIO_VSOCK_OP_CREDIT_UPDATE,
  CREDIT_REQUEST: r.VIRTIO_VSOCK_OP_CREDIT_REQUEST,
} as const;

export interface Arrived extends PacketHeader {
  readonly payload: Uint8Array;
}

const header = (parts: Partial<PacketHeader>): PacketHeader => ({
  srcCid: GUEST,
  dstCid: HOST,
  srcPort: 1000,
  dstPort: 7,
  len: 0,
  type: r.VIRTIO_VSOCK_TYPE_STREAM,
  op: OP.RW,
  flags: 0,
  bufAlloc: 65_536,
  fwdCnt: 0,
  ...parts,
});

/** The device with a driver in a test's hands. */
export const guestBench = (parts: Partial<VirtioVsockParts> = {}, piece?: number) => {
  const clock = fakeClock();
  const failures: unknown[] = [];
  const device = new VirtioVsock({
    guestCid: GUEST,
    bufferSize: 4096,
    connections: 8,
    connectTimeout: 5,
    clock,
    timer: (expired) => clock.timer(expired),
    hostFailed: (error) => void failures.push(error),
    ...parts,
  });
  const options = piece === undefined ? {} : { piece };
  const [rx, tx, event] = [0, 1, 2].map((index) => fakeVirtioQueue({ index, ...options })) as [
    FakeVirtioQueue,
    FakeVirtioQueue,
    FakeVirtioQueue,
  ];
  let seen = 0;
  const bench = {
    clock,
    device,
    failures,
    rx,
    tx,
    event,
    start: (features = device.features) => device.activate(features, [rx, tx, event]),
    /** Gives the device buffers for packets. */
    post: (count: number, size = 4096) => {
      for (let buffer = 0; buffer < count; buffer++) rx.submit(new Uint8Array(0), size);
      device.notified(r.RX);
    },
    /** Sends bytes as they are. */
    raw: (bytes: Uint8Array) => {
      const request = tx.submit(bytes, 0);
      device.notified(r.TX);
      return request;
    },
    send: (fields: Partial<PacketHeader>, payload: Uint8Array = new Uint8Array(0)) => {
      const head = writePacketHeader(header({ len: payload.length, ...fields }));
      const bytes = new Uint8Array(head.length + payload.length);
      bytes.set(head);
      bytes.set(payload, head.length);
      return bench.raw(bytes);
    },
    /** Packets that came since the last call. */
    arrived: (): readonly Arrived[] => {
      const fresh = rx.completed.slice(seen);
      seen = rx.completed.length;
      return fresh.flatMap(({ answer }) => {
        const head = readPacketHeader(answer);
        return head === undefined ? [] : [{ ...head, payload: answer.slice(r.HEADER_SIZE) }];
      });
    },
    ops: () => bench.arrived().map(({ op }) => op),
  };
  bench.start();
  return bench;
};

/** Host code that notes what it hears, and takes as much as it is told to. */
export const listener = (room = Number.POSITIVE_INFINITY) => {
  const heard: string[] = [];
  const received: number[] = [];
  const state = { room };
  const handlers: VsockHandlers = {
    receive: (bytes) => {
      const taken = Math.min(state.room, bytes.length);
      state.room -= taken;
      received.push(...bytes.subarray(0, taken));
      return taken;
    },
    drained: () => void heard.push('drained'),
    ended: () => void heard.push('ended'),
    closed: (end) => void heard.push(end),
  };
  return { heard, received, state, handlers };
};

/** A connection of the guest to host port 7 that was accepted, from guest port 1000. */
export const openFromGuest = (bench: ReturnType<typeof guestBench>, host = listener()) => {
  const offered: VsockConnection[] = [];
  const remove = bench.device.listen(7, (connection) => void offered.push(connection));
  bench.send({ op: OP.REQUEST });
  remove();
  const [connection] = offered;
  if (connection === undefined) throw new Error('no connection was offered');
  connection.connect(host.handlers);
  return { ...host, connection };
};
