import type { FrameOffload, NetBackend, NetFrame } from '@vivarium/contracts';
import { type FakeVirtioQueueOptions, fakeVirtioQueue } from '@vivarium/testkit';
import { describe, expect, it } from 'vitest';
import { VirtioNet } from '../src/index.ts';
import * as r from '../src/registers.ts';

const MAC = Uint8Array.of(2, 0, 0, 0, 0, 1);
const LONGEST = 65_550;

const join = (...parts: readonly Uint8Array[]): Uint8Array => Uint8Array.from(parts.flatMap((part) => [...part]));

interface HeaderFields {
  readonly flags?: number;
  readonly gso?: number;
  readonly size?: number;
  readonly start?: number;
  readonly offset?: number;
  readonly headerLength?: number;
}

const header = (fields: HeaderFields = {}): Uint8Array => {
  const { flags = 0, gso = 0, size = 0, start = 0, offset = 0, headerLength = 0 } = fields;
  const bytes = new DataView(new ArrayBuffer(r.HEADER_SIZE));
  bytes.setUint8(r.HEADER.flags, flags);
  bytes.setUint8(r.HEADER.gso_type, gso);
  bytes.setUint16(r.HEADER.hdr_len, headerLength, true);
  bytes.setUint16(r.HEADER.gso_size, size, true);
  bytes.setUint16(r.HEADER.csum_start, start, true);
  bytes.setUint16(r.HEADER.csum_offset, offset, true);
  return new Uint8Array(bytes.buffer);
};

/** A frame to the device's address, with a TCP header of 20 bytes at 34. */
const frameOf = (length: number, to: Uint8Array = MAC): Uint8Array => {
  const frame = Uint8Array.from({ length }, (_, at) => at & 0xff);
  frame.set(to.subarray(0, length));
  if (length > 46) frame[46] = 0x50;
  return frame;
};

const bench = (options: FakeVirtioQueueOptions & { readonly without?: bigint } = {}) => {
  const { without = 0n, ...queueOptions } = options;
  const sent: { readonly bytes: Uint8Array; readonly offload: FrameOffload | undefined }[] = [];
  const waiting: Uint8Array[] = [];
  const state = { full: false };
  const backend: NetBackend = {
    accepts: { checksum: true, tcp4: true, tcp6: true },
    linkUp: true,
    send: ({ pieces, offload }) => {
      if (!state.full) sent.push({ bytes: join(...pieces), offload });
      return !state.full;
    },
    connect: () => {},
    resume: () => {
      while (waiting[0] !== undefined && device.receive(whole(waiting[0]))) waiting.shift();
    },
  };
  const device = new VirtioNet({ backend, mac: MAC, queueSize: 64 });
  const queues = [0, 1, 2].map((index) => fakeVirtioQueue({ index, size: 64, ...queueOptions }));
  const [rx, tx, control] = queues as [(typeof queues)[0], (typeof queues)[0], (typeof queues)[0]];
  device.activate(device.features & ~without, queues, { configChanged: () => {}, needsReset: () => {} });
  return {
    device,
    sent,
    waiting,
    state,
    rx,
    tx,
    transmit: (bytes: Uint8Array) => {
      const request = tx.submit(bytes, 0);
      device.notified(r.TRANSMITQ);
      return request;
    },
    post: (...sizes: readonly number[]) => {
      for (const size of sizes) rx.submit(new Uint8Array(0), size);
      device.notified(r.RECEIVEQ);
    },
    /** As a backend does: what is refused comes again. */
    offer: (bytes: Uint8Array) => {
      waiting.push(bytes);
      backend.resume();
    },
    command: (bytes: Uint8Array, room = 1) => {
      const request = control.submit(bytes, room);
      device.notified(r.CONTROLQ);
      return request;
    },
    received: () => join(...rx.completed.map(({ answer }) => answer)),
  };
};

const whole = (bytes: Uint8Array): NetFrame => ({ pieces: [bytes], length: bytes.length });

describe('a frame of the guest', () => {
  it('G13 that is shorter than the header in front of it, or than an Ethernet header, is dropped', () => {
    const { device, sent, transmit } = bench();
    for (let length = 0; length < r.HEADER_SIZE + 14; length++)
      expect(transmit(new Uint8Array(length)).written).toBe(0);
    expect([sent, device.counters.sendDropped]).toEqual([[], r.HEADER_SIZE + 14]);
    transmit(join(header(), frameOf(14)));
    expect(sent.length).toBe(1);
  });

  it('G14 that is longer than any may be is dropped', () => {
    const { device, sent, transmit } = bench();
    transmit(join(header(), frameOf(LONGEST)));
    expect(sent.length).toBe(1);
    for (const length of [LONGEST + 1, 2 * LONGEST, 1_000_000]) transmit(new Uint8Array(r.HEADER_SIZE + length));
    expect([sent.length, device.counters.sendDropped]).toEqual([1, 3]);
  });

  const CHECKSUM = { flags: r.VIRTIO_NET_HDR_F_NEEDS_CSUM, start: 34, offset: 16 };
  const TSO = { ...CHECKSUM, gso: r.VIRTIO_NET_HDR_GSO_TCPV4, size: 1460 };
  it.each<[string, HeaderFields, bigint?]>([
    ['a sum that begins in the Ethernet header', { ...CHECKSUM, start: 13 }],
    ['a sum that goes past the end by one', { ...CHECKSUM, start: 34, offset: 65 }],
    ['a sum that begins past the end', { ...CHECKSUM, start: 0xffff, offset: 0 }],
    ['a sum whose place is far away', { ...CHECKSUM, offset: 0xffff }],
    ['a sum that was not agreed on', CHECKSUM, r.VIRTIO_NET_F_CSUM],
    ['segments without a sum', { gso: r.VIRTIO_NET_HDR_GSO_TCPV4, size: 1460 }],
    ['segments of no bytes', { ...TSO, size: 0 }],
    ['segments of UDP', { ...TSO, gso: 3 }],
    ['segments of something that there is not', { ...TSO, gso: 0x7f }],
    ['segments that were not agreed on', TSO, r.VIRTIO_NET_F_HOST_TSO4],
    ['a TCP header that is none', { ...TSO, start: 50 }],
    ['a TCP header past the end', { ...TSO, start: 81, offset: 16 }],
  ])('G14 that asks for %s is dropped', (_what, fields, without = 0n) => {
    const { device, sent, transmit } = bench({ without });
    transmit(join(header(fields), frameOf(100)));
    expect([sent, device.counters.sendDropped]).toEqual([[], 1]);
  });

  it('G14 that asks for what was agreed on is sent with it, whatever the hint for its headers says', () => {
    const { sent, transmit } = bench();
    for (const headerLength of [0, 54, 0xffff]) transmit(join(header({ ...TSO, headerLength }), frameOf(3000)));
    transmit(join(header({ ...CHECKSUM, start: 34, offset: 64 }), frameOf(100)));
    const segment = { protocol: 'tcp4', size: 1460, headerLength: 54 };
    expect(sent.map(({ offload }) => offload)).toEqual([
      ...Array.from({ length: 3 }, () => ({ checksum: { start: 34, offset: 16 }, segment })),
      { checksum: { start: 34, offset: 64 } },
    ]);
  });

  it.each([1, 7, 12, 13, 100])('G26 cut into pieces of %d bytes is sent whole', (piece) => {
    const { sent, transmit } = bench({ piece });
    transmit(join(header(), frameOf(300)));
    expect(sent[0]?.bytes).toEqual(frameOf(300));
  });

  it('waits in the ring while the network is full, and nothing is lost', () => {
    const { device, sent, state, tx, transmit } = bench();
    state.full = true;
    for (let count = 0; count < 20; count++) transmit(join(header(), frameOf(60 + count)));
    expect([sent.length, tx.completed.length]).toEqual([0, 0]);
    state.full = false;
    device.drained();
    expect(sent.map(({ bytes }) => bytes.length)).toEqual(Array.from({ length: 20 }, (_, count) => 60 + count));
    expect(tx.completed.length).toBe(20);
  });
});

describe('G15 a frame for the guest', () => {
  it('waits when there are no buffers, and comes when there are', () => {
    const { waiting, offer, post, received } = bench();
    offer(frameOf(100));
    offer(frameOf(200));
    expect(waiting.length).toBe(2);
    post(2000);
    expect(waiting.length).toBe(1);
    post(2000);
    expect(waiting).toEqual([]);
    expect(received().subarray(r.HEADER_SIZE, r.HEADER_SIZE + 100)).toEqual(frameOf(100));
  });

  it('waits while its buffers are too few, and then lies in all of them', () => {
    const { waiting, offer, post, received, rx } = bench();
    offer(frameOf(100));
    for (const size of [0, 1, 50, 0, 60]) {
      expect([waiting.length, rx.completed.length]).toEqual([1, 0]);
      post(size);
    }
    post(60);
    expect(waiting).toEqual([]);
    const bytes = received();
    expect(bytes.subarray(r.HEADER_SIZE)).toEqual(frameOf(100));
    expect(new DataView(bytes.buffer).getUint16(r.HEADER.num_buffers, true)).toBe(rx.completed.length);
    expect(rx.completed.map(({ written }) => written)).toEqual([0, 1, 50, 0, 60, 1]);
  });

  it('that the whole queue cannot hold is dropped, and the buffers stay for others', () => {
    const { device, waiting, offer, post, rx } = bench();
    post(...Array.from({ length: 64 }, () => 1));
    offer(frameOf(100));
    expect([waiting.length, device.counters.receiveDropped, rx.completed.length]).toEqual([0, 1, 0]);
    offer(frameOf(14));
    expect([waiting.length, device.counters.received, rx.completed.length]).toEqual([0, 1, 26]);
  });

  it('without mergeable buffers goes into one, or is dropped', () => {
    const { device, offer, post, rx } = bench({ without: r.VIRTIO_NET_F_MRG_RXBUF });
    post(50, 2000);
    offer(frameOf(100));
    expect([device.counters.receiveDropped, rx.completed.length]).toEqual([1, 0]);
    offer(frameOf(30));
    offer(frameOf(100));
    expect([device.counters.received, rx.completed.map(({ written }) => written)]).toEqual([2, [42, 112]]);
  });

  it('that waits is not there any more after a reset', () => {
    const { device, waiting, offer } = bench();
    offer(frameOf(100));
    expect(waiting.length).toBe(1);
    device.reset();
    expect(waiting).toEqual([]);
  });
});

describe('G16 a control command', () => {
  it('without room for the acknowledgement is not carried out', () => {
    const { command, offer, post, rx } = bench();
    expect(command(Uint8Array.of(r.VIRTIO_NET_CTRL_RX, r.VIRTIO_NET_CTRL_RX_PROMISC, 0), 0).written).toBe(0);
    post(2000);
    offer(frameOf(60, Uint8Array.of(2, 9, 9, 9, 9, 9)));
    expect(rx.completed.length).toBe(1);
  });

  const table = (count: number, given: number): Uint8Array => {
    const bytes = new DataView(new ArrayBuffer(4 + 6 * given));
    bytes.setUint32(0, count, true);
    return new Uint8Array(bytes.buffer);
  };
  const { VIRTIO_NET_CTRL_RX: RX, VIRTIO_NET_CTRL_MAC: ADDRESS, VIRTIO_NET_CTRL_GUEST_OFFLOADS: OFFLOADS } = r;
  it.each<[string, Uint8Array]>([
    ['nothing at all', new Uint8Array(0)],
    ['a class alone', Uint8Array.of(RX)],
    ['a class that there is not', Uint8Array.of(99, 0, 1)],
    ['a command that there is not', Uint8Array.of(RX, 99, 1)],
    ['no argument', Uint8Array.of(RX, 0)],
    ['two arguments', Uint8Array.of(RX, 0, 1, 1)],
    ['an address of five bytes', Uint8Array.of(ADDRESS, 1, 2, 0, 0, 0, 0)],
    ['an address of seven bytes', Uint8Array.of(ADDRESS, 1, 2, 0, 0, 0, 0, 0, 0)],
    ['one table of two', join(Uint8Array.of(ADDRESS, 0), table(1, 1))],
    ['a table with less than it says', join(Uint8Array.of(ADDRESS, 0), table(2, 1), table(0, 0))],
    ['a table with more than there can be', join(Uint8Array.of(ADDRESS, 0), table(0xffff_ffff, 1), table(0, 0))],
    ['a table whose length wraps', join(Uint8Array.of(ADDRESS, 0), table(0x2aaa_aaab, 1), table(0, 0))],
    ['offloads of seven bytes', join(Uint8Array.of(OFFLOADS, 0), new Uint8Array(7))],
    ['offloads that there are not', join(Uint8Array.of(OFFLOADS, 0), new Uint8Array(8).fill(0xff))],
  ])('with %s is refused', (_what, bytes) => {
    const { command } = bench();
    expect([...command(bytes).answer]).toEqual([r.VIRTIO_NET_ERR]);
    expect([...command(Uint8Array.of(RX, 0, 1)).answer]).toEqual([r.VIRTIO_NET_OK]);
  });

  it('cut into single bytes is the same command', () => {
    const { command, offer, post, rx } = bench({ piece: 1 });
    expect([...command(Uint8Array.of(RX, 0, 0)).answer]).toEqual([r.VIRTIO_NET_OK]);
    post(2000);
    offer(frameOf(60, Uint8Array.of(2, 9, 9, 9, 9, 9)));
    expect(rx.completed.length).toBe(0);
    offer(frameOf(60));
    expect(rx.completed.length).toBe(1);
  });
});
