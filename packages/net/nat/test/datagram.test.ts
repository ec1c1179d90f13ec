import * as p from '@vivarium/net-packet';
import { afterEach, describe, expect, it } from 'vitest';
import { DNS, GATEWAY, GUEST, GUEST_MAC, NAT_MAC } from './guest/guest.ts';
import { fakeRig, pattern, rig } from './guest/rig.ts';
import { serveUdp } from './guest/servers.ts';

const SECOND = 1e9;
const PEER = 0x0808_0808;
const text = (string: string) => new TextEncoder().encode(string);
const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

describe('ARP', () => {
  it('finds the gateway and the DNS forwarder, and nobody else', () => {
    const { guest } = fakeRig();
    for (const target of [GATEWAY, DNS, GUEST, PEER, 0x0a00_0263]) {
      guest.sendFrame(
        p.arpFrame(p.BROADCAST_MAC, { operation: 1, senderMac: GUEST_MAC, sender: GUEST, targetMac: 0, target }),
      );
    }
    expect(guest.arps.map(({ sender, senderMac, operation }) => [sender, senderMac, operation])).toEqual([
      [GATEWAY, NAT_MAC, 2],
      [DNS, NAT_MAC, 2],
    ]);
  });

  it('without a DNS forwarder finds none', () => {
    const { guest } = fakeRig({ dns: false });
    const question = { operation: 1, senderMac: GUEST_MAC, sender: GUEST, targetMac: 0 };
    guest.sendFrame(p.arpFrame(p.BROADCAST_MAC, { ...question, target: DNS }));
    expect(guest.arps).toEqual([]);
  });
});

describe('DHCP', () => {
  /** What the guest says, and what it is answered. */
  const talk = (guest: ReturnType<typeof fakeRig>['guest']) => {
    const replies: { readonly message: p.DhcpMessage; readonly ip: p.ParsedIpv4; readonly mac: number }[] = [];
    guest.onFrame = (bytes, direction) => {
      const ip = direction === 'in' ? p.parseIpv4(bytes, 14) : undefined;
      const message = ip?.protocol === 17 ? p.parseDhcp(bytes.subarray(42)) : undefined;
      if (ip !== undefined && message !== undefined) {
        replies.push({ message, ip, mac: p.parseEthernet(bytes)!.header.destination });
      }
    };
    const say = (
      type: number,
      options: readonly (readonly [number, Uint8Array])[] = [],
      change: Partial<p.DhcpMessage> = {},
    ) => {
      const request = p.buildDhcp({
        operation: 1,
        transaction: 77,
        seconds: 1,
        broadcast: false,
        client: 0,
        your: 0,
        server: 0,
        relay: 0,
        hardware: guest.mac,
        ...change,
        options: new Map([[p.DhcpOption.messageType, Uint8Array.of(type)], ...options]),
      });
      const ends = {
        sourceMac: guest.mac,
        destinationMac: p.BROADCAST_MAC,
        source: change.client ?? 0,
        destination: 0xffff_ffff,
      };
      guest.sendFrame(p.udpFrame(ends, 68, 67, request));
      return replies.splice(0)[0];
    };
    return say;
  };
  const typeOf = (reply: { readonly message: p.DhcpMessage } | undefined) =>
    reply?.message.options.get(p.DhcpOption.messageType)?.[0];

  it('gives the first guest its address, with all that a network needs', () => {
    const { guest, nat } = fakeRig({ mtu: 1400, leaseTime: 3600 });
    const say = talk(guest);
    const offer = say(p.DhcpMessageType.discover);
    expect(typeOf(offer)).toBe(p.DhcpMessageType.offer);
    expect(offer.message).toMatchObject({ transaction: 77, your: GUEST, hardware: GUEST_MAC, operation: 2 });
    expect([offer.ip.source, offer.ip.destination, offer.mac]).toEqual([GATEWAY, GUEST, GUEST_MAC]);
    const server = [p.DhcpOption.serverIdentifier, p.dhcpWord(GATEWAY)] as const;
    const wanted = [p.DhcpOption.requestedAddress, p.dhcpWord(GUEST)] as const;
    const ack = say(p.DhcpMessageType.request, [server, wanted]);
    expect(typeOf(ack)).toBe(p.DhcpMessageType.acknowledge);
    expect(Object.fromEntries(ack.message.options)).toEqual({
      [p.DhcpOption.messageType]: Uint8Array.of(5),
      [p.DhcpOption.serverIdentifier]: p.dhcpWord(GATEWAY),
      [p.DhcpOption.subnetMask]: p.dhcpWord(0xffff_ff00),
      [p.DhcpOption.broadcast]: p.dhcpWord(0x0a00_02ff),
      [p.DhcpOption.router]: p.dhcpWord(GATEWAY),
      [p.DhcpOption.domainNameServer]: p.dhcpWord(DNS),
      [p.DhcpOption.interfaceMtu]: p.dhcpHalf(1400),
      [p.DhcpOption.leaseTime]: p.dhcpWord(3600),
      [p.DhcpOption.renewalTime]: p.dhcpWord(1800),
      [p.DhcpOption.rebindingTime]: p.dhcpWord(3150),
    });
    expect(nat.counters.leases).toBe(1);
    // Renewing: from its own address, without options.
    const renewed = say(p.DhcpMessageType.request, [], { client: GUEST });
    expect([typeOf(renewed), renewed.message.your]).toEqual([5, GUEST]);
    expect(say(p.DhcpMessageType.inform, [], { client: 0x0a00_0240 }).message).toMatchObject({
      your: 0,
      client: 0x0a00_0240,
    });
  });

  it('gives others others, the same again to whom it knows, and again what was given back or ran out', () => {
    const { guest, clock, nat } = fakeRig({ leaseTime: 100, network: '192.168.7.0/27' });
    const say = talk(guest);
    const first = 0xc0a8_070f;
    const got = Array.from({ length: 20 }, (_, index) => {
      guest.mac = GUEST_MAC + index;
      return say(p.DhcpMessageType.discover)?.message.your;
    });
    // The block ends at 31, which is the broadcast address.
    expect(got).toEqual([
      ...Array.from({ length: 16 }, (_, index) => first + index),
      ...new Array<undefined>(4).fill(undefined),
    ]);
    expect(nat.counters.leases).toBe(16);
    guest.mac = GUEST_MAC + 3;
    expect(say(p.DhcpMessageType.discover)?.message.your).toBe(first + 3);
    say(p.DhcpMessageType.release);
    guest.mac = GUEST_MAC + 18;
    expect(say(p.DhcpMessageType.discover)?.message.your).toBe(first + 3);
    clock.advance(101 * SECOND);
    guest.mac = GUEST_MAC + 19;
    expect(say(p.DhcpMessageType.discover)?.message.your).toBe(first);
  });

  it('refuses an address that is not theirs, broadcasts when asked, and is silent for other servers', () => {
    const { guest } = fakeRig();
    const say = talk(guest);
    say(p.DhcpMessageType.discover);
    const refused = say(p.DhcpMessageType.request, [[p.DhcpOption.requestedAddress, p.dhcpWord(0x0a00_0299)]]);
    expect([typeOf(refused), refused.mac, refused.ip.destination]).toEqual([6, p.BROADCAST_MAC, 0xffff_ffff]);
    const other = [p.DhcpOption.serverIdentifier, p.dhcpWord(0x0a00_0204)] as const;
    expect(say(p.DhcpMessageType.request, [other])).toBeUndefined();
    const wanted = [p.DhcpOption.requestedAddress, p.dhcpWord(GUEST)] as const;
    expect(say(p.DhcpMessageType.request, [wanted], { broadcast: true }).mac).toBe(p.BROADCAST_MAC);
    say(p.DhcpMessageType.decline, [wanted]);
    expect(say(p.DhcpMessageType.discover).message.your).toBe(GUEST + 1);
    expect(say(9)).toBeUndefined();
    expect(say(p.DhcpMessageType.discover, [], { relay: 5 })).toBeUndefined();
    expect(say(p.DhcpMessageType.discover, [], { operation: 2 })).toBeUndefined();
  });
});

describe('UDP', () => {
  it('goes to servers of the host and comes back, in datagrams of any size', async () => {
    const server = await serveUdp((bytes) => Uint8Array.from(bytes).reverse());
    closers.push(() => server.close());
    const { guest, nat } = rig();
    closers.push(() => nat.dispose());
    const sizes = [0, 1, 1472, 1473, 9000, 40_000];
    for (const size of sizes) guest.sendUdp(GATEWAY, 7000, server.port, pattern(size));
    await guest.until(() => guest.datagrams.length === sizes.length);
    expect(guest.datagrams.map(({ payload }) => payload)).toEqual(sizes.map((size) => pattern(size).reverse()));
    expect(guest.datagrams[0]).toMatchObject({ source: GATEWAY, sourcePort: server.port, port: 7000 });
    // One port of the guest is one port of the host.
    guest.sendUdp(GATEWAY, 7001, server.port, text('x'));
    await guest.until(() => guest.datagrams.length === sizes.length + 1);
    expect(new Set(server.seen.map(({ port }) => port)).size).toBe(2);
    expect(nat.counters).toMatchObject({ udpFlows: 2, drops: {} });
  });

  it('hears only those that it spoke to', () => {
    const { guest, host, nat } = fakeRig();
    guest.sendUdp(PEER, 7000, 123, text('time?'));
    guest.sendUdp(PEER + 1, 7000, 123, text('time?'));
    expect(host.udp).toHaveLength(1);
    expect(host.datagrams.map(({ address, port }) => `${address}:${port}`)).toEqual(['8.8.8.8:123', '8.8.8.9:123']);
    const { events } = host.udp[0];
    events.message(text('noon'), '8.8.8.8', 123);
    events.message(text('spoof'), '8.8.8.8', 124);
    events.message(text('spoof'), '8.8.4.4', 123);
    expect(guest.datagrams.map(({ source, payload }) => [source, String.fromCharCode(...payload)])).toEqual([
      [PEER, 'noon'],
    ]);
    nat.reset();
    events.message(text('late'), '8.8.8.8', 123);
    expect([guest.datagrams.length, host.udp[0].closed]).toEqual([1, true]);
  });

  it('flows end when they are idle, or the oldest when there are too many', () => {
    const { guest, host, clock, nat } = fakeRig({ limits: { udpFlows: 3 }, timeouts: { udp: 30 } });
    for (let port = 1; port <= 5; port += 1) guest.sendUdp(PEER, port, 9, text('x'));
    expect(host.udp.map(({ closed }) => closed)).toEqual([true, true, false, false, false]);
    clock.advance(20 * SECOND);
    guest.sendUdp(PEER, 4, 9, text('x'));
    host.udp[4].events.message(text('y'), '8.8.8.8', 9);
    clock.advance(11 * SECOND);
    expect(host.udp.map(({ closed }) => closed)).toEqual([true, true, true, false, false]);
    clock.advance(20 * SECOND);
    clock.advance(20 * SECOND);
    expect(nat.counters.udpFlows).toBe(0);
    host.udp[4].events.failed();
  });

  it('with a wrong checksum is dropped, without one is not', () => {
    const { guest, host, nat } = fakeRig();
    const frame = p.udpFrame(guest.ends(PEER), 1, 2, text('abc'));
    const bad = frame.slice();
    bad[41] ^= 1;
    guest.sendFrame(bad);
    const none = frame.slice();
    none.fill(0, 40, 42);
    guest.sendFrame(none);
    const partial = frame.slice();
    partial.fill(7, 40, 42);
    guest.sendFrame(partial, { checksum: { start: 34, offset: 6 } });
    expect([host.datagrams.length, nat.counters.drops]).toEqual([2, { transport: 1 }]);
  });

  it('in pieces is put together whatever their order, within bounds', () => {
    const { guest, host, nat, clock } = fakeRig({ limits: { reassembly: 100_000 } });
    const pieces: Uint8Array[] = [];
    const keep = guest.sendFrame.bind(guest);
    guest.sendFrame = (bytes) => void pieces.push(bytes.slice());
    for (let count = 0; count < 60; count += 1) guest.sendUdp(PEER, 1000 + count, 9, pattern(8000, count));
    guest.sendFrame = keep;
    const each = pieces.length / 60;
    for (const piece of pieces.slice(0, each).reverse()) guest.sendFrame(piece.slice());
    expect(host.datagrams.map(({ bytes }) => bytes)).toEqual([pattern(8000, 0)]);
    // Sixty that never get whole: each lacks its last piece.
    for (let count = 1; count < 60; count += 1) {
      for (const piece of pieces.slice(count * each, (count + 1) * each - 1)) guest.sendFrame(piece.slice());
    }
    guest.sendFrame(pieces[2 * each - 1].slice());
    expect(host.datagrams).toHaveLength(1);
    guest.sendFrame(pieces.at(-1)!.slice());
    expect(host.datagrams).toHaveLength(2);
    clock.advance(20 * SECOND);
    guest.sendFrame(pieces.at(-1 - each)!.slice());
    expect(host.datagrams).toHaveLength(2);
    // Pieces that overlap are an attack on whoever puts them together.
    guest.sendFrame(pieces[0].slice());
    guest.sendFrame(pieces[0].slice());
    expect(nat.counters.drops).toEqual({ fragment: 1 });
  });
});

describe('ICMP', () => {
  const ping = (guest: ReturnType<typeof fakeRig>['guest'], destination: number, size = 56, options = {}) =>
    guest.sendFrame(
      p.icmpFrame(guest.ends(destination), { type: 8, code: 0, rest: 0x0007_0001, data: pattern(size) }, options),
    );

  it('echoes come back from the network itself', () => {
    const { guest } = fakeRig();
    for (const destination of [GATEWAY, DNS]) ping(guest, destination);
    expect(guest.icmp).toEqual(
      [GATEWAY, DNS].map((source) => ({ type: 0, code: 0, rest: 0x0007_0001, data: pattern(56), source })),
    );
  });

  it("echoes to others come back when the host's do, some at a time", () => {
    const { guest, host, nat } = fakeRig({ limits: { echoes: 2 } });
    for (let count = 0; count < 4; count += 1) ping(guest, PEER);
    expect(host.pings.map(({ address }) => address)).toEqual(['8.8.8.8', '8.8.8.8']);
    expect(guest.icmp).toEqual([]);
    host.pings[0].done(true);
    host.pings[1].done(false);
    expect(guest.icmp.map(({ source, type }) => [source, type])).toEqual([[PEER, 0]]);
    ping(guest, PEER);
    nat.reset();
    host.pings[2].done(true);
    expect([guest.icmp.length, nat.counters.drops]).toEqual([1, { limit: 2 }]);
  });

  it('says that echoes are prohibited when the host has none', () => {
    const { guest, nat } = rig();
    closers.push(() => nat.dispose());
    ping(guest, PEER);
    expect(guest.icmp[0]).toMatchObject({ type: 3, code: 13, source: GATEWAY });
    const quoted = p.parseIpv4(guest.icmp[0].data, 0, 1000);
    expect(quoted).toMatchObject({ source: GUEST, destination: PEER, protocol: 1 });
  });

  it('says when a packet has come too far, or wants a port that nobody listens on', () => {
    const { guest } = fakeRig();
    ping(guest, PEER, 8, { ttl: 1 });
    ping(guest, GATEWAY, 8, { ttl: 1 });
    guest.sendUdp(DNS, 9, 99, text('x'));
    expect(guest.icmp.map(({ type, code, source }) => [type, code, source])).toEqual([
      [11, 0, GATEWAY],
      [0, 0, GATEWAY],
      [3, 3, GATEWAY],
    ]);
  });
});

describe('frames that are not for the translator', () => {
  it('are dropped and counted by their reason', () => {
    const { guest, nat, host } = fakeRig();
    const frame = p.udpFrame(guest.ends(PEER), 1, 2, text('abc'));
    const changed = (change: (bytes: Uint8Array) => Uint8Array | void) => {
      const bytes = frame.slice();
      guest.sendFrame(change(bytes) ?? bytes);
    };
    changed((bytes) => bytes.subarray(0, 13).slice());
    changed((bytes) => bytes.set([1], 6));
    changed((bytes) => p.concatenate([bytes.subarray(0, 12), Uint8Array.of(0x81, 0, 0, 5), bytes.subarray(12)]));
    changed((bytes) => bytes.set([0x86, 0xdd], 12));
    changed((bytes) => bytes.set([0x88, 0xcc], 12));
    changed((bytes) => bytes.set([0x46], 14));
    changed((bytes) => bytes.set([2, 0, 0, 0, 0, 9], 0));
    expect(nat.counters.drops).toEqual({ ethernet: 3, protocol: 2, ipv4: 1 });
    // Sources that are not of this network, and the network's own.
    for (const source of [0x0a00_0302, GATEWAY, DNS, 0x0a00_02ff, 0x0a00_0200, 0]) {
      guest.sendFrame(p.udpFrame({ ...guest.ends(PEER), source }, 1, 2, text('x')));
    }
    expect(nat.counters.drops).toEqual({ ethernet: 3, protocol: 2, ipv4: 7 });
    const sctp = p.icmpFrame(guest.ends(PEER), { type: 0, code: 0, rest: 0, data: text('x') });
    p.writeIpv4(sctp, 14, { source: GUEST, destination: PEER, protocol: 132, totalLength: sctp.length - 14 });
    guest.sendFrame(sctp);
    expect(nat.counters.drops).toMatchObject({ protocol: 3 });
    expect(host.datagrams).toEqual([]);
  });
});
