/** Why a frame or packet of the guest went no further. */
export type DropReason =
  /** No Ethernet frame, with a tag, or not for this station. */
  | 'ethernet'
  /** IPv6, or another protocol over Ethernet that is not spoken here. */
  | 'protocol'
  /** An IPv4 header that makes no sense, or a source outside of the network. */
  | 'ipv4'
  /** A TCP, UDP or ICMP packet that is cut short or has a wrong checksum. */
  | 'transport'
  /** Pieces of a datagram that never came together, or too many of them. */
  | 'fragment'
  /** A destination that the policy does not allow. */
  | 'egress'
  /** A table is full: connections, openings, flows, questions. */
  | 'limit'
  /** An answer for the guest found the queue full. */
  | 'queue'
  /** The host did not take it. */
  | 'host';

/** Counts by reason. */
export class Drops {
  readonly #counts = new Map<DropReason, number>();

  add(reason: DropReason): void {
    this.#counts.set(reason, (this.#counts.get(reason) ?? 0) + 1);
  }

  read(): Readonly<Partial<Record<DropReason, number>>> {
    return Object.fromEntries(this.#counts);
  }
}
