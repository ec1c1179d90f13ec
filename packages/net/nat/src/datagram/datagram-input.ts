import {
  complement,
  copyPieces,
  DhcpPort,
  DNS_PORT,
  type Ends,
  type Ipv4Address,
  IpProtocol,
  parseUdp,
  pseudoHeader4,
  sumPieces,
  UDP_HEADER,
  UnreachableCode,
} from '@vivarium/net-packet';
import type { Drops } from '../counters.ts';
import type { Forwards } from '../forwards.ts';
import type { NetworkPlan } from '../network-plan.ts';
import type { Packet } from '../packet.ts';
import type { DhcpServer } from '../service/dhcp-server.ts';
import type { DnsForwarder } from '../service/dns-forwarder.ts';
import type { Echo } from './echo.ts';
import type { UdpFlows } from './udp-flows.ts';

/** What {@link DatagramInput} is made of. */
export interface DatagramParts {
  readonly plan: NetworkPlan;
  readonly drops: Drops;
  readonly dns: DnsForwarder | undefined;
  readonly dhcp: DhcpServer;
  readonly echo: Echo;
  readonly flows: UdpFlows;
  readonly forwards: Forwards;
  /** Asks the policy, and counts and tells when it says no. */
  readonly isAllowed: (protocol: 'udp', address: Ipv4Address, port: number) => boolean;
  /** Queues an IPv4 frame, in pieces when it is long. */
  readonly post: (frame: Uint8Array, ends: Ends, protocol: number) => void;
  readonly postFrame: (frame: Uint8Array) => void;
  readonly pump: () => void;
  readonly sendUdp: (
    guest: Ipv4Address,
    guestPort: number,
    source: Ipv4Address,
    sourcePort: number,
    bytes: Uint8Array,
  ) => void;
  readonly unreachable: (packet: Packet, code: number) => void;
}

const LOOPBACK = 0x7f00_0001;
const FIRST_GROUP = 0xe000_0000;

/** Where UDP and ICMP of guests go. */
export class DatagramInput {
  readonly #parts: DatagramParts;

  constructor(parts: DatagramParts) {
    this.#parts = parts;
  }

  receive(packet: Packet): void {
    if (packet.ip.protocol === IpProtocol.icmp) this.#receiveIcmp(packet);
    else this.#receiveUdp(packet);
  }

  #receiveIcmp(packet: Packet): void {
    const { plan, echo, post, pump, unreachable } = this.#parts;
    const { ip, mac } = packet;
    const ends = { sourceMac: plan.mac, destinationMac: mac, source: ip.destination, destination: ip.source };
    echo.receive(copyOf(packet, packet.start, packet.end), {
      ends,
      post: (frame) => {
        post(frame, ends, IpProtocol.icmp);
        pump();
      },
      unreachable: (code) => unreachable(packet, code),
    });
  }

  #receiveUdp(packet: Packet): void {
    const { ip, head, start, end } = packet;
    const { drops, dhcp, postFrame, plan } = this.#parts;
    const udp = parseUdp(head, 0, end - start);
    if (udp === undefined || udp.sourcePort === 0 || !isIntact(packet, udp.length, udp.checksum)) {
      drops.add('transport');
      return;
    }
    const bytes = copyOf(packet, start + UDP_HEADER, start + udp.length);
    if (ip.destination >= FIRST_GROUP || ip.destination === plan.broadcast || udp.destinationPort === DhcpPort.server) {
      const answer = udp.destinationPort === DhcpPort.server ? dhcp.answer(bytes) : undefined;
      if (answer !== undefined) postFrame(answer);
      return;
    }
    this.#route(packet, udp.sourcePort, udp.destinationPort, bytes);
  }

  #route(packet: Packet, guestPort: number, port: number, bytes: Uint8Array): void {
    const { plan, dns, flows, forwards, isAllowed, sendUdp, pump, unreachable } = this.#parts;
    const { source: guest, destination } = packet.ip;
    if (destination === plan.dns && dns !== undefined) {
      if (port !== DNS_PORT) {
        unreachable(packet, UnreachableCode.port);
        return;
      }
      dns.ask(bytes, 'datagram', (answer) => {
        sendUdp(guest, guestPort, plan.dns, port, answer);
        pump();
      });
      return;
    }
    const isGateway = destination === plan.gateway;
    if (isGateway && forwards.receive(guest, guestPort, port, bytes)) return;
    if (port === 0 || !isAllowed('udp', destination, port)) {
      unreachable(packet, UnreachableCode.prohibited);
      return;
    }
    flows.send(guest, guestPort, destination, isGateway ? LOOPBACK : destination, port, bytes);
  }
}

const copyOf = ({ pieces }: Packet, start: number, end: number): Uint8Array => {
  const bytes = new Uint8Array(end - start);
  copyPieces(pieces, start, end, bytes);
  return bytes;
};

/** A checksum of zero is none. */
const isIntact = ({ ip, pieces, start, unchecked }: Packet, length: number, checksum: number): boolean => {
  if (unchecked || checksum === 0) return true;
  const pseudo = pseudoHeader4(ip.source, ip.destination, IpProtocol.udp, length);
  return complement(sumPieces(pieces, start, start + length, pseudo)) === 0;
};
