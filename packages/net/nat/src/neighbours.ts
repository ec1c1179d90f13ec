import type { Ipv4Address, MacAddress } from '@vivarium/net-packet';

/** Nanoseconds between two questions for the same address. */
const ASK_EVERY = 1e9;

/** What {@link Neighbours} is made of. */
export interface NeighbourParts {
  readonly capacity: number;
  readonly now: () => number;
  /** Asks for an address by ARP. */
  readonly ask: (address: Ipv4Address) => void;
  /** An address has become known. */
  readonly found: (address: Ipv4Address) => void;
}

/** Which station has which address: learned from what guests send, the longest unheard forgotten beyond the cap. */
export class Neighbours {
  readonly #parts: NeighbourParts;
  readonly #known = new Map<Ipv4Address, MacAddress>();
  readonly #asked = new Map<Ipv4Address, number>();

  constructor(parts: NeighbourParts) {
    this.#parts = parts;
  }

  get size(): number {
    return this.#known.size;
  }

  learn(address: Ipv4Address, mac: MacAddress): void {
    if (this.#known.get(address) === mac) return;
    this.#known.delete(address);
    this.#known.set(address, mac);
    this.#trim(this.#known);
    if (this.#asked.delete(address)) this.#parts.found(address);
  }

  /** The station, when it is known; else it is asked for, not too often. */
  find(address: Ipv4Address): MacAddress | undefined {
    const mac = this.#known.get(address);
    if (mac !== undefined) return mac;
    const now = this.#parts.now();
    const asked = this.#asked.get(address);
    if (asked !== undefined && now - asked < ASK_EVERY) return undefined;
    this.#asked.delete(address);
    this.#asked.set(address, now);
    this.#trim(this.#asked);
    this.#parts.ask(address);
    return undefined;
  }

  clear(): void {
    this.#known.clear();
    this.#asked.clear();
  }

  #trim(entries: Map<Ipv4Address, unknown>): void {
    for (const oldest of entries.keys()) {
      if (entries.size <= this.#parts.capacity) return;
      entries.delete(oldest);
    }
  }
}
