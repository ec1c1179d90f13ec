import {
  BootpOperation,
  BROADCAST_MAC,
  buildDhcp,
  DhcpMessageType,
  type DhcpMessage,
  DhcpOption,
  DhcpPort,
  dhcpHalf,
  dhcpWord,
  inBlock,
  ipv4Mask,
  type Ipv4Address,
  type MacAddress,
  parseDhcp,
  read32,
  udpFrame,
} from '@vivarium/net-packet';
import type { NetworkPlan } from '../network-plan.ts';

/** What {@link DhcpServer} is made of. */
export interface DhcpParts {
  readonly plan: NetworkPlan;
  readonly mtu: number;
  /** Whether the network has a DNS forwarder. */
  readonly hasDns: boolean;
  /** Seconds. */
  readonly leaseTime: number;
  readonly now: () => number;
}

interface Lease {
  readonly address: Ipv4Address;
  expires: number;
}

const BROADCAST = 0xffff_ffff;
/** Addresses that are leased at most, whatever the size of the network. */
const MOST_LEASES = 200;
const SECOND = 1e9;

/** Gives guests their addresses (RFC 2131). The first that asks gets the plan's guest address. */
export class DhcpServer {
  readonly #parts: DhcpParts;
  readonly #pool: readonly Ipv4Address[];
  readonly #leases = new Map<MacAddress, Lease>();
  /** Addresses that a guest found in use, until when. */
  readonly #declined = new Map<Ipv4Address, number>();

  constructor(parts: DhcpParts) {
    this.#parts = parts;
    const { guest, broadcast } = parts.plan;
    this.#pool = Array.from({ length: Math.min(MOST_LEASES, broadcast - guest) }, (_, index) => guest + index);
  }

  get leases(): number {
    return this.#leases.size;
  }

  clear(): void {
    this.#leases.clear();
    this.#declined.clear();
  }

  /** The frame that answers a datagram to the server's port; undefined when it gets none. */
  answer(datagram: Uint8Array): Uint8Array | undefined {
    const request = parseDhcp(datagram);
    if (request?.operation !== BootpOperation.request || request.relay !== 0) return undefined;
    const type = request.options.get(DhcpOption.messageType)?.[0];
    switch (type) {
      case DhcpMessageType.discover:
        return this.#offer(request);
      case DhcpMessageType.request:
        return this.#request(request);
      case DhcpMessageType.inform:
        return this.#reply(request, DhcpMessageType.acknowledge, 0);
      case DhcpMessageType.decline:
        this.#decline(request);
        return undefined;
      case DhcpMessageType.release:
        this.#leases.delete(request.hardware);
        return undefined;
      default:
        return undefined;
    }
  }

  #offer(request: DhcpMessage): Uint8Array | undefined {
    const address = this.#lease(request.hardware, wordOption(request, DhcpOption.requestedAddress));
    return address === undefined ? undefined : this.#reply(request, DhcpMessageType.offer, address);
  }

  #request(request: DhcpMessage): Uint8Array | undefined {
    const { plan } = this.#parts;
    const server = wordOption(request, DhcpOption.serverIdentifier);
    // It chose another server.
    if (server !== undefined && server !== plan.gateway) return undefined;
    const wanted = wordOption(request, DhcpOption.requestedAddress) ?? request.client;
    const address = this.#lease(request.hardware, wanted);
    if (address === undefined || wanted !== address) return this.#reply(request, DhcpMessageType.refuse, 0);
    return this.#reply(request, DhcpMessageType.acknowledge, address);
  }

  #decline(request: DhcpMessage): void {
    const lease = this.#leases.get(request.hardware);
    if (lease === undefined || lease.address !== wordOption(request, DhcpOption.requestedAddress)) return;
    this.#leases.delete(request.hardware);
    this.#declined.set(lease.address, this.#parts.now() + this.#parts.leaseTime * SECOND);
  }

  /** The station's address: what it has, what it wants when that is free, or the next free one. */
  #lease(mac: MacAddress, wanted: Ipv4Address | undefined): Ipv4Address | undefined {
    const now = this.#parts.now();
    const expires = now + this.#parts.leaseTime * SECOND;
    const own = this.#leases.get(mac);
    if (own !== undefined) {
      own.expires = expires;
      return own.address;
    }
    const taken = new Set<Ipv4Address>();
    for (const [holder, lease] of this.#leases) {
      if (lease.expires > now) taken.add(lease.address);
      else this.#leases.delete(holder);
    }
    for (const [address, until] of this.#declined) {
      if (until > now) taken.add(address);
      else this.#declined.delete(address);
    }
    const isFree = (address: Ipv4Address): boolean => !taken.has(address);
    const address =
      wanted !== undefined && this.#pool.includes(wanted) && isFree(wanted) ? wanted : this.#pool.find(isFree);
    if (address !== undefined) this.#leases.set(mac, { address, expires });
    return address;
  }

  #reply(request: DhcpMessage, type: number, your: Ipv4Address): Uint8Array {
    const { plan, mtu, hasDns, leaseTime } = this.#parts;
    const options = new Map<number, Uint8Array>([
      [DhcpOption.messageType, Uint8Array.of(type)],
      [DhcpOption.serverIdentifier, dhcpWord(plan.gateway)],
    ]);
    if (type !== DhcpMessageType.refuse) {
      options.set(DhcpOption.subnetMask, dhcpWord(ipv4Mask(plan.block.prefix)));
      options.set(DhcpOption.broadcast, dhcpWord(plan.broadcast));
      options.set(DhcpOption.router, dhcpWord(plan.gateway));
      options.set(DhcpOption.interfaceMtu, dhcpHalf(mtu));
      if (hasDns) options.set(DhcpOption.domainNameServer, dhcpWord(plan.dns));
    }
    if (your !== 0) {
      options.set(DhcpOption.leaseTime, dhcpWord(leaseTime));
      options.set(DhcpOption.renewalTime, dhcpWord(Math.floor(leaseTime / 2)));
      options.set(DhcpOption.rebindingTime, dhcpWord(Math.floor((leaseTime * 7) / 8)));
    }
    const message = buildDhcp({
      ...request,
      operation: BootpOperation.reply,
      seconds: 0,
      client: type === DhcpMessageType.refuse ? 0 : request.client,
      your,
      server: plan.gateway,
      options,
    });
    // Where the answer goes: RFC 2131, section 4.1.
    const known = request.client !== 0 && inBlock(plan.block, request.client) ? request.client : your;
    const everyone = request.broadcast || type === DhcpMessageType.refuse || known === 0;
    const ends = {
      sourceMac: plan.mac,
      destinationMac: everyone ? BROADCAST_MAC : request.hardware,
      source: plan.gateway,
      destination: everyone ? BROADCAST : known,
    };
    return udpFrame(ends, DhcpPort.server, DhcpPort.client, message);
  }
}

const wordOption = (message: DhcpMessage, code: number): number | undefined => {
  const value = message.options.get(code);
  return value?.length === 4 ? read32(value, 0) : undefined;
};
