import type { DnsRecord } from '@vivarium/net-packet';

/** Why a socket of the host failed, as far as a guest can be told. */
export type HostFailure = 'refused' | 'unreachable' | 'timeout' | 'reset' | 'other';

/** What a TCP socket of the host tells. None of these is called from within a call of the socket. */
export interface HostTcpEvents {
  connected(): void;
  /** Bytes that came; they are the receiver's from now on. */
  data(bytes: Uint8Array): void;
  /** {@link HostTcpSocket.pending} has become less. */
  drained(): void;
  /** The other end sends no more. */
  ended(): void;
  /** Both directions have ended and all that was written is with the host's kernel. Nothing else is told. */
  closed(): void;
  /** The socket is gone; nothing else is told. */
  failed(failure: HostFailure): void;
}

/** A TCP connection of the host. Both directions are closed apart. Nothing throws. */
export interface HostTcpSocket {
  /** Takes the bytes, which are the socket's until {@link pending} is 0. */
  write(bytes: Uint8Array): void;
  /** Bytes that were written and are not with the host's kernel yet. At 0 their memory is used again. */
  readonly pending: number;
  /** Sends what was written, and then that there is no more. */
  end(): void;
  /** No more `data`, but for what is under way. */
  pause(): void;
  resume(): void;
  /** Closes at once, and lets the other end know. No event follows. */
  reset(): void;
}

/** A UDP socket of the host. Nothing throws; what cannot be sent is lost. */
export interface HostUdpSocket {
  /** Copies or takes the bytes before it returns. */
  send(bytes: Uint8Array, address: string, port: number): void;
  close(): void;
}

export interface HostUdpEvents {
  /** A datagram; its bytes are the receiver's. */
  message(bytes: Uint8Array, address: string, port: number): void;
  /** The socket is gone. */
  failed(): void;
}

/** Something that listens. */
export interface HostListener {
  /** The port, also when the host chose it. */
  readonly port: number;
  close(): void;
}

/** An answer of the host's resolver: a response code of RFC 1035, and records. */
export interface HostAnswer {
  readonly code: number;
  readonly records: readonly DnsRecord[];
}

/**
 * The host's network, as much of it as the translator needs: `@vivarium/net-nat/node` implements it over Node's
 * modules, a test in memory. Addresses are text (`192.0.2.7`, `2001:db8::7`).
 */
export interface HostNetwork {
  /** Opens a connection to an IPv4 address. */
  tcpConnect(address: string, port: number, events: HostTcpEvents): HostTcpSocket;
  /**
   * Listens; rejects when it cannot. `accept` is called for each connection with a function that takes it, to be called
   * before `accept` returns; a connection that is not taken is closed.
   */
  tcpListen(
    address: string,
    port: number,
    accept: (take: (events: HostTcpEvents) => HostTcpSocket) => void,
  ): Promise<HostListener>;
  /** A socket on a port of the host's choice. */
  udpSocket(events: HostUdpEvents): HostUdpSocket;
  /** A socket on a given address; rejects when that cannot be. Port 0 is the host's choice. */
  udpListen(address: string, port: number, events: HostUdpEvents): Promise<HostUdpSocket & HostListener>;
  /** Asks for records of class IN; `done` is called once, with `serverFailure` when there is no answer. */
  resolve(name: string, type: number, done: (answer: HostAnswer) => void): void;
  /** Whether an address answers an echo. Absent: guests are told that echoes to others are prohibited. */
  ping?(address: string, done: (answered: boolean) => void): void;
}
