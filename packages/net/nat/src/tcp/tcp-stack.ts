import {
  complement,
  copyPieces,
  type Ends,
  IpProtocol,
  type MacAddress,
  type ParsedTcp,
  parseTcp,
  pseudoHeader4,
  sumPieces,
  TcpFlag,
  tcpFrame,
} from '@vivarium/net-packet';
import type { Drops } from '../counters.ts';
import type { GuestLink } from '../guest-link.ts';
import type { HostFailure, HostTcpEvents, HostTcpSocket } from '../host/host-network.ts';
import type { Packet } from '../packet.ts';
import { BufferBudget } from './buffer-budget.ts';
import { ConnectionTable } from './connection-table.ts';
import { distance } from './sequence.ts';
import { type ConnectionEnds, type ConnectionLimits, TcpConnection } from './tcp-connection.ts';
import { TimeWait } from './time-wait.ts';

/** Limits of all TCP connections together. */
export interface TcpLimits extends ConnectionLimits {
  readonly connections: number;
  readonly halfOpen: number;
  readonly timeWait: number;
  /** Bytes that all connections together may hold. */
  readonly buffers: number;
}

/** Opens the host's side of a connection. */
export type Connector = (events: HostTcpEvents) => HostTcpSocket;

/** What {@link TcpStack} is made of. */
export interface TcpParts {
  readonly limits: TcpLimits;
  readonly link: GuestLink;
  readonly drops: Drops;
  readonly mtu: number;
  readonly ownMac: MacAddress;
  readonly now: () => number;
  /** 32 random bits. */
  readonly random: () => number;
  readonly macOf: (guest: number) => MacAddress | undefined;
  /** {@link TcpStack.expire} is wanted at that time, or before. */
  readonly wakeAt: (time: number) => void;
  /** Where the guest's connection goes; `refused` is answered with a RST. */
  readonly route: (address: number, port: number) => Connector | 'refused';
  /** The host cannot reach the destination of a connection that was being opened. */
  readonly unreachable: (ends: ConnectionEnds, sequence: number) => void;
}

const keyOf = ({ guest, guestPort, remote, remotePort }: ConnectionEnds): string =>
  `${guest}:${guestPort}>${remote}:${remotePort}`;

/** All TCP connections of the guests. */
export class TcpStack {
  readonly #parts: TcpParts;
  readonly #budget: BufferBudget;
  readonly #table = new ConnectionTable();
  /** Connections of which only the host's side is left. */
  readonly #lingering = new Set<TcpConnection>();
  readonly #timeWait: TimeWait;
  readonly #opening = new Set<TcpConnection>();

  constructor(parts: TcpParts) {
    this.#parts = parts;
    this.#budget = new BufferBudget(parts.limits.buffers);
    this.#timeWait = new TimeWait(parts.limits.timeWait);
  }

  /** Sockets of the host that are in use. */
  get connections(): number {
    return this.#table.size + this.#lingering.size;
  }

  get halfOpen(): number {
    return this.#opening.size;
  }

  get timeWait(): number {
    return this.#timeWait.size;
  }

  get buffered(): number {
    return this.#budget.used;
  }

  /** A segment of a guest. */
  receive(packet: Packet): void {
    const { ip, head, start, end, pieces } = packet;
    const tcp = parseTcp(head, 0, end - start);
    if (tcp === undefined || !(packet.unchecked || isIntact(packet))) {
      this.#parts.drops.add('transport');
      return;
    }
    const ends = {
      guest: ip.source,
      guestPort: tcp.sourcePort,
      remote: ip.destination,
      remotePort: tcp.destinationPort,
    };
    const length = end - start - tcp.headerLength;
    const connection = this.#table.find(ends);
    if (connection === undefined) {
      this.#receiveUnknown(ends, tcp, length, packet.mac);
      return;
    }
    const payload = start + tcp.headerLength;
    connection.segment(tcp, length, packet.mac, (from, target) => {
      copyPieces(pieces, payload + from, payload + from + target.length, target);
    });
  }

  /** Opens a connection to a guest for one that the host accepted. False: there is no room, or no port. */
  call(ends: ConnectionEnds, take: Connector): boolean {
    if (this.isFull || this.#table.find(ends) !== undefined) return false;
    this.#timeWait.delete(keyOf(ends));
    this.#make(ends).call(take);
    return true;
  }

  get isFull(): boolean {
    const { connections, halfOpen } = this.#parts.limits;
    return this.connections >= connections || this.#opening.size >= halfOpen;
  }

  /** The address of `guest` on the link has become known: calls go out that waited for it. */
  found(guest: number): void {
    for (const connection of this.#opening) if (connection.ends.guest === guest) this.#parts.link.request(connection);
  }

  /** Runs every timer that is due, and says when the next one is. */
  expire(now: number): number {
    let next = Number.POSITIVE_INFINITY;
    for (const connection of [...this.#table, ...this.#lingering]) {
      if (connection.deadline <= now) connection.expire(now);
      if (this.#table.find(connection.ends) === connection || this.#lingering.has(connection)) {
        next = Math.min(next, connection.deadline);
      }
    }
    return next;
  }

  /** Ends every connection, and gives all sockets back. */
  clear(): void {
    for (const connection of [...this.#table, ...this.#lingering]) connection.abort();
    this.#timeWait.clear();
  }

  #receiveUnknown(ends: ConnectionEnds, tcp: ParsedTcp, length: number, mac: MacAddress): void {
    const { drops, now, limits, route } = this.#parts;
    if ((tcp.flags & TcpFlag.rst) !== 0) return;
    const isSyn = (tcp.flags & (TcpFlag.syn | TcpFlag.ack)) === TcpFlag.syn;
    const key = keyOf(ends);
    const remembered = this.#timeWait.find(key, now());
    if (remembered !== undefined && !(isSyn && distance(tcp.sequence, remembered.expected) > 0)) {
      this.#post(ends, mac, TcpFlag.ack, remembered.next, remembered.expected);
      return;
    }
    if (!isSyn) {
      this.#reset(ends, tcp, length, mac);
      return;
    }
    if (this.#opening.size >= limits.halfOpen) {
      // The guest tries again by itself.
      drops.add('limit');
      return;
    }
    const target = this.connections >= limits.connections ? 'refused' : route(ends.remote, ends.remotePort);
    if (target === 'refused') {
      if (this.connections >= limits.connections) drops.add('limit');
      this.#reset(ends, tcp, length, mac);
      return;
    }
    this.#timeWait.delete(key);
    this.#make(ends).answer(tcp, mac, target);
  }

  #make(ends: ConnectionEnds): TcpConnection {
    const { limits, link, mtu, ownMac, now, random, macOf, wakeAt } = this.#parts;
    const connection = new TcpConnection({
      ends,
      limits,
      budget: this.#budget,
      mtu,
      ownMac,
      first: random(),
      now,
      guestMac: () => macOf(ends.guest),
      ready: (source) => {
        link.request(source);
        link.pump();
      },
      armed: wakeAt,
      isBlocked: () => link.isBlocked,
      opened: (opened) => this.#opening.delete(opened),
      closed: (closed, waits) => this.#closed(closed, waits),
      gone: (gone) => this.#lingering.delete(gone),
      refused: (refused, failure) => this.#refused(refused, failure),
    });
    this.#table.add(connection);
    this.#opening.add(connection);
    return connection;
  }

  #closed(connection: TcpConnection, waits: boolean): void {
    const { link, now, macOf } = this.#parts;
    const { ends, numbers } = connection;
    link.remove(connection);
    this.#opening.delete(connection);
    this.#table.delete(connection);
    this.#lingering.add(connection);
    if (!waits) return;
    this.#timeWait.add(keyOf(ends), numbers, now());
    // The guest's FIN was the last segment, and is still to be acknowledged.
    const mac = macOf(ends.guest);
    if (mac !== undefined) this.#post(ends, mac, TcpFlag.ack, numbers.next, numbers.expected);
  }

  /** Tells the guest that a connection failed. */
  #refused({ ends, numbers }: TcpConnection, failure: HostFailure): void {
    const mac = this.#parts.macOf(ends.guest);
    if (failure === 'unreachable' || failure === 'timeout') this.#parts.unreachable(ends, (numbers.expected - 1) >>> 0);
    else if (mac !== undefined) this.#post(ends, mac, TcpFlag.rst | TcpFlag.ack, numbers.next, numbers.expected);
    this.#parts.link.pump();
  }

  /** The answer to a segment of no connection (RFC 9293, section 3.10.7.1). */
  #reset(ends: ConnectionEnds, tcp: ParsedTcp, length: number, mac: MacAddress): void {
    if ((tcp.flags & TcpFlag.ack) !== 0) {
      this.#post(ends, mac, TcpFlag.rst, tcp.acknowledgment, 0);
      return;
    }
    const occupied = length + ((tcp.flags & TcpFlag.syn) === 0 ? 0 : 1) + ((tcp.flags & TcpFlag.fin) === 0 ? 0 : 1);
    this.#post(ends, mac, TcpFlag.rst | TcpFlag.ack, 0, (tcp.sequence + occupied) >>> 0);
  }

  #post(ends: ConnectionEnds, destinationMac: MacAddress, flags: number, sequence: number, expected: number): void {
    const frameEnds: Ends = {
      sourceMac: this.#parts.ownMac,
      destinationMac,
      source: ends.remote,
      destination: ends.guest,
    };
    const header = {
      sourcePort: ends.remotePort,
      destinationPort: ends.guestPort,
      sequence,
      acknowledgment: expected,
      flags,
      window: (flags & TcpFlag.rst) === 0 ? 0xffff : 0,
    };
    this.#parts.link.post(tcpFrame(frameEnds, header));
  }
}

const isIntact = ({ ip, pieces, start, end }: Packet): boolean => {
  const pseudo = pseudoHeader4(ip.source, ip.destination, IpProtocol.tcp, end - start);
  return complement(sumPieces(pieces, start, end, pseudo)) === 0;
};
