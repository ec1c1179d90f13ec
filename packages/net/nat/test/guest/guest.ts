import type { NetBackend, NetFrame, NetHandlers, NetOffloads } from '@vivarium/contracts';
import * as p from '@vivarium/net-packet';
import { GuestTcp, type GuestTcpOptions } from './guest-tcp.ts';

export const GATEWAY = 0x0a00_0202;
export const DNS = 0x0a00_0203;
export const GUEST = 0x0a00_020f;
export const GUEST_MAC = 0x5254_0012_3456;
export const NAT_MAC = 0x5255_0a00_0202;

export interface Datagram {
  readonly source: number;
  readonly sourcePort: number;
  readonly port: number;
  readonly payload: Uint8Array;
}

/** A guest's network stack, as far as the tests go: it shares the packet library with the translator, and no more. */
export class Guest implements NetHandlers {
  accepts: NetOffloads = {};
  readonly backend: NetBackend;
  address = GUEST;
  mac = GUEST_MAC;
  /** Frames that the device takes before its ring is full. */
  room = Number.POSITIVE_INFINITY;
  /** Whether a frame in that direction is lost. */
  loses: (direction: 'in' | 'out') => boolean = () => false;
  /** Whether a frame in that direction comes after the next one. */
  delays: (direction: 'in' | 'out') => boolean = () => false;
  /** Sees every frame in either direction, finished. */
  onFrame: ((bytes: Uint8Array, direction: 'in' | 'out') => void) | undefined;
  readonly datagrams: Datagram[] = [];
  readonly icmp: (p.IcmpMessage & { readonly source: number })[] = [];
  readonly arps: p.ArpPacket[] = [];
  readonly connections = new Map<string, GuestTcp>();
  /** Accepts connections to these ports. */
  readonly listening = new Map<number, (connection: GuestTcp) => void>();
  frames = 0;
  #identification = 0;
  readonly #fragments = new Map<number, Uint8Array[]>();
  readonly #late: [Uint8Array, NetFrame][] = [];
  readonly #lateOut: NetFrame[] = [];
  #waiters: (() => void)[] = [];
  #nextPort = 40_000;

  constructor(backend: NetBackend) {
    this.backend = backend;
    backend.connect(this);
  }

  receive(frame: NetFrame): boolean {
    if (this.room <= 0) return false;
    this.room -= 1;
    this.frames += 1;
    const bytes = p.concatenate(frame.pieces);
    this.#show(frame, 'in');
    const late = this.#late.splice(0);
    if (this.delays('in')) this.#late.push([bytes, frame]);
    else if (!this.loses('in')) this.#take(bytes, frame);
    for (const [earlier, its] of late) this.#take(earlier, its);
    for (const waiter of this.#waiters.splice(0)) waiter();
    return true;
  }

  drained(): void {}

  linkChanged(): void {}

  /** Waits until `holds`, which is looked at after each frame and every few milliseconds. */
  async until(holds: () => boolean, what = 'what the test waits for', milliseconds = 20_000): Promise<void> {
    const deadline = performance.now() + milliseconds;
    while (!holds()) {
      if (performance.now() > deadline) throw new Error(`${what} did not happen`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 5);
        this.#waiters.push(() => {
          clearTimeout(timer);
          setImmediate(resolve);
        });
      });
    }
  }

  sendFrame(bytes: Uint8Array, offload?: NetFrame['offload']): void {
    const frame = { pieces: [bytes], length: bytes.length, ...(offload === undefined ? {} : { offload }) };
    this.#show(frame, 'out');
    if (this.loses('out')) return;
    if (this.delays('out')) {
      this.#lateOut.push(frame);
      return;
    }
    this.backend.send(frame);
    for (const late of this.#lateOut.splice(0)) this.backend.send(late);
    // The device uses its buffers again at once.
    bytes.fill(0xee);
  }

  /** Whom packets go to: everything leaves by the gateway. */
  ends(destination: number): p.Ends {
    return { sourceMac: this.mac, destinationMac: NAT_MAC, source: this.address, destination };
  }

  announce(): void {
    this.sendFrame(
      p.arpFrame(p.BROADCAST_MAC, {
        operation: 1,
        senderMac: this.mac,
        sender: this.address,
        targetMac: 0,
        target: GATEWAY,
      }),
    );
  }

  sendUdp(destination: number, sourcePort: number, port: number, payload: Uint8Array): void {
    const frame = p.udpFrame(this.ends(destination), sourcePort, port, payload);
    if (frame.length <= 1514) {
      this.sendFrame(frame);
      return;
    }
    this.#identification += 1;
    for (let start = 34; start < frame.length; start += 1480) {
      const part = frame.subarray(start, start + 1480);
      const piece = new Uint8Array(34 + part.length);
      piece.set(frame.subarray(0, 14));
      p.writeIpv4(piece, 14, {
        source: this.address,
        destination,
        protocol: p.IpProtocol.udp,
        totalLength: 20 + part.length,
        identification: this.#identification,
        fragmentOffset: start - 34,
        moreFragments: start + 1480 < frame.length,
      });
      piece.set(part, 34);
      this.sendFrame(piece);
    }
  }

  connect(destination: number, port: number, options: GuestTcpOptions = {}): GuestTcp {
    this.#nextPort += 1;
    const own = options.port ?? this.#nextPort;
    const connection = new GuestTcp(this, { destination, port, own }, options);
    this.connections.set(`${destination}:${port}:${own}`, connection);
    connection.open();
    return connection;
  }

  #show(frame: NetFrame, direction: 'in' | 'out'): void {
    if (this.onFrame === undefined) return;
    for (const { pieces } of p.finishFrame(frame)) this.onFrame(p.concatenate(pieces), direction);
  }

  #take(bytes: Uint8Array, frame: NetFrame): void {
    const ethernet = p.parseEthernet(bytes);
    if (ethernet?.header.type === p.EtherType.arp) this.#takeArp(bytes);
    if (ethernet?.header.type !== p.EtherType.ipv4) return;
    const ip = p.parseIpv4(bytes, 14);
    if (ip === undefined) throw new Error('an IPv4 header from the translator makes no sense');
    if (ip.destination !== this.address && ip.destination !== 0xffff_ffff) return;
    const payload = bytes.subarray(14 + ip.headerLength, 14 + ip.totalLength);
    if (ip.moreFragments || ip.fragmentOffset > 0) {
      const parts = [...(this.#fragments.get(ip.identification) ?? []), payload];
      this.#fragments.set(ip.identification, parts);
      if (!ip.moreFragments) this.#takeTransport(ip, p.concatenate(parts), false);
      return;
    }
    this.#takeTransport(ip, payload, frame.offload?.checksum !== undefined);
  }

  #takeArp(bytes: Uint8Array): void {
    const arp = p.parseArp(bytes, 14);
    if (arp === undefined) return;
    this.arps.push(arp);
    if (arp.operation !== 1 || arp.target !== this.address) return;
    const reply = { senderMac: this.mac, sender: this.address, targetMac: arp.senderMac, target: arp.sender };
    this.sendFrame(p.arpFrame(arp.senderMac, { operation: 2, ...reply }));
  }

  #takeTransport(ip: p.ParsedIpv4, payload: Uint8Array, unchecked: boolean): void {
    if (ip.protocol === p.IpProtocol.icmp) {
      const message = p.parseIcmp(payload);
      if (message === undefined) throw new Error('an ICMP message from the translator makes no sense');
      this.icmp.push({ ...message, data: message.data.slice(), source: ip.source });
      return;
    }
    const pseudo = p.pseudoHeader4(ip.source, ip.destination, ip.protocol, payload.length);
    if (!unchecked && p.checksum(payload, 0, payload.length, pseudo) !== 0) {
      throw new Error('a checksum from the translator is wrong');
    }
    if (ip.protocol === p.IpProtocol.udp) {
      const udp = p.parseUdp(payload);
      if (udp === undefined) throw new Error('a datagram from the translator makes no sense');
      const { sourcePort, destinationPort } = udp;
      this.datagrams.push({ source: ip.source, sourcePort, port: destinationPort, payload: payload.slice(8) });
      return;
    }
    const tcp = p.parseTcp(payload);
    if (tcp === undefined) throw new Error('a segment from the translator makes no sense');
    this.#takeTcp(ip, tcp, payload.slice(tcp.headerLength));
  }

  #takeTcp(ip: p.ParsedIpv4, tcp: p.ParsedTcp, payload: Uint8Array): void {
    const key = `${ip.source}:${tcp.sourcePort}:${tcp.destinationPort}`;
    const known = this.connections.get(key);
    if (known !== undefined) {
      known.receive(tcp, payload);
      return;
    }
    const accept = this.listening.get(tcp.destinationPort);
    if ((tcp.flags & p.TcpFlag.rst) !== 0) return;
    const ends = { destination: ip.source, port: tcp.sourcePort, own: tcp.destinationPort };
    const connection = new GuestTcp(this, ends, {});
    if (accept === undefined || (tcp.flags & p.TcpFlag.syn) === 0) {
      connection.refuse(tcp);
      return;
    }
    this.connections.set(key, connection);
    connection.accept(tcp);
    accept(connection);
  }
}
