import type { Ipv4Address } from '@vivarium/net-packet';
import type { Drops } from './counters.ts';
import { errors } from './errors.ts';
import type { HostListener, HostNetwork, HostUdpSocket } from './host/host-network.ts';
import type { TcpStack } from './tcp/tcp-stack.ts';

/** A port of the host that leads to one of a guest. */
export interface Forward {
  readonly protocol: 'tcp' | 'udp';
  /** Address of the host that listens. */
  readonly host: string;
  /** 0 before it is open: the host chooses. */
  readonly hostPort: number;
  readonly guest: Ipv4Address;
  readonly guestPort: number;
}

/** What {@link Forwards} is made of. */
export interface ForwardParts {
  readonly host: Pick<HostNetwork, 'tcpListen' | 'udpListen'>;
  readonly tcp: TcpStack;
  readonly drops: Drops;
  /** Address that guests see forwarded connections come from. */
  readonly gateway: Ipv4Address;
  /** Others that send to UDP forwards, at once; and nanoseconds until one that is silent is forgotten. */
  readonly peers: number;
  readonly idle: number;
  readonly now: () => number;
  readonly wakeAt: (time: number) => void;
  readonly deliver: (guest: Ipv4Address, guestPort: number, sourcePort: number, bytes: Uint8Array) => void;
}

/** Somebody outside who sent a datagram to a forward, and the port of the gateway that stands for them. */
interface Peer {
  readonly socket: HostUdpSocket;
  readonly address: string;
  readonly port: number;
  readonly outside: string;
  readonly inside: string;
  /** Of the gateway. */
  readonly own: number;
  used: number;
}

/** Ports of the gateway for what comes from outside: the dynamic ones (RFC 6335, section 6). */
const FIRST_PORT = 49_152;
const PORTS = 65_536 - FIRST_PORT;
const TRIES = 16;

/** Listens on ports of the host, and joins what comes to ports of guests. */
export class Forwards {
  readonly #parts: ForwardParts;
  readonly #open = new Map<Forward, { close(): void }>();
  /** By who is outside, and by the port inside that the guest answers to. The longest unused first. */
  readonly #outside = new Map<string, Peer>();
  readonly #inside = new Map<string, Peer>();
  #lastPort = 0;
  #stopped = false;

  constructor(parts: ForwardParts) {
    this.#parts = parts;
  }

  /** What is open, with the ports that the host chose. */
  get open(): readonly Forward[] {
    return [...this.#open.keys()];
  }

  /** Opens a forward; rejects with `VIV_NAT_FORWARD` when the host does not let it listen there. */
  async add(wanted: Forward): Promise<Forward> {
    let listener: HostListener;
    try {
      listener = await (wanted.protocol === 'tcp' ? this.#listenTcp(wanted) : this.#listenUdp(wanted));
    } catch (cause) {
      const { protocol, host, hostPort } = wanted;
      throw errors.make('VIV_NAT_FORWARD', `cannot listen on ${protocol} ${host}:${hostPort}: ${String(cause)}`, {
        cause,
        details: { protocol, host, hostPort },
      });
    }
    if (this.#stopped) {
      listener.close();
      throw errors.make('VIV_NAT_FORWARD', 'the network was stopped while the forward was being opened');
    }
    const forward = { ...wanted, hostPort: listener.port };
    this.#open.set(forward, listener);
    return forward;
  }

  /** Closes one that {@link add} gave; connections over it go on. */
  remove(forward: Forward): boolean {
    this.#open.get(forward)?.close();
    return this.#open.delete(forward);
  }

  /** A datagram of a guest to a port of the gateway. False: the port stands for nobody. */
  receive(guest: Ipv4Address, guestPort: number, port: number, bytes: Uint8Array): boolean {
    const peer = this.#inside.get(`${guest}:${guestPort}:${port}`);
    if (peer === undefined) return false;
    this.#touch(peer);
    peer.socket.send(bytes, peer.address, peer.port);
    return true;
  }

  /** Forgets peers that were silent for long; says when the next may be. */
  expire(now: number): number {
    let next = Number.POSITIVE_INFINITY;
    for (const peer of this.#outside.values()) {
      if (peer.used + this.#parts.idle <= now) this.#forget(peer);
      else next = Math.min(next, peer.used + this.#parts.idle);
    }
    return next;
  }

  /** Forgets who is outside; what listens goes on. */
  clear(): void {
    this.#outside.clear();
    this.#inside.clear();
  }

  /** Closes everything, for good. */
  stop(): void {
    this.#stopped = true;
    for (const listener of this.#open.values()) listener.close();
    this.#open.clear();
    this.clear();
  }

  #listenTcp({ host, hostPort, guest, guestPort }: Forward): Promise<HostListener> {
    const { tcp, drops, gateway } = this.#parts;
    return this.#parts.host.tcpListen(host, hostPort, (take) => {
      for (let tries = 0; tries < TRIES && !tcp.isFull && !this.#stopped; tries += 1) {
        if (tcp.call({ guest, guestPort, remote: gateway, remotePort: this.#nextPort() }, take)) return;
      }
      drops.add('limit');
    });
  }

  async #listenUdp({ host, hostPort, guest, guestPort }: Forward): Promise<HostListener> {
    const socket = await this.#parts.host.udpListen(host, hostPort, {
      message: (bytes, address, port) => {
        if (this.#stopped) return;
        const own = this.#peerOf(socket, address, port, guest, guestPort);
        if (own !== undefined) this.#parts.deliver(guest, guestPort, own, bytes);
      },
      failed: () => {},
    });
    return socket;
  }

  /** The port that stands for somebody outside. */
  #peerOf(
    socket: HostUdpSocket & HostListener,
    address: string,
    port: number,
    guest: Ipv4Address,
    guestPort: number,
  ): number | undefined {
    const outside = `${socket.port}:${address}:${port}:${guest}:${guestPort}`;
    const known = this.#outside.get(outside);
    if (known !== undefined) {
      this.#touch(known);
      return known.own;
    }
    for (const oldest of this.#outside.values()) {
      if (this.#outside.size < this.#parts.peers) break;
      this.#forget(oldest);
    }
    for (let tries = 0; tries < TRIES; tries += 1) {
      const own = this.#nextPort();
      const inside = `${guest}:${guestPort}:${own}`;
      if (this.#inside.has(inside)) continue;
      const peer = { socket, address, port, outside, inside, own, used: 0 };
      this.#inside.set(inside, peer);
      this.#touch(peer);
      return own;
    }
    this.#parts.drops.add('limit');
    return undefined;
  }

  #touch(peer: Peer): void {
    peer.used = this.#parts.now();
    this.#outside.delete(peer.outside);
    this.#outside.set(peer.outside, peer);
    this.#parts.wakeAt(peer.used + this.#parts.idle);
  }

  #forget(peer: Peer): void {
    this.#outside.delete(peer.outside);
    this.#inside.delete(peer.inside);
  }

  #nextPort(): number {
    this.#lastPort = (this.#lastPort + 1) % PORTS;
    return FIRST_PORT + this.#lastPort;
  }
}
