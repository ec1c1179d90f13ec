import { describe, expect, it } from 'vitest';
import * as p from '../src/index.ts';
import { BAD_PACKETS, dissect } from './tshark.ts';

const ends = {
  sourceMac: p.parseMac('52:54:00:12:34:56')!,
  destinationMac: p.parseMac('52:55:0a:00:02:02')!,
  source: p.parseIpv4Address('10.0.2.15')!,
  destination: p.parseIpv4Address('93.184.216.34')!,
};
const text = (string: string) => new TextEncoder().encode(string);

const capture = (frames: readonly Uint8Array[], time = (index: number): bigint => BigInt(index)) =>
  p.concatenate([
    p.pcapngHeader(),
    p.pcapngInterface('first'),
    p.pcapngInterface('zweite Schnittstelle äöü'),
    ...frames.map((bytes, index) =>
      p.pcapngPacket({ time: time(index), bytes, interface: index % 2, direction: index % 2 === 0 ? 'in' : 'out' }),
    ),
  ]);

const dhcp = p.buildDhcp({
  operation: 1,
  transaction: 0x1234_5678,
  seconds: 3,
  broadcast: true,
  client: 0,
  your: 0,
  server: 0,
  relay: 0,
  hardware: ends.sourceMac,
  options: new Map([
    [p.DhcpOption.messageType, Uint8Array.of(p.DhcpMessageType.discover)],
    [p.DhcpOption.hostName, text('guest')],
    [p.DhcpOption.requestedAddress, p.dhcpWord(ends.source)],
  ]),
});
const dns = p.buildDns({
  id: 0xbeef,
  response: true,
  opcode: 0,
  authoritative: false,
  truncated: false,
  recursionDesired: true,
  recursionAvailable: true,
  reserved: 0,
  code: 0,
  questions: [{ name: 'www.example.com', type: p.DnsType.a, class: 1 }],
  answers: [
    { name: 'www.example.com', type: p.DnsType.cname, class: 1, ttl: 60, data: p.encodeDnsName('example.com')! },
    { name: 'example.com', type: p.DnsType.a, class: 1, ttl: 60, data: p.dhcpWord(ends.destination) },
  ],
  authorities: [],
  additionals: [],
})!;

describe('what Wireshark reads in what we build', () => {
  it('is what we wrote, with good checksums', () => {
    const tagged = p.concatenate([
      p
        .arpFrame(p.BROADCAST_MAC, {
          operation: 1,
          senderMac: ends.sourceMac,
          sender: ends.source,
          targetMac: 0,
          target: ends.destination,
        })
        .subarray(0, 12),
      Uint8Array.of(0x81, 0, 0x60, 42, 8, 6),
      new Uint8Array(28),
    ]);
    p.writeArp(tagged, 18, { operation: 2, senderMac: 1, sender: 2, targetMac: 3, target: 4 });
    const frames = [
      p.udpFrame({ ...ends, source: 0, destination: 0xffff_ffff }, 68, 67, dhcp),
      p.udpFrame(ends, 53, 5353 + 1, dns),
      p.icmpFrame(ends, { type: p.IcmpType.echoRequest, code: 0, rest: 0x0102_0003, data: text('odd') }),
      p.tcpFrame(
        ends,
        {
          sourcePort: 40_000,
          destinationPort: 80,
          sequence: 7,
          acknowledgment: 0,
          flags: p.TcpFlag.syn,
          window: 64_240,
          options: { maximumSegment: 1460, windowScale: 7, selectivePermitted: true, timestamps: [9, 0] },
        },
        undefined,
        { ttl: 3, identification: 77, dontFragment: true },
      ),
      p.tcpFrame(
        ends,
        { sourcePort: 40_000, destinationPort: 80, sequence: 8, acknowledgment: 1, flags: 0x18, window: 9 },
        text('GET / HTTP/1.0\r\n\r\n'),
      ),
      tagged,
    ];
    const file = capture(frames, (index) => 1_767_225_600_123_456_789n + BigInt(index));
    expect(dissect(file, ['frame.number'], BAD_PACKETS)).toEqual([]);
    const sums = ['ip.checksum.status', 'udp.checksum.status', 'tcp.checksum.status', 'icmp.checksum.status'];
    // Wireshark's word for a good checksum is 1.
    expect(dissect(file, sums)).toEqual([
      ['1', '1', '', ''],
      ['1', '1', '', ''],
      ['1', '', '', '1'],
      ['1', '', '1', ''],
      ['1', '', '1', ''],
      ['', '', '', ''],
    ]);
    const fields = ['frame.time_epoch', 'frame.interface_name', 'frame.packet_flags_direction', 'ip.src'];
    expect(dissect(file, fields)[1]).toEqual([
      '1767225600.123456790',
      'zweite Schnittstelle äöü',
      '0x00000002',
      '10.0.2.15',
    ]);
    expect(dissect(file, ['dhcp.id', 'dhcp.option.hostname', 'dhcp.option.dhcp', 'dhcp.flags.bc'])[0]).toEqual([
      '0x12345678',
      'guest',
      '1',
      expect.stringMatching(/^(?:1|True)$/),
    ]);
    expect(dissect(file, ['dns.id', 'dns.a', 'dns.cname'], 'dns')[0]).toEqual([
      '0xbeef',
      '93.184.216.34',
      'example.com',
    ]);
    expect(dissect(file, ['icmp.ident', 'icmp.seq', 'data.data'])[2]).toEqual(['258', '3', '6f6464']);
    const options = [
      'tcp.options.mss_val',
      'tcp.options.wscale.shift',
      'tcp.options.timestamp.tsval',
      'ip.ttl',
      'ip.id',
    ];
    expect(dissect(file, options)[3]).toEqual(['1460', '7', '9', '3', '0x004d']);
    expect(dissect(file, ['vlan.id', 'vlan.priority', 'arp.opcode'])[5]).toEqual(['42', '3', '2']);
    expect(dissect(file, ['http.request.method'])[4]).toEqual(['GET']);
  });

  it('is one stream without gaps when finishFrame has cut a segment', () => {
    const payload = Uint8Array.from({ length: 60_000 }, (_, index) => (index * 31) & 0xff);
    const header = {
      sourcePort: 1000,
      destinationPort: 2000,
      sequence: 0xffff_f000,
      acknowledgment: 5,
      flags: 0x18,
      window: 99,
    };
    const whole = p.tcpFrame(ends, header, payload);
    const offload = {
      checksum: { start: 34, offset: 16 },
      segment: { protocol: 'tcp4' as const, size: 1448, headerLength: 54 },
    };
    const frames = p.finishFrame({ pieces: [whole], length: whole.length, offload });
    const file = capture(frames.map(({ pieces }) => p.concatenate(pieces)));
    expect(dissect(file, ['frame.number'], BAD_PACKETS)).toEqual([]);
    expect(dissect(file, ['frame.number'], 'tcp.analysis.flags')).toEqual([]);
    const sent = dissect(file, ['tcp.checksum.status', 'tcp.payload']);
    expect(sent.every(([status]) => status === '1')).toBe(true);
    expect(sent.map(([, data]) => data).join('')).toBe(Buffer.from(payload).toString('hex'));
  });

  it('is called bad when it is', () => {
    const frame = p.udpFrame(ends, 1, 2, text('x'));
    frame[frame.length - 1] ^= 1;
    expect(dissect(capture([frame]), ['frame.number'], BAD_PACKETS)).toEqual([['1']]);
  });
});
