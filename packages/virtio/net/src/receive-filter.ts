import { BROADCAST, isMulticast, MAC_LENGTH, macKey } from './mac-address.ts';

/** Addresses of each kind that a driver may list; with more it gets all of the kind (section 5.1.6.5.2). */
const MOST_ADDRESSES = 64;

/** Which frames the driver wants to see (section 5.1.6.5.1). Until it says so, all. */
export class ReceiveFilter {
  promiscuous = true;
  allMulticast = false;
  #own = 0;
  #unicast: ReadonlySet<number> = new Set();
  #multicast: ReadonlySet<number> = new Set();
  #allUnicast = false;
  #tooManyMulticast = false;

  reset(mac: Uint8Array): void {
    this.promiscuous = true;
    this.allMulticast = false;
    this.#own = macKey(mac);
    this.#unicast = new Set();
    this.#multicast = new Set();
    this.#allUnicast = false;
    this.#tooManyMulticast = false;
  }

  setAddress(mac: Uint8Array): void {
    this.#own = macKey(mac);
  }

  /** Two tables, each a count of 32 bits and that many addresses. False when they are not all there. */
  setTables(bytes: Uint8Array): boolean {
    const unicast = readTable(bytes, 0);
    const multicast = unicast && readTable(bytes, unicast.end);
    if (unicast === undefined || multicast === undefined) return false;
    this.#allUnicast = unicast.addresses === undefined;
    this.#tooManyMulticast = multicast.addresses === undefined;
    this.#unicast = unicast.addresses ?? new Set();
    this.#multicast = multicast.addresses ?? new Set();
    return true;
  }

  /** Whether a frame that starts with `destination` passes. */
  passes(destination: Uint8Array): boolean {
    if (this.promiscuous) return true;
    const key = macKey(destination);
    if (key === this.#own || key === BROADCAST) return true;
    return isMulticast(destination)
      ? this.allMulticast || this.#tooManyMulticast || this.#multicast.has(key)
      : this.#allUnicast || this.#unicast.has(key);
  }
}

const readTable = (
  bytes: Uint8Array,
  start: number,
): { readonly addresses: ReadonlySet<number> | undefined; readonly end: number } | undefined => {
  if (start + 4 > bytes.length) return undefined;
  const count = new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(start, true);
  const end = start + 4 + count * MAC_LENGTH;
  if (end > bytes.length) return undefined;
  if (count > MOST_ADDRESSES) return { addresses: undefined, end };
  const keys = Array.from({ length: count }, (_, index) => macKey(bytes, start + 4 + index * MAC_LENGTH));
  return { addresses: new Set(keys), end };
};
