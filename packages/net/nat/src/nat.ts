import type { NetBackend, NetFrame, NetHandlers, NetOffloads } from '@vivarium/contracts';
import {
  ArpOperation,
  arpFrame,
  BROADCAST_MAC,
  type Ends,
  formatIpv4Address,
  IcmpType,
  icmpFrame,
  type Ipv4Address,
  IPV4_HEADER,
  IpProtocol,
  type MacAddress,
  UnreachableCode,
  udpFrame,
  write16,
  write32,
  writeIpv4,
} from '@vivarium/net-packet';
import { Drops, type DropReason } from './counters.ts';
import { DatagramInput } from './datagram/datagram-input.ts';
import { Echo } from './datagram/echo.ts';
import { fragmentFrame } from './datagram/fragmentation.ts';
import { UdpFlows } from './datagram/udp-flows.ts';
import { Deadlines } from './deadlines.ts';
import { FrameInput } from './frame-input.ts';
import { type Forward, Forwards } from './forwards.ts';
import { GuestLink } from './guest-link.ts';
import type { NatSettings } from './nat-settings.ts';
import { Neighbours } from './neighbours.ts';
import type { Packet } from './packet.ts';
import { Egress } from './policy/egress.ts';
import { DhcpServer } from './service/dhcp-server.ts';
import { DnsForwarder } from './service/dns-forwarder.ts';
import { DnsStream } from './service/dns-stream.ts';
import { type Connector, TcpStack } from './tcp/tcp-stack.ts';
import type { ConnectionEnds } from './tcp/tcp-connection.ts';

/** What is in use, and what was dropped. */
export interface NatCounters {
  /** Sockets of the host for TCP, and those of them that are being opened. */
  readonly connections: number;
  readonly opening: number;
  readonly timeWait: number;
  /** Bytes held for TCP, and promised to guests. */
  readonly buffered: number;
  readonly udpFlows: number;
  readonly questions: number;
  readonly leases: number;
  readonly neighbours: number;
  readonly drops: Readonly<Partial<Record<DropReason, number>>>;
}

const LOOPBACK = 0x7f00_0001;
const DNS_PORT = 53;

/** The translator: a network of guests behind one that only needs sockets of the host. */
export class Nat implements NetBackend {
  readonly accepts: NetOffloads = { checksum: true, tcp4: true };
  readonly linkUp = true;
  readonly mtu: number;
  readonly #settings: NatSettings;
  readonly #drops = new Drops();
  readonly #link: GuestLink;
  readonly #deadlines: Deadlines;
  readonly #neighbours: Neighbours;
  readonly #egress: Egress;
  readonly #tcp: TcpStack;
  readonly #flows: UdpFlows;
  readonly #forwards: Forwards;
  readonly #dhcp: DhcpServer;
  readonly #dns: DnsForwarder;
  readonly #echo: Echo;
  readonly #frames: FrameInput;
  #identification = 0;
  #stopped = false;

  constructor(settings: NatSettings) {
    const { host, clock, plan, mtu, limits, egress, random } = settings;
    this.#settings = settings;
    this.mtu = mtu;
    const now = (): number => clock.now();
    const drops = this.#drops;
    this.#deadlines = new Deadlines(clock, settings.timer, () => this.#link.pump());
    const wakeAt = (time: number): void => this.#deadlines.wakeAt(time);
    this.#link = new GuestLink({
      limits: limits.queue,
      later: () => wakeAt(now()),
      dropped: () => drops.add('queue'),
    });
    this.#egress = new Egress({ ...egress, network: plan.block, now });
    this.#neighbours = new Neighbours({
      capacity: limits.neighbours,
      now,
      ask: (address) => this.#askFor(address),
      found: (address) => this.#tcp.found(address),
    });
    this.#tcp = new TcpStack({
      limits: limits.tcp,
      link: this.#link,
      drops,
      mtu,
      ownMac: plan.mac,
      now,
      random,
      macOf: (guest) => this.#neighbours.find(guest),
      wakeAt,
      route: (address, port) => this.#routeTcp(address, port),
      unreachable: (ends, sequence) => this.#unreachableHost(ends, sequence),
    });
    this.#flows = new UdpFlows({
      limits: limits.udp,
      host,
      now,
      wakeAt,
      deliver: (guest, guestPort, source, sourcePort, bytes) => {
        this.#sendUdp(guest, guestPort, source, sourcePort, bytes);
        this.#link.pump();
      },
    });
    this.#forwards = new Forwards({
      host,
      tcp: this.#tcp,
      drops,
      gateway: plan.gateway,
      peers: limits.peers,
      idle: limits.udp.idle,
      now,
      wakeAt,
      deliver: (guest, guestPort, sourcePort, bytes) => {
        this.#sendUdp(guest, guestPort, plan.gateway, sourcePort, bytes);
        this.#link.pump();
      },
    });
    this.#dhcp = new DhcpServer({ plan, mtu, hasDns: settings.dns, leaseTime: settings.leaseTime, now });
    this.#dns = new DnsForwarder({
      host,
      egress: this.#egress,
      pending: limits.questions,
      dropped: () => drops.add('limit'),
    });
    this.#echo = new Echo({
      host,
      pending: limits.echoes,
      isOwn: (address) => address === plan.gateway || (settings.dns && address === plan.dns),
      allows: (address) => this.#isAllowed('icmp', address, 0),
      dropped: (reason) => drops.add(reason),
    });
    const datagrams = new DatagramInput({
      plan,
      drops,
      dns: settings.dns ? this.#dns : undefined,
      dhcp: this.#dhcp,
      echo: this.#echo,
      flows: this.#flows,
      forwards: this.#forwards,
      isAllowed: (protocol, address, port) => this.#isAllowed(protocol, address, port),
      post: (frame, ends, protocol) => this.#postIp(frame, ends, protocol),
      postFrame: (frame) => this.#link.post(frame),
      pump: () => this.#link.pump(),
      sendUdp: (...datagram) => this.#sendUdp(...datagram),
      unreachable: (packet, code) => this.#unreachable(packet, IcmpType.unreachable, code),
    });
    this.#frames = new FrameInput({
      plan,
      drops,
      now,
      reassembly: limits.reassembly,
      neighbours: this.#neighbours,
      hasDns: settings.dns,
      post: (frame) => this.#link.post(frame),
      expired: (packet) => this.#unreachable(packet, IcmpType.timeExceeded, 0),
      tcp: (packet) => this.#tcp.receive(packet),
      datagram: (packet) => datagrams.receive(packet),
    });
    for (const expiring of [this.#tcp, this.#flows, this.#forwards]) this.#deadlines.add(expiring);
  }

  get counters(): NatCounters {
    return {
      connections: this.#tcp.connections,
      opening: this.#tcp.halfOpen,
      timeWait: this.#tcp.timeWait,
      buffered: this.#tcp.buffered,
      udpFlows: this.#flows.size,
      questions: this.#dns.pending,
      leases: this.#dhcp.leases,
      neighbours: this.#neighbours.size,
      drops: this.#drops.read(),
    };
  }

  /** Forwards that are open, with the ports that the host chose. */
  get forwards(): readonly Forward[] {
    return this.#forwards.open;
  }

  /** Opens a forward; rejects with `VIV_NAT_FORWARD`. */
  addForward(forward: Forward): Promise<Forward> {
    return this.#forwards.add(forward);
  }

  /** Closes a forward of {@link forwards}; false when it is none. */
  removeForward(forward: Forward): boolean {
    return this.#forwards.remove(forward);
  }

  connect(handlers: NetHandlers): void {
    this.#link.connect(handlers);
    this.#link.pump();
  }

  send(frame: NetFrame): boolean {
    if (this.#stopped) return true;
    this.#link.answering(() => this.#frames.receive(frame));
    return true;
  }

  resume(): void {
    this.#link.resume();
  }

  /** Gives the guest nothing until {@link resume}: its machine is paused. */
  hold(): void {
    this.#link.hold();
  }

  /** As after power-on: no connections, no leases. Forwards stay open. */
  reset(): void {
    this.#link.clear();
    this.#tcp.clear();
    this.#flows.clear();
    this.#forwards.clear();
    this.#dns.clear();
    this.#echo.clear();
    this.#dhcp.clear();
    this.#egress.clear();
    this.#neighbours.clear();
    this.#frames.clear();
    this.#deadlines.cancel();
  }

  /** Gives every socket back, for good. */
  stop(): void {
    this.#stopped = true;
    this.#forwards.stop();
    this.reset();
  }

  /** Unplugs the device. */
  dispose(): void {
    this.stop();
    this.#link.connect(undefined);
  }

  #isAllowed(protocol: 'tcp' | 'udp' | 'icmp', address: Ipv4Address, port: number): boolean {
    const isHost = address === this.#settings.plan.gateway && protocol !== 'icmp';
    const allowed = isHost
      ? this.#settings.hostLoopback && this.#egress.allowsHost(protocol, address, port)
      : this.#egress.allows(protocol, address, port);
    if (!allowed) {
      this.#drops.add('egress');
      this.#settings.onDenied?.(protocol, formatIpv4Address(address), port);
    }
    return allowed;
  }

  #routeTcp(address: Ipv4Address, port: number): Connector | 'refused' {
    const { plan, host, dns } = this.#settings;
    if (dns && address === plan.dns && port === DNS_PORT) return (events) => new DnsStream(this.#dns, events);
    if (!this.#isAllowed('tcp', address, port)) return 'refused';
    const target = formatIpv4Address(address === plan.gateway ? LOOPBACK : address);
    return (events) => host.tcpConnect(target, port, events);
  }

  #ends(guest: Ipv4Address, source: Ipv4Address, mac: MacAddress): Ends {
    return { sourceMac: this.#settings.plan.mac, destinationMac: mac, source, destination: guest };
  }

  #sendUdp(guest: Ipv4Address, guestPort: number, source: Ipv4Address, sourcePort: number, bytes: Uint8Array): void {
    const mac = this.#neighbours.find(guest);
    if (mac === undefined) {
      this.#drops.add('queue');
      this.#link.pump();
      return;
    }
    const ends = this.#ends(guest, source, mac);
    this.#postIp(udpFrame(ends, sourcePort, guestPort, bytes), ends, IpProtocol.udp);
  }

  #postIp(frame: Uint8Array, ends: Ends, protocol: number): void {
    this.#identification = (this.#identification + 1) & 0xffff;
    for (const piece of fragmentFrame(frame, ends, protocol, this.#identification, this.mtu)) this.#link.post(piece);
  }

  #askFor(target: Ipv4Address): void {
    const { plan } = this.#settings;
    const request = { senderMac: plan.mac, sender: plan.gateway, targetMac: 0, target };
    this.#link.post(arpFrame(BROADCAST_MAC, { operation: ArpOperation.request, ...request }));
    // Not at once: this may come from within a source that is asked for its frame.
    this.#deadlines.wakeAt(this.#settings.clock.now());
  }

  /** An ICMP error about a packet, which quotes its headers. */
  #unreachable(packet: Packet, type: number, code: number): void {
    const { ip, head, mac } = packet;
    const quote = new Uint8Array(IPV4_HEADER + Math.min(8, head.length));
    const { options: _, ...header } = ip;
    quote.set(head.subarray(0, 8), writeIpv4(quote, 0, header));
    const ends = this.#ends(ip.source, this.#settings.plan.gateway, mac);
    this.#link.post(icmpFrame(ends, { type, code, rest: 0, data: quote }));
  }

  /** The host cannot reach the far end of a connection that the guest opens with number `sequence`. */
  #unreachableHost({ guest, guestPort, remote, remotePort }: ConnectionEnds, sequence: number): void {
    const mac = this.#neighbours.find(guest);
    if (mac === undefined) return;
    const quote = new Uint8Array(IPV4_HEADER + 8);
    const ip = { source: guest, destination: remote, protocol: IpProtocol.tcp, totalLength: IPV4_HEADER + 20 };
    const start = writeIpv4(quote, 0, ip);
    write16(quote, start, guestPort);
    write16(quote, start + 2, remotePort);
    write32(quote, start + 4, sequence);
    const data = { type: IcmpType.unreachable, code: UnreachableCode.host, rest: 0, data: quote };
    this.#link.post(icmpFrame(this.#ends(guest, this.#settings.plan.gateway, mac), data));
  }
}
