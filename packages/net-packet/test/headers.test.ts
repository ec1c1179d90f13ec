import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as p from '../src/index.ts';
import { byte, bytes, ipv6, long, mac, word } from './arbitraries.ts';

/** Room in front and behind that a writer must leave alone. */
const AT = 5;
const written = (write: (target: Uint8Array, start: number) => number, start = AT) => {
  const target = new Uint8Array(2048).fill(0xee);
  const end = write(target, start);
  expect(target.subarray(0, start).every((value) => value === 0xee)).toBe(true);
  expect(target.subarray(end).every((value) => value === 0xee)).toBe(true);
  return { target, end };
};

const tag = fc.record({ id: fc.nat(0xfff), priority: fc.nat(7), dropEligible: fc.boolean() });
const type = word.filter((value) => value !== p.EtherType.vlan);
const option = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const defined = <T extends object>(record: T): T =>
  Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as T;

describe('what is written is read back', () => {
  it('Ethernet with and without a tag', () => {
    fc.assert(
      fc.property(fc.record({ destination: mac, source: mac, type, tag: option(tag) }), (given) => {
        const header = defined(given) as p.EthernetHeader;
        const { target, end } = written((frame) => p.writeEthernet(frame, header), 0);
        expect(p.parseEthernet(target)).toEqual({ header, length: end });
        expect(p.ethernetLength(header)).toBe(end);
        expect(p.parseEthernet(target.subarray(0, end - 1))).toBeUndefined();
      }),
    );
  });

  it('ARP', () => {
    const packet = fc.record({ operation: word, senderMac: mac, sender: long, targetMac: mac, target: long });
    fc.assert(
      fc.property(packet, (arp) => {
        const { target, end } = written((frame, start) => p.writeArp(frame, start, arp));
        expect(p.parseArp(target, AT)).toEqual(arp);
        expect(p.parseArp(target.subarray(0, end - 1), AT)).toBeUndefined();
      }),
    );
  });

  it('IPv4 with options and fragments', () => {
    const header = fc.record({
      source: long,
      destination: long,
      protocol: byte,
      identification: word,
      dontFragment: fc.boolean(),
      moreFragments: fc.boolean(),
      fragmentOffset: fc.nat(0x1fff).map((units) => units * 8),
      ttl: byte,
      trafficClass: byte,
      totalLength: fc.integer({ min: 60, max: 1500 }),
      options: option(fc.nat(10).chain((words) => bytes(words * 4, words * 4))),
    });
    fc.assert(
      fc.property(header, (given) => {
        const ip = defined(given) as p.Ipv4Header;
        const { target, end } = written((frame, start) => p.writeIpv4(frame, start, ip));
        const { options = new Uint8Array(0), ...rest } = p.parseIpv4(target, AT)!;
        expect({ ...rest, options }).toEqual({
          options: new Uint8Array(0),
          ...ip,
          headerLength: end - AT,
        });
        expect(p.parseIpv4(target, AT, AT + ip.totalLength)).toBeDefined();
        expect(p.parseIpv4(target, AT, AT + ip.totalLength - 1)).toBeUndefined();
        // One wrong bit in the header is noticed, wherever it is but in the length that says how far to sum.
        const at = ip.identification! % (end - AT);
        target[AT + at] ^= 1 << (at === 0 ? 4 | (ip.ttl! & 3) : ip.ttl! & 7);
        expect(p.parseIpv4(target, AT)).toBeUndefined();
      }),
    );
  });

  it('IPv6', () => {
    const header = fc.record({
      source: ipv6,
      destination: ipv6,
      nextHeader: byte,
      payloadLength: fc.nat(1400),
      hopLimit: byte,
      trafficClass: byte,
      flowLabel: fc.nat(0xf_ffff),
    });
    fc.assert(
      fc.property(header, (ip) => {
        const { target } = written((frame, start) => p.writeIpv6(frame, start, ip));
        expect(p.parseIpv6(target, AT)).toEqual(ip);
        expect(p.parseIpv6(target, AT, AT + 40 + ip.payloadLength - 1)).toBeUndefined();
      }),
    );
  });

  it('ICMP, of which any wrong byte is noticed', () => {
    const message = fc.record({ type: byte, code: byte, rest: long, data: bytes(200) });
    fc.assert(
      fc.property(message, fc.nat(), fc.integer({ min: 1, max: 254 }), (icmp, at, change) => {
        const { target, end } = written((frame, start) => p.writeIcmp(frame, start, icmp));
        expect(p.parseIcmp(target, AT, end)).toEqual(icmp);
        target[AT + (at % (end - AT))] ^= change;
        expect(p.parseIcmp(target, AT, end)).toBeUndefined();
      }),
    );
    expect(p.echoNumbers({ type: 8, code: 0, rest: 0x1234_0007, data: new Uint8Array(0) })).toEqual({
      identifier: 0x1234,
      sequence: 7,
    });
  });

  it('UDP', () => {
    const header = fc.record({
      sourcePort: word,
      destinationPort: word,
      length: fc.integer({ min: 8, max: 1000 }),
      checksum: word,
    });
    fc.assert(
      fc.property(header, (udp) => {
        const { target } = written((frame, start) => p.writeUdp(frame, start, udp));
        expect(p.parseUdp(target, AT)).toEqual(udp);
        expect(p.parseUdp(target, AT, AT + udp.length - 1)).toBeUndefined();
      }),
    );
  });

  it('TCP with options', () => {
    const options = fc.record({
      maximumSegment: option(word),
      windowScale: option(fc.nat(14)),
      selectivePermitted: option(fc.constant(true)),
      timestamps: option(fc.tuple(long, long)),
    });
    const header = fc.record({
      sourcePort: word,
      destinationPort: word,
      sequence: long,
      acknowledgment: long,
      flags: byte,
      window: word,
      checksum: word,
      urgent: word,
      options: options.map(defined) as fc.Arbitrary<p.TcpOptions>,
    });
    fc.assert(
      fc.property(header, (tcp) => {
        const { target, end } = written((frame, start) => p.writeTcp(frame, start, tcp));
        expect(p.parseTcp(target, AT)).toEqual({ ...tcp, headerLength: end - AT });
        expect(p.tcpHeaderLength(tcp)).toBe(end - AT);
        expect(p.parseTcp(target.subarray(0, end - 1), AT)).toBeUndefined();
      }),
    );
  });

  it('takes option lists that break off for what comes before', () => {
    const target = new Uint8Array(24);
    p.writeTcp(target, 0, { sourcePort: 1, destinationPort: 2, sequence: 0, acknowledgment: 0, flags: 2, window: 1 });
    target[12] = 6 << 4;
    for (const list of [
      [2, 0, 0, 0],
      [2, 1, 0, 0],
      [3, 9, 0, 0],
      [1, 1, 1, 3],
      [0, 2, 4, 5],
    ]) {
      target.set(list, 20);
      expect(p.parseTcp(target)?.options).toEqual({});
    }
    target.set([3, 3, 200, 0], 20);
    expect(p.parseTcp(target)?.options).toEqual({ windowScale: 14 });
  });
});

describe('whole frames', () => {
  const ends = fc.record({ sourceMac: mac, destinationMac: mac, source: long, destination: long });

  it('carry UDP, ICMP and TCP with checksums that come out', () => {
    fc.assert(
      fc.property(ends, word, word, bytes(300), (from, a, b, payload) => {
        const udp = p.udpFrame(from, a, b, payload);
        const tcpHeader = { sourcePort: a, destinationPort: b, sequence: 1, acknowledgment: 2, flags: 16, window: 3 };
        const tcp = p.tcpFrame(from, tcpHeader, payload);
        for (const [frame, protocol, header] of [
          [udp, p.IpProtocol.udp, 8],
          [tcp, p.IpProtocol.tcp, 20],
        ] as const) {
          const ip = p.parseIpv4(frame, 14)!;
          expect(ip).toMatchObject({ protocol, source: from.source, destination: from.destination, ttl: 64 });
          expect(ip.totalLength).toBe(frame.length - 14);
          const pseudo = p.pseudoHeader4(from.source, from.destination, protocol, frame.length - 34);
          expect(p.checksum(frame, 34, frame.length, pseudo)).toBe(0);
          expect(frame.subarray(34 + header)).toEqual(payload);
        }
        expect(p.parseUdp(udp, 34)?.checksum).not.toBe(0);
        const icmp = p.icmpFrame(from, { type: 8, code: 0, rest: 1, data: payload });
        expect(p.parseIcmp(icmp, 34)?.data).toEqual(payload);
      }),
    );
  });

  it('carry ARP', () => {
    const packet = { operation: 2, senderMac: 5, sender: 6, targetMac: 7, target: 8 };
    const frame = p.arpFrame(9, packet);
    expect(p.parseEthernet(frame)?.header).toEqual({ destination: 9, source: 5, type: p.EtherType.arp });
    expect(p.parseArp(frame, 14)).toEqual(packet);
  });
});

describe('garbage', () => {
  it('is answered with a value by every parser', () => {
    fc.assert(
      fc.property(bytes(200), fc.nat(250), fc.nat(300), (data, start, end) => {
        for (const parse of [p.parseArp, p.parseIpv4, p.parseIpv6, p.parseIcmp, p.parseUdp, p.parseTcp]) {
          expect(() => parse(data, start, end)).not.toThrow();
        }
        for (const parse of [p.parseEthernet, p.parseDhcp, p.parseDns]) expect(() => parse(data)).not.toThrow();
      }),
      { numRuns: 2000 },
    );
  });
});
