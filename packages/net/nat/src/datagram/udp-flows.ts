import { formatIpv4Address, type Ipv4Address } from '@vivarium/net-packet';
import type { HostNetwork, HostUdpSocket } from '../host/host-network.ts';

/** Limits of {@link UdpFlows}. */
export interface UdpLimits {
  readonly flows: number;
  /** Nanoseconds without a datagram in either direction. */
  readonly idle: number;
}

/** What {@link UdpFlows} is made of. */
export interface UdpParts {
  readonly limits: UdpLimits;
  readonly host: Pick<HostNetwork, 'udpSocket'>;
  readonly now: () => number;
  /** {@link UdpFlows.expire} is wanted at that time, or before. */
  readonly wakeAt: (time: number) => void;
  /** A datagram for the guest, from the address that it knows the sender by. */
  readonly deliver: (
    guest: Ipv4Address,
    guestPort: number,
    source: Ipv4Address,
    sourcePort: number,
    bytes: Uint8Array,
  ) => void;
}

interface Flow {
  readonly socket: HostUdpSocket;
  /** Who may answer: host's address and port → address that the guest sent to. */
  readonly peers: Map<string, Ipv4Address>;
  used: number;
}

/** Others that one port of a guest talks to. */
const MOST_PEERS = 64;

/**
 * One socket of the host for each port that a guest sends from, whoever it sends to (RFC 4787: mapping independent of
 * the endpoint, filtering dependent on address and port: only who was sent something may answer).
 */
export class UdpFlows {
  readonly #parts: UdpParts;
  /** The longest unused first. */
  readonly #flows = new Map<string, Flow>();

  constructor(parts: UdpParts) {
    this.#parts = parts;
  }

  get size(): number {
    return this.#flows.size;
  }

  /** Sends a datagram of the guest to `address` of the host's network, which the guest knows as `known`. */
  send(
    guest: Ipv4Address,
    guestPort: number,
    known: Ipv4Address,
    address: Ipv4Address,
    port: number,
    bytes: Uint8Array,
  ): void {
    const { now, wakeAt, limits } = this.#parts;
    const key = `${guest}:${guestPort}`;
    const flow = this.#flows.get(key) ?? this.#open(key, guest, guestPort);
    this.#flows.delete(key);
    this.#flows.set(key, flow);
    flow.used = now();
    const text = formatIpv4Address(address);
    const peer = `${text}:${port}`;
    flow.peers.delete(peer);
    flow.peers.set(peer, known);
    for (const oldest of flow.peers.keys()) {
      if (flow.peers.size <= MOST_PEERS) break;
      flow.peers.delete(oldest);
    }
    flow.socket.send(bytes, text, port);
    wakeAt(flow.used + limits.idle);
  }

  /** Closes flows that were not used for long; says when the next may be. */
  expire(now: number): number {
    let next = Number.POSITIVE_INFINITY;
    for (const [key, { used }] of this.#flows) {
      if (used + this.#parts.limits.idle <= now) this.#close(key);
      else next = Math.min(next, used + this.#parts.limits.idle);
    }
    return next;
  }

  clear(): void {
    for (const key of [...this.#flows.keys()]) this.#close(key);
  }

  #open(key: string, guest: Ipv4Address, guestPort: number): Flow {
    for (const oldest of this.#flows.keys()) {
      if (this.#flows.size < this.#parts.limits.flows) break;
      this.#close(oldest);
    }
    const peers = new Map<string, Ipv4Address>();
    const socket = this.#parts.host.udpSocket({
      message: (bytes, address, port) => {
        const flow = this.#flows.get(key);
        const known = peers.get(`${address}:${port}`);
        if (flow?.socket !== socket || known === undefined) return;
        flow.used = this.#parts.now();
        this.#parts.deliver(guest, guestPort, known, port, bytes);
      },
      failed: () => {
        if (this.#flows.get(key)?.socket === socket) this.#flows.delete(key);
      },
    });
    return { socket, peers, used: 0 };
  }

  #close(key: string): void {
    this.#flows.get(key)?.socket.close();
    this.#flows.delete(key);
  }
}
