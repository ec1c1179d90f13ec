import type { NetBackend, NetFrame } from '@vivarium/contracts';
import type { QueueLimits } from '@vivarium/net-link';
import { copyPieces, ETHERNET_HEADER, isGroupMac, parseEthernet, VLAN_TAG } from '@vivarium/net-packet';
import { errors } from './errors.ts';
import { Fabric } from './fabric.ts';
import type { SwitchClock } from './host-clock.ts';
import { MacTable, type MacTableLimits } from './mac-table.ts';
import { joinBackends } from './patch-cable.ts';
import type { SwitchPortOptions } from './port-options.ts';
import { SwitchPort } from './switch-port.ts';
import { retag } from './vlan.ts';

/** What a switch is made of. */
export interface SwitchSettings {
  readonly clock: SwitchClock;
  readonly mtu: number;
  readonly addresses: MacTableLimits;
  readonly queue: QueueLimits;
}

/** Group addresses for the neighbouring bridge alone (IEEE 802.1Q, table 8-1): 01:80:c2:00:00:00 to 0f. */
const RESERVED = 0x0180_c200_0000;

/** Both ends of a link are isolated from each other. */
const apart = (one: SwitchPort, other: SwitchPort): boolean => one.isolated && other.isolated;

/** A learning switch: frames go where their destination was last heard, and else everywhere in their VLAN. */
export class EthernetSwitch {
  readonly #settings: SwitchSettings;
  readonly #fabric: Fabric;
  readonly #addresses: MacTable<SwitchPort>;
  readonly #ports = new Set<SwitchPort>();
  readonly #mirrors = new Map<SwitchPort, 'all' | ReadonlySet<NetBackend>>();
  readonly #head = new Uint8Array(ETHERNET_HEADER + VLAN_TAG);

  constructor(settings: SwitchSettings) {
    this.#settings = settings;
    this.#fabric = new Fabric(settings.clock);
    this.#addresses = new MacTable(settings.addresses);
  }

  /** The time that it goes by. */
  get clock(): SwitchClock {
    return this.#settings.clock;
  }

  get ports(): readonly SwitchPort[] {
    return [...this.#ports];
  }

  /** Addresses that are known, in all VLANs. */
  get addressCount(): number {
    return this.#addresses.size;
  }

  /** Addresses behind a port, the longest known first. */
  addressesOf(port: SwitchPort): readonly { readonly vlan: number; readonly mac: number }[] {
    return this.#addresses.addresses(port);
  }

  /** Makes a port; throws `VIV_SWITCH_PORT` for options that make no sense. */
  port(options: SwitchPortOptions = {}): SwitchPort {
    const { mirror } = options;
    if (mirror !== undefined && mirror !== 'all' && mirror.some((port) => !this.ports.some((own) => own === port))) {
      throw errors.make('VIV_SWITCH_PORT', 'a port mirrors a port of another switch');
    }
    const port = new SwitchPort(
      { name: `port ${this.#ports.size + this.#mirrors.size}`, ...options },
      {
        fabric: this.#fabric,
        mtu: this.#settings.mtu,
        queue: this.#settings.queue,
        forward: (source, frame) => this.#forward(source, frame),
        linkLost: (lost) => this.#addresses.forget(lost),
      },
    );
    if (mirror === undefined) this.#ports.add(port);
    else this.#mirrors.set(port, mirror === 'all' ? 'all' : new Set(mirror));
    return port;
  }

  /** Connects a backend, a NAT for instance, as if the switch were its device. Returns the port that it is behind. */
  uplink(backend: NetBackend, options: SwitchPortOptions = {}): SwitchPort {
    const port = this.port({ name: 'uplink', ...options });
    joinBackends(port, backend);
    return port;
  }

  /** Takes a port out. */
  remove(port: SwitchPort): void {
    port.unplug();
    this.#ports.delete(port);
    this.#mirrors.delete(port);
    this.#fabric.remove(port);
  }

  /** Takes all ports out, and its timer back. */
  dispose(): void {
    for (const port of [...this.#ports, ...this.#mirrors.keys()]) this.remove(port);
    this.#fabric.dispose();
  }

  #forward(source: SwitchPort, frame: NetFrame): void {
    if (!this.#ports.has(source)) return;
    const head = this.#head.subarray(0, copyPieces(frame.pieces, 0, this.#head.length, this.#head));
    const header = parseEthernet(head)?.header;
    const vlan = header === undefined ? undefined : source.membership.classify(header.tag);
    if (header === undefined || vlan === undefined) {
      source.refuse(header === undefined ? 'short' : 'vlan');
      return;
    }
    if (header.source === 0 || isGroupMac(header.source)) {
      source.refuse('source');
      return;
    }
    const now = this.#fabric.clock.now();
    this.#addresses.learn(vlan, header.source, source, now);
    const targets = this.#targets(source, vlan, header.destination, now);
    if (targets.length === 0) source.refuse('filtered');
    // Each look of the frame is made once.
    let tagged: readonly NetFrame[] | undefined;
    let untagged: readonly NetFrame[] | undefined;
    for (const target of targets) {
      const asTagged = target.membership.isTagged(vlan);
      if (asTagged) tagged ??= header.tag?.id === vlan ? [frame] : retag(frame, header.tag, vlan);
      else untagged ??= retag(frame, header.tag, undefined);
      for (const one of (asTagged ? tagged : untagged) ?? []) target.deliver(one);
    }
    for (const [mirror, watched] of this.#mirrors) {
      if (watched === 'all' || watched.has(source) || targets.some((target) => watched.has(target))) {
        mirror.deliver(frame);
      }
    }
  }

  #targets(source: SwitchPort, vlan: number, destination: number, now: number): readonly SwitchPort[] {
    if (isGroupMac(destination)) {
      if (destination >= RESERVED && destination <= RESERVED + 0xf) return [];
    } else {
      const known = this.#addresses.find(vlan, destination, now);
      if (known !== undefined) return known === source || apart(source, known) ? [] : [known];
    }
    return [...this.#ports].filter((port) => port !== source && port.membership.has(vlan) && !apart(source, port));
  }
}
