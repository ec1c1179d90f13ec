import {
  DnsType,
  type DnsRecord,
  type Ipv4Address,
  type Ipv4Block,
  inBlock,
  ipv4InIpv6,
  read32,
  write32,
} from '@vivarium/net-packet';
import { SPECIAL_BLOCKS, type SpecialBlock } from './special-addresses-table.ts';

/** What a guest may reach. A rule with several conditions wants all of them. */
export interface EgressRule {
  readonly block?: Ipv4Block;
  /** `example.com`, or `*.example.com` for every name below it; lower case, without a dot at the end. */
  readonly name?: string;
  readonly protocol?: 'tcp' | 'udp' | 'icmp';
  /** First and last port. */
  readonly ports?: readonly [number, number];
}

/**
 * - `open`: everything, but for addresses of one link or host (`local`)
 * - `public`: everything in the Internet
 * - `listed`: nothing
 *
 * and, besides, what the rules allow.
 */
export type EgressMode = 'open' | 'public' | 'listed';

/** What {@link Egress} is made of. */
export interface EgressSettings {
  readonly mode: EgressMode;
  readonly allow: readonly EgressRule[];
  /** The guests' own network: no name leads into it, and nothing is translated to it. */
  readonly network: Ipv4Block;
  readonly now: () => number;
}

/** Addresses that are remembered for names. */
const MOST_PINS = 4096;
/** Nanoseconds that an address serves its name at least: guests keep addresses longer than their records live. */
const SHORTEST_PIN = 300e9;
const SECOND = 1e9;

const specialOf = (address: Ipv4Address): SpecialBlock | undefined =>
  SPECIAL_BLOCKS.find(({ block }) => inBlock(block, address));

/** A rule opens special addresses only when it names them: `0.0.0.0/0` does not mean the metadata service. */
const names = (rule: EgressRule, special: SpecialBlock): boolean =>
  rule.block !== undefined && rule.block.prefix >= special.block.prefix && inBlock(special.block, rule.block.base);

const matchesName = (pattern: string, name: string): boolean =>
  pattern.startsWith('*.') ? name.endsWith(pattern.slice(1)) : name === pattern;

/** DNS names do not tell upper from lower case. */
const folded = (name: string): string => name.toLowerCase();

/**
 * Decides what guests may reach: by address, when they connect, whatever name they found it under. A name only ever
 * opens addresses that the forwarder itself found for it, and never special ones, so that a name which is made to
 * resolve to a private address leads nowhere.
 */
export class Egress {
  readonly #settings: EgressSettings;
  /** Address → rules with a name that led to it, until when. The oldest first. */
  readonly #pins = new Map<Ipv4Address, { readonly rules: ReadonlySet<EgressRule>; readonly expires: number }>();

  constructor(settings: EgressSettings) {
    this.#settings = settings;
  }

  /** Whether a guest may send there. Echoes have no port. */
  allows(protocol: 'tcp' | 'udp' | 'icmp', address: Ipv4Address, port: number): boolean {
    const { mode, allow, network } = this.#settings;
    if (inBlock(network, address)) return false;
    const special = specialOf(address);
    if (mode !== 'listed' && (special === undefined || (mode === 'open' && special.kind === 'private'))) return true;
    return this.#listed(allow, protocol, address, port, special);
  }

  /** As {@link allows}, for the gateway and other services of this network: a rule is needed in mode `listed`. */
  allowsHost(protocol: 'tcp' | 'udp', address: Ipv4Address, port: number): boolean {
    const { mode, allow } = this.#settings;
    return mode !== 'listed' || this.#listed(allow, protocol, address, port, undefined);
  }

  /** Whether the forwarder answers for a name: any, but in mode `listed`. */
  mayResolve(name: string): boolean {
    const { mode, allow } = this.#settings;
    if (mode !== 'listed') return true;
    return allow.some((rule) => rule.name !== undefined && matchesName(rule.name, folded(name)));
  }

  /**
   * The records of an answer for `name` that the guest may see, as IPv4: addresses that it could not reach are left
   * out, among them those of its own network, which would lead to the host. The others are remembered for the rules
   * that name the name.
   */
  admit(name: string, records: readonly DnsRecord[]): readonly DnsRecord[] {
    const rules = this.#settings.allow.filter(
      (rule) => rule.name !== undefined && matchesName(rule.name, folded(name)),
    );
    return records.flatMap((record) => {
      const address = addressOf(record);
      if (address === undefined) return record.type === DnsType.aaaa || record.type === DnsType.a ? [] : [record];
      if (!this.#mayShow(address)) return [];
      if (rules.length > 0) this.#pin(address, rules, record.ttl);
      const data = new Uint8Array(4);
      write32(data, 0, address);
      return [{ ...record, type: DnsType.a, data }];
    });
  }

  clear(): void {
    this.#pins.clear();
  }

  #mayShow(address: Ipv4Address): boolean {
    const { mode, allow, network } = this.#settings;
    if (inBlock(network, address)) return false;
    const special = specialOf(address);
    if (special === undefined || (mode === 'open' && special.kind === 'private')) return true;
    return allow.some((rule) => names(rule, special) && rule.block !== undefined && inBlock(rule.block, address));
  }

  #listed(
    allow: readonly EgressRule[],
    protocol: 'tcp' | 'udp' | 'icmp',
    address: Ipv4Address,
    port: number,
    special: SpecialBlock | undefined,
  ): boolean {
    return allow.some((rule) => {
      const { block, name, ports } = rule;
      if (rule.protocol !== undefined && rule.protocol !== protocol) return false;
      if (ports !== undefined && (protocol === 'icmp' || port < ports[0] || port > ports[1])) return false;
      if (block !== undefined && !inBlock(block, address)) return false;
      if (special !== undefined && !names(rule, special)) return false;
      return name === undefined || this.#isPinned(address, rule);
    });
  }

  #isPinned(address: Ipv4Address, rule: EgressRule): boolean {
    const pin = this.#pins.get(address);
    return pin !== undefined && pin.expires > this.#settings.now() && pin.rules.has(rule);
  }

  #pin(address: Ipv4Address, rules: readonly EgressRule[], ttl: number): void {
    const now = this.#settings.now();
    const earlier = this.#pins.get(address);
    const known = earlier !== undefined && earlier.expires > now ? earlier : undefined;
    this.#pins.delete(address);
    this.#pins.set(address, {
      rules: new Set([...(known?.rules ?? []), ...rules]),
      expires: Math.max(known?.expires ?? 0, now + Math.max(ttl * SECOND, SHORTEST_PIN)),
    });
    for (const oldest of this.#pins.keys()) {
      if (this.#pins.size <= MOST_PINS) return;
      this.#pins.delete(oldest);
    }
  }
}

/** The IPv4 address in a record, also when it is written as an IPv4-mapped IPv6 address. */
const addressOf = ({ type, data }: DnsRecord): Ipv4Address | undefined => {
  if (type === DnsType.a && data.length === 4) return read32(data, 0);
  if (type !== DnsType.aaaa || data.length !== 16) return undefined;
  let address = 0n;
  for (const byte of data) address = (address << 8n) | BigInt(byte);
  return ipv4InIpv6(address);
};
