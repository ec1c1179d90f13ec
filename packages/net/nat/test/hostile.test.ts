import type { FrameOffload } from '@vivarium/contracts';
import * as p from '@vivarium/net-packet';
import { describe, expect, it } from 'vitest';
import { DNS, GATEWAY, GUEST, type Guest } from './guest/guest.ts';
import { fakeRig } from './guest/rig.ts';

/** Whole numbers below `limit`, the same for the same seed. */
const seeded = (seed: number) => {
  let state = seed >>> 0 || 1;
  return (limit: number): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
};
type Random = ReturnType<typeof seeded>;

const pick = <T>(random: Random, list: readonly T[]): T => list[random(list.length)];
const DESTINATIONS = [GATEWAY, DNS, 0x0808_0808, 0x0808_0404, 0xa9fe_a9fe, 0xffff_ffff, 0x0a00_02ff, 0xe000_0001, 0];
const FLAGS = [2, 2, 16, 17, 18, 24, 4, 20, 1, 0, 0xff, 0x29];
const INTERESTING = [
  0, 1, 2, 535, 536, 1460, 0x7fff, 0x8000, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_fffe, 0xffff_ffff,
];

/** A segment near, or far from, where one of the open connections stands. */
const segment = (guest: Guest, random: Random): Uint8Array => {
  const connections = [...guest.connections.values()];
  const connection = connections.length > 0 && random(4) > 0 ? pick(random, connections) : undefined;
  const near = (value: number) => (random(3) === 0 ? pick(random, INTERESTING) : (value + random(70_000) - 3000) >>> 0);
  const header = {
    sourcePort: connection?.ends.own ?? random(0x10000),
    destinationPort: connection?.ends.port ?? pick(random, [53, 80, 443]),
    sequence: near(connection?.numbers.next ?? 0),
    acknowledgment: near(connection?.numbers.expected ?? 0),
    flags: pick(random, FLAGS),
    window: pick(random, [0, 1, 100, 0xffff]),
    urgent: random(2) * 7,
    options: pick<p.TcpOptions>(random, [
      {},
      { maximumSegment: random(3000) },
      { windowScale: random(15), maximumSegment: 0 },
    ]),
  };
  const destination = connection?.ends.destination ?? pick(random, DESTINATIONS);
  return p.tcpFrame(
    guest.ends(destination),
    header,
    new Uint8Array(random(8) === 0 ? 9000 + random(50_000) : random(1460)),
  );
};

const datagram = (guest: Guest, random: Random): Uint8Array => {
  const port = pick(random, [53, 67, 68, 123, 0, 0xffff]);
  const ends = { ...guest.ends(pick(random, DESTINATIONS)), source: pick(random, [GUEST, GUEST + 1, 0]) };
  const payload = Uint8Array.from({ length: random(600) }, () => random(256));
  if (port === 67 && payload.length > 250) payload.set([1, 1, 6, 0]);
  if (port === 67 && payload.length > 250) payload.set([0x63, 0x82, 0x53, 0x63, 53, 1, random(10)], 236);
  if (port === 53 && payload.length > 32) payload.set([1, 2, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 97, 0, 0, 1, 0, 1]);
  return p.udpFrame(ends, random(0x10000), port, payload);
};

const fragment = (guest: Guest, random: Random): Uint8Array => {
  const frame = datagram(guest, random);
  p.writeIpv4(frame, 14, {
    source: GUEST,
    destination: pick(random, DESTINATIONS),
    protocol: pick(random, [1, 6, 17]),
    totalLength: frame.length - 14,
    identification: random(40),
    moreFragments: random(2) === 0,
    fragmentOffset: random(3) === 0 ? 0 : random(8200) * 8,
  });
  return frame;
};

const other = (guest: Guest, random: Random): Uint8Array => {
  if (random(2) === 0) {
    const arp = {
      operation: random(4),
      senderMac: guest.mac + random(300),
      sender: GUEST + random(300),
      targetMac: random(2 ** 31),
    };
    return p.arpFrame(p.BROADCAST_MAC, { ...arp, target: pick(random, DESTINATIONS) });
  }
  return p.icmpFrame(guest.ends(pick(random, DESTINATIONS)), {
    type: pick(random, [8, 0, 3, 11, 200]),
    code: random(3),
    rest: random(2 ** 31),
    data: new Uint8Array(random(2000)),
  });
};

const offload = (random: Random): FrameOffload => ({
  ...(random(3) === 0
    ? {}
    : { checksum: { start: pick(random, [34, 14, 0, 70_000]), offset: pick(random, [16, 6, 0, 9999]) } }),
  ...(random(2) === 0
    ? {}
    : {
        segment: {
          protocol: pick(random, ['tcp4', 'tcp6'] as const),
          size: pick(random, [0, 1, 536, 1460, 0xffff]),
          headerLength: random(200),
        },
      }),
});

/** A storm of frames that look right, or nearly; everything that may grow is looked at all the time. */
const storm = (seed: number, frames: number): void => {
  const random = seeded(seed);
  const limits = { connections: 20, halfOpen: 8, timeWait: 10, buffers: 400_000, connectionBuffer: 65_536 };
  const more = { udpFlows: 10, questions: 6, echoes: 3, neighbours: 30, reassembly: 200_000 };
  const { guest, nat, host, clock } = fakeRig({
    limits: { ...limits, ...more },
    timeouts: { opening: 20, idle: 60, halfClosed: 20, udp: 5 },
  });
  // The guest of the test would object to what the translator answers to nonsense; here only the storm talks.
  guest.receive = () => random(10) > 0;
  const open = () => host.sockets.filter(({ isReset, ended }) => !isReset && !ended);
  for (let count = 0; count < frames; count += 1) {
    const kind = random(20);
    let frame: Uint8Array;
    if (kind < 12) frame = segment(guest, random);
    else if (kind < 15) frame = datagram(guest, random);
    else if (kind < 17) frame = fragment(guest, random);
    else frame = other(guest, random);
    for (let change = random(3) === 0 ? random(5) : 0; change > 0; change -= 1)
      frame[random(frame.length)] = random(256);
    if (random(20) === 0) frame = frame.subarray(0, random(frame.length));
    guest.sendFrame(frame.slice(), random(5) === 0 ? offload(random) : undefined);
    if (random(50) === 0) guest.connect(pick(random, DESTINATIONS.slice(0, 4)), pick(random, [53, 80])).close();
    if (guest.connections.size > 60) guest.connections.clear();
    if (random(3) === 0) nat.resume();
    if (random(10) === 0) clock.advance(random(3) * 1e9 + random(1e9));
    const socket =
      host.sockets.length > 0 ? host.sockets[Math.max(0, host.sockets.length - 1 - random(30))] : undefined;
    if (socket !== undefined && !socket.isReset) {
      const act = random(40);
      if (act < 8) socket.events.connected();
      else if (act < 14 && !socket.isPaused) socket.events.data(new Uint8Array(random(20_000)));
      else if (act === 14) socket.events.ended();
      else if (act === 15) {
        socket.isReset = true;
        socket.events.failed(pick(random, ['reset', 'refused', 'unreachable'] as const));
      } else if (act === 16) socket.takes = !socket.takes;
      else if (act === 17) {
        socket.pending = 0;
        socket.events.drained();
      }
    }
    if (random(30) === 0) host.questions.shift()?.done({ code: 0, records: [] });
    const { counters } = nat;
    expect(counters.connections).toBeLessThanOrEqual(20);
    expect(counters.opening).toBeLessThanOrEqual(8);
    expect(counters.timeWait).toBeLessThanOrEqual(10);
    expect(counters.udpFlows).toBeLessThanOrEqual(10);
    expect(counters.questions).toBeLessThanOrEqual(6);
    expect(counters.neighbours).toBeLessThanOrEqual(30);
    expect(counters.leases).toBeLessThanOrEqual(200);
    // Each of twenty connections has its share of 16 KiB in each direction, and what one event may add.
    expect(counters.buffered).toBeLessThanOrEqual(400_000 + 20 * (2 * 16_384 + 20_000));
    expect(counters.buffered).toBeGreaterThanOrEqual(0);
    host.datagrams.length = 0;
    for (const one of host.sockets) one.written = [];
  }
  nat.reset();
  expect(nat.counters).toMatchObject({
    connections: 0,
    opening: 0,
    buffered: 0,
    udpFlows: 0,
    questions: 0,
    timeWait: 0,
  });
  expect(open()).toEqual([]);
  expect(host.udp.every(({ closed }) => closed)).toBe(true);
};

describe('a storm of hostile packets', () => {
  it.each([1, 2, 3, 4, 5, 6])('L3 throws nothing, and keeps every bound (seed %d)', (seed) => {
    storm(seed, 8000);
    expect(seed).toBeGreaterThan(0);
  });

  it('leaves the translator working', () => {
    const { guest, nat } = fakeRig();
    const random = seeded(99);
    const receive = guest.receive.bind(guest);
    guest.receive = () => true;
    for (let count = 0; count < 3000; count += 1) guest.sendFrame(segment(guest, random));
    guest.receive = receive;
    guest.announce();
    expect(guest.arps).toHaveLength(1);
    expect(nat.counters.connections).toBeLessThanOrEqual(1024);
  });
});
