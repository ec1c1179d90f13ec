import type { MacAddress } from '@vivarium/net-packet';

/** Bounds of a {@link MacTable}. */
export interface MacTableLimits {
  /** Addresses in all. */
  readonly capacity: number;
  /** Addresses behind one port: a station that makes up addresses pushes out its own. */
  readonly perPort: number;
  /** Nanoseconds after which an address that sent nothing is forgotten (IEEE 802.1Q, table 8-6). */
  readonly ageing: number;
}

interface Entry<Port> {
  readonly vlan: number;
  readonly mac: MacAddress;
  port: Port;
  seen: number;
}

/** Addresses are moved to the end of their port's list at most so often, in nanoseconds. */
const REORDER = 1e9;

/** Which address is behind which port, learned from what stations send (IEEE 802.1Q, section 8.8). */
export class MacTable<Port> {
  readonly #limits: MacTableLimits;
  readonly #vlans = new Map<number, Map<MacAddress, Entry<Port>>>();
  /** Entries of each port, the oldest first, within {@link REORDER}. */
  readonly #ports = new Map<Port, Set<Entry<Port>>>();
  #size = 0;

  constructor(limits: MacTableLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#size;
  }

  learn(vlan: number, mac: MacAddress, port: Port, now: number): void {
    const known = this.#vlans.get(vlan)?.get(mac);
    if (known !== undefined) {
      if (known.port === port && now - known.seen < REORDER) return;
      this.#unlist(known);
      known.port = port;
      known.seen = now;
      this.#makeRoom(port);
      this.#list(known);
      return;
    }
    this.#makeRoom(port);
    const entry = { vlan, mac, port, seen: now };
    const addresses = this.#vlans.get(vlan) ?? new Map<MacAddress, Entry<Port>>();
    this.#vlans.set(vlan, addresses);
    addresses.set(mac, entry);
    this.#list(entry);
    this.#size += 1;
  }

  find(vlan: number, mac: MacAddress, now: number): Port | undefined {
    const entry = this.#vlans.get(vlan)?.get(mac);
    if (entry === undefined) return undefined;
    if (now - entry.seen < this.#limits.ageing) return entry.port;
    this.#remove(entry);
    return undefined;
  }

  /** Forgets every address behind `port`. */
  forget(port: Port): void {
    for (const entry of this.#ports.get(port) ?? []) this.#remove(entry);
    this.#ports.delete(port);
  }

  /** Addresses behind `port`, the oldest first. */
  addresses(port: Port): readonly { readonly vlan: number; readonly mac: MacAddress }[] {
    return [...(this.#ports.get(port) ?? [])].map(({ vlan, mac }) => ({ vlan, mac }));
  }

  #makeRoom(port: Port): void {
    const own = this.#ports.get(port);
    if (own !== undefined && own.size >= this.#limits.perPort) this.#removeOldest(own);
    if (this.#size < this.#limits.capacity) return;
    let largest: Set<Entry<Port>> | undefined;
    for (const entries of this.#ports.values()) {
      if (largest === undefined || entries.size > largest.size) largest = entries;
    }
    if (largest !== undefined) this.#removeOldest(largest);
  }

  #removeOldest(entries: ReadonlySet<Entry<Port>>): void {
    for (const oldest of entries) {
      this.#remove(oldest);
      return;
    }
  }

  #list(entry: Entry<Port>): void {
    const entries = this.#ports.get(entry.port) ?? new Set();
    this.#ports.set(entry.port, entries);
    entries.add(entry);
  }

  #unlist(entry: Entry<Port>): void {
    this.#ports.get(entry.port)?.delete(entry);
  }

  #remove(entry: Entry<Port>): void {
    this.#unlist(entry);
    const addresses = this.#vlans.get(entry.vlan);
    addresses?.delete(entry.mac);
    if (addresses?.size === 0) this.#vlans.delete(entry.vlan);
    this.#size -= 1;
  }
}
