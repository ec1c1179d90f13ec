// Hot: each frame of a guest passes here.
import { MAXIMUM_FRAME, type NetFrame } from '@vivarium/contracts';
import {
  ArpOperation,
  arpFrame,
  copyPieces,
  ETHERNET_HEADER,
  EtherType,
  type Ipv4Address,
  inBlock,
  IpProtocol,
  isGroupMac,
  isWhole,
  type MacAddress,
  type ParsedIpv4,
  parseArp,
  parseEthernet,
  parseIpv4,
} from '@vivarium/net-packet';
import type { Drops } from './counters.ts';
import { Reassembly, type ReassemblyLimits } from './datagram/reassembly.ts';
import type { Neighbours } from './neighbours.ts';
import type { NetworkPlan } from './network-plan.ts';
import { HEAD, type Packet } from './packet.ts';

/** What {@link FrameInput} is made of. */
export interface FrameParts {
  readonly plan: NetworkPlan;
  readonly drops: Drops;
  readonly now: () => number;
  readonly reassembly: ReassemblyLimits;
  readonly neighbours: Neighbours;
  readonly hasDns: boolean;
  readonly post: (frame: Uint8Array) => void;
  /** A packet that has come too far. */
  readonly expired: (packet: Packet) => void;
  readonly tcp: (packet: Packet) => void;
  readonly datagram: (packet: Packet) => void;
}

/** Headers of Ethernet and IPv4 with options, and {@link HEAD}. */
const LONGEST_HEADERS = ETHERNET_HEADER + 60 + HEAD;
const BROADCAST = 0xffff_ffff;

/** Reads frames: answers ARP, and gives whole IPv4 packets of this network on. */
export class FrameInput {
  readonly #parts: FrameParts;
  readonly #reassembly: Reassembly;
  /** Headers of the frame that is being read. Nothing is given to the guest, and so no other is read, until it is done. */
  readonly #headers = new Uint8Array(LONGEST_HEADERS);

  constructor(parts: FrameParts) {
    this.#parts = parts;
    this.#reassembly = new Reassembly(parts.reassembly);
  }

  clear(): void {
    this.#reassembly.clear();
  }

  receive(frame: NetFrame): void {
    const { plan, drops } = this.#parts;
    if (!(frame.length >= ETHERNET_HEADER && frame.length <= MAXIMUM_FRAME) || !isWhole(frame)) {
      drops.add('ethernet');
      return;
    }
    // A copy: a guest that changes a header while it is read changes nothing.
    const head = this.#headers.subarray(0, Math.min(LONGEST_HEADERS, frame.length));
    copyPieces(frame.pieces, 0, head.length, head);
    const header = parseEthernet(head)?.header;
    if (header === undefined || header.tag !== undefined || isGroupMac(header.source)) {
      drops.add('ethernet');
      return;
    }
    // A switch floods what it does not know.
    if (header.destination !== plan.mac && !isGroupMac(header.destination)) return;
    if (header.type === EtherType.ipv4) this.#receiveIpv4(frame, head, header.source);
    else if (header.type === EtherType.arp) this.#receiveArp(head);
    else drops.add('protocol');
  }

  #receiveArp(head: Uint8Array): void {
    const { plan, neighbours, hasDns, post, drops } = this.#parts;
    const arp = parseArp(head, ETHERNET_HEADER);
    if (arp === undefined || isGroupMac(arp.senderMac)) {
      drops.add('ethernet');
      return;
    }
    if (this.#isGuest(arp.sender)) neighbours.learn(arp.sender, arp.senderMac);
    const isOwn = arp.target === plan.gateway || (hasDns && arp.target === plan.dns);
    if (arp.operation !== ArpOperation.request || !isOwn) return;
    const reply = { senderMac: plan.mac, sender: arp.target, targetMac: arp.senderMac, target: arp.sender };
    post(arpFrame(arp.senderMac, { operation: ArpOperation.reply, ...reply }));
  }

  #receiveIpv4(frame: NetFrame, head: Uint8Array, mac: MacAddress): void {
    const { drops, neighbours, now } = this.#parts;
    const ip = parseIpv4(head, ETHERNET_HEADER, frame.length);
    if (ip === undefined || !this.#mayCome(ip)) {
      drops.add('ipv4');
      return;
    }
    if (ip.source !== 0) neighbours.learn(ip.source, mac);
    const start = ETHERNET_HEADER + ip.headerLength;
    const end = ETHERNET_HEADER + ip.totalLength;
    if (!ip.moreFragments && ip.fragmentOffset === 0) {
      const unchecked = frame.offload?.checksum !== undefined;
      this.#dispatch({ mac, ip, pieces: frame.pieces, start, end, head: head.subarray(start, end), unchecked });
      return;
    }
    const whole = this.#reassembly.add(ip, frame.pieces, start, end, now());
    if (whole === 'spoiled') drops.add('fragment');
    if (typeof whole === 'string') return;
    const { bytes } = whole;
    const packet = { mac, ip: whole.ip, pieces: [bytes], start: 0, end: bytes.length, unchecked: false };
    this.#dispatch({ ...packet, head: bytes.subarray(0, HEAD) });
  }

  #dispatch(packet: Packet): void {
    const { plan, tcp, datagram, drops, expired } = this.#parts;
    const { ip } = packet;
    // This is a router: what goes through it has one hop less to go.
    if (ip.ttl <= 1 && !inBlock(plan.block, ip.destination) && ip.destination < 0xe000_0000) expired(packet);
    else if (ip.protocol === IpProtocol.tcp) tcp(packet);
    else if (ip.protocol === IpProtocol.udp || ip.protocol === IpProtocol.icmp) datagram(packet);
    else drops.add('protocol');
  }

  /** A source of this network, or none yet (DHCP); nobody is sent to as a group but by UDP. */
  #mayCome({ source, destination, protocol }: ParsedIpv4): boolean {
    if (protocol === IpProtocol.udp && source === 0) return destination === BROADCAST;
    return this.#isGuest(source) && (protocol === IpProtocol.udp || destination < 0xe000_0000);
  }

  #isGuest(address: Ipv4Address): boolean {
    const { plan } = this.#parts;
    const isOther = address !== plan.gateway && address !== plan.dns && address !== plan.broadcast;
    return isOther && address !== plan.block.base && inBlock(plan.block, address);
  }
}
