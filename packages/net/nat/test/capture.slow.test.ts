import * as p from '@vivarium/net-packet';
import { describe, expect, it } from 'vitest';
import { DNS, GATEWAY } from './guest/guest.ts';
import { pattern, rig } from './guest/rig.ts';
import { serve, serveUdp } from './guest/servers.ts';
import { BAD_PACKETS, dissect } from './guest/tshark.ts';

describe('what the translator sends, as Wireshark reads it', () => {
  it('has no malformed packet, no bad checksum, and streams without gaps', async () => {
    const data = pattern(400_000);
    const tcp = await serve((socket) => {
      socket.on('data', () => {});
      socket.on('end', () => socket.end());
      socket.write(data);
    });
    const closed = await serve(() => {});
    closed.close();
    const udp = await serveUdp((bytes) => bytes);
    const { nat, guest } = rig(
      { egress: { mode: 'public' } },
      {
        resolve: (name, type, done) =>
          done({ code: 0, records: [{ name, type, class: 1, ttl: 60, data: Uint8Array.of(192, 88, 98, 7) }] }),
      },
    );
    const start = BigInt(Date.now()) * 1_000_000n;
    const blocks = [p.pcapngHeader(), p.pcapngInterface('guest')];
    guest.onFrame = (bytes, direction) =>
      void blocks.push(p.pcapngPacket({ time: start + process.hrtime.bigint(), bytes, direction }));
    try {
      guest.announce();
      const ends = { sourceMac: guest.mac, destinationMac: p.BROADCAST_MAC, source: 0, destination: 0xffff_ffff };
      const discover = {
        operation: 1,
        transaction: 9,
        seconds: 0,
        broadcast: false,
        client: 0,
        your: 0,
        server: 0,
        relay: 0,
        hardware: guest.mac,
        options: new Map([[p.DhcpOption.messageType, Uint8Array.of(1)]]),
      };
      guest.sendFrame(p.udpFrame(ends, 68, 67, p.buildDhcp(discover)));
      const question = p.buildDns({
        id: 7,
        response: false,
        opcode: 0,
        authoritative: false,
        truncated: false,
        recursionDesired: true,
        recursionAvailable: false,
        reserved: 0,
        code: 0,
        questions: [{ name: 'www.example.com', type: 1, class: 1 }],
        answers: [],
        authorities: [],
        additionals: [],
      });
      guest.sendUdp(DNS, 5353, 53, question!);
      guest.sendUdp(GATEWAY, 6000, udp.port, pattern(5000));
      guest.sendFrame(p.icmpFrame(guest.ends(GATEWAY), { type: 8, code: 0, rest: 0x0001_0001, data: pattern(4000) }));
      guest.sendUdp(0x0a01_0101, 6000, 9, pattern(5));
      const refused = guest.connect(GATEWAY, closed.port);
      const plain = guest.connect(GATEWAY, tcp.port);
      await guest.until(() => plain.receivedBytes === data.length && refused.isReset && guest.datagrams.length >= 3);
      plain.write(pattern(20_000));
      plain.end();
      guest.accepts = { checksum: true, tcp4: true };
      const large = guest.connect(GATEWAY, tcp.port, { scale: 7, buffer: 500_000, tso: 40_000 });
      await guest.until(() => large.receivedBytes === data.length);
      large.write(pattern(100_000));
      large.end();
      await guest.until(() => large.ended && plain.ended && nat.counters.connections === 0);
    } finally {
      nat.dispose();
      tcp.close();
      udp.close();
    }
    const file = p.concatenate(blocks);
    expect(dissect(file, ['frame.number', '_ws.col.Info'], BAD_PACKETS)).toEqual([]);
    const analysis = 'tcp.analysis.lost_segment || tcp.analysis.ack_lost_segment || tcp.analysis.retransmission';
    expect(dissect(file, ['frame.number', '_ws.col.Info'], analysis)).toEqual([]);
    expect(dissect(file, ['frame.number'], 'tcp.checksum.status == "Good"').length).toBeGreaterThan(300);
    expect(dissect(file, ['dhcp.ip.your', 'dhcp.option.interface_mtu'], 'dhcp.type == 2')).toEqual([
      ['10.0.2.15', '1500'],
    ]);
    expect(dissect(file, ['dns.a', 'dns.time'], 'dns.flags.response == 1')[0]?.[0]).toBe('192.88.98.7');
    // The echo is longer than the link takes, and came back in pieces.
    expect(dissect(file, ['icmp.resp_to', 'ip.reassembled.length'], 'icmp.type == 0')[0]).toEqual([
      expect.stringMatching(/^\d+$/),
      '4008',
    ]);
    expect(dissect(file, ['icmp.code'], 'icmp.type == 3')).toEqual([['13']]);
    expect(dissect(file, ['frame.number'], 'arp.opcode == 2')).toHaveLength(1);
    const streams = dissect(file, ['tcp.stream', 'tcp.completeness'], 'tcp.flags.fin == 1 || tcp.flags.reset == 1');
    expect(new Set(streams.map(([stream]) => stream)).size).toBe(3);
  });
});
