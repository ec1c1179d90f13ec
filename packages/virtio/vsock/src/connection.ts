import type { VsockConnection, VsockEnd, VsockHandlers } from '@vivarium/contracts';
import { ByteQueue } from './byte-queue.ts';
import { ReceiveCredit, SendCredit } from './credit.ts';
import type { PacketHeader } from './packet.ts';
import * as r from './registers.ts';

/** What a connection needs of its device. */
export interface ConnectionLink {
  /** Sends data as far as the driver has buffers; `Connection.drained` follows when that was not all. */
  write(connection: Connection, bytes: Uint8Array, most: number): number;
  /** The connection has something to say besides data: see `Connection.control`. */
  announce(connection: Connection): void;
  /** Forgets the connection. With `reset` the guest is told. */
  remove(connection: Connection, reset: boolean): void;
  /** Forgets the address of a connection that holds bytes of a guest that is gone: `remove` follows. */
  detach(connection: Connection): void;
  /** `Connection.expired` follows unless the connection moves on in time. */
  expire(connection: Connection, after: 'connect' | 'close' | 'never'): void;
  /** Host code threw. */
  failed(error: unknown): void;
}

/** Who is told how the host's own attempt to connect ends. */
export interface Attempt {
  readonly opened: () => void;
  readonly refused: (why: 'refused' | 'timeout' | 'down') => void;
}

/** A message without payload that waits for a buffer. */
export interface Control {
  readonly op: number;
  readonly flags: number;
}

const BOTH = r.VIRTIO_VSOCK_SHUTDOWN_F_RECEIVE | r.VIRTIO_VSOCK_SHUTDOWN_F_SEND;

/**
 * A stream (section 5.10.6.5). `asked`: we wait for the guest's answer; `offered`: the guest for ours; `closing`: both
 * have said all, and the guest is to confirm it; `detached`: the guest is gone, and host code still reads; `over`.
 */
export class Connection implements VsockConnection {
  readonly guestPort: number;
  readonly hostPort: number;
  readonly send = new SendCredit();
  readonly received: ReceiveCredit;
  readonly #link: ConnectionLink;
  readonly #attempt: Attempt | undefined;
  readonly #queue = new ByteQueue();
  #phase: 'asked' | 'offered' | 'open' | 'closing' | 'detached' | 'over';
  #handlers: VsockHandlers | undefined;
  /** How it ended, until somebody is there to be told. */
  #end: VsockEnd | undefined;
  /** VIRTIO_VSOCK_SHUTDOWN flags of the guest, which never go back. */
  #guestShutdown = 0;
  #hostEnded = false;
  #endTold = false;
  #offering = false;
  /** Operations that wait for a buffer, in this order. */
  #opening: number | undefined;
  #shutdown = 0;
  #creditRequest = false;
  #creditUpdate = false;
  /** A write was cut short for want of credit. */
  #wantsCredit = false;

  constructor(link: ConnectionLink, guestPort: number, hostPort: number, bufferSize: number, attempt?: Attempt) {
    this.#link = link;
    this.guestPort = guestPort;
    this.hostPort = hostPort;
    this.received = new ReceiveCredit(bufferSize);
    this.#attempt = attempt;
    this.#phase = attempt === undefined ? 'offered' : 'asked';
    if (attempt !== undefined) this.#opening = r.VIRTIO_VSOCK_OP_REQUEST;
  }

  // What host code calls.

  connect(handlers: VsockHandlers): void {
    if (this.#handlers !== undefined) return;
    this.#handlers = handlers;
    if (this.#end !== undefined) {
      this.#tellClosed(this.#end);
      return;
    }
    if (this.#phase === 'offered') {
      this.#phase = 'open';
      this.#opening = r.VIRTIO_VSOCK_OP_RESPONSE;
      if (this.#hostEnded) this.#shutdown = r.VIRTIO_VSOCK_SHUTDOWN_F_SEND;
      this.#link.expire(this, 'never');
      this.#link.announce(this);
    }
    this.resume();
  }

  write(bytes: Uint8Array): number {
    if (this.#hostEnded || (this.#phase !== 'open' && this.#phase !== 'detached')) return 0;
    if (this.#phase === 'detached' || (this.#guestShutdown & r.VIRTIO_VSOCK_SHUTDOWN_F_RECEIVE) !== 0) {
      return bytes.length;
    }
    const credit = Math.min(bytes.length, this.send.free);
    if (credit === 0 && bytes.length > 0 && !this.#wantsCredit) {
      this.#creditRequest = true;
      this.#link.announce(this);
    }
    this.#wantsCredit = credit < bytes.length;
    return credit === 0 ? 0 : this.#link.write(this, bytes, credit);
  }

  end(): void {
    if (this.#hostEnded) return;
    this.#hostEnded = true;
    if (this.#phase !== 'open') return;
    this.#shutdown |= r.VIRTIO_VSOCK_SHUTDOWN_F_SEND;
    this.#link.announce(this);
    this.#finish();
  }

  resume(): void {
    // Not from within `receive`, which says by what it returns.
    if (this.#offering) return;
    while (this.#queue.length > 0 && this.#handlers !== undefined) {
      const front = this.#queue.front();
      const taken = this.#offer(front);
      // Host code may have destroyed the connection meanwhile, which empties the queue.
      if (taken === 0 || this.#queue.length === 0) break;
      this.#queue.drop(taken);
      if (taken < front.length) break;
    }
    this.#updateCredit();
    this.#finish();
  }

  destroy(): void {
    if (this.#phase === 'over') return;
    const known = this.#phase !== 'detached' && this.#opening !== r.VIRTIO_VSOCK_OP_REQUEST;
    this.#leave(known);
    // Nobody is to be told.
    this.#end ??= 'reset';
    this.#handlers ??= SILENT;
    this.#endTold = true;
  }

  // What the device calls.

  /** The next message that waits. */
  get control(): Control | undefined {
    if (this.#opening !== undefined) return { op: this.#opening, flags: 0 };
    if (this.#shutdown !== 0) return { op: r.VIRTIO_VSOCK_OP_SHUTDOWN, flags: this.#shutdown };
    if (this.#creditRequest) return { op: r.VIRTIO_VSOCK_OP_CREDIT_REQUEST, flags: 0 };
    if (this.#creditUpdate) return { op: r.VIRTIO_VSOCK_OP_CREDIT_UPDATE, flags: 0 };
    return undefined;
  }

  /** What `control` gave was sent. */
  controlSent({ op }: Control): void {
    if (op === this.#opening) this.#opening = undefined;
    else if (op === r.VIRTIO_VSOCK_OP_SHUTDOWN) this.#shutdown = 0;
    else if (op === r.VIRTIO_VSOCK_OP_CREDIT_REQUEST) this.#creditRequest = false;
    this.#creditUpdate = false;
  }

  /** Buffers are there again for data that was refused. */
  drained(): void {
    if (this.#phase === 'open' && this.#handlers !== undefined) this.#call((handlers) => handlers.drained());
  }

  /** A packet of the guest that belongs here; false when it makes no sense, and the connection is to be reset. */
  packet(header: PacketHeader, payload: () => readonly Uint8Array[]): boolean {
    if (header.op === r.VIRTIO_VSOCK_OP_RST) {
      this.#reset();
      return true;
    }
    if (this.#phase === 'asked') return this.#answered(header);
    if (this.#phase === 'offered') return header.op === r.VIRTIO_VSOCK_OP_SHUTDOWN ? this.#shutDown(header) : false;
    this.send.update(header.bufAlloc, header.fwdCnt);
    switch (header.op) {
      case r.VIRTIO_VSOCK_OP_RW:
        return this.#data(header.len, payload()) && this.#credited();
      case r.VIRTIO_VSOCK_OP_SHUTDOWN:
        return this.#credited() && this.#shutDown(header);
      case r.VIRTIO_VSOCK_OP_CREDIT_REQUEST:
        this.#creditUpdate = true;
        this.#link.announce(this);
        return this.#credited();
      case r.VIRTIO_VSOCK_OP_CREDIT_UPDATE:
        return this.#credited();
      default:
        return false;
    }
  }

  /** It broke: by a rule that the guest did not keep, or with the whole device. */
  broken(why: 'refused' | 'down', reset: boolean): void {
    if (this.#phase === 'over') return;
    const asked = this.#phase === 'asked';
    this.#leave(reset);
    if (asked) this.#attempt?.refused(why);
    else this.#close('reset');
  }

  /** The time that `ConnectionLink.expire` gave has run out. */
  expired(): void {
    const asked = this.#phase === 'asked';
    const closing = this.#phase === 'closing';
    if (!asked && !closing && this.#phase !== 'offered') return;
    this.#leave(this.#opening !== r.VIRTIO_VSOCK_OP_REQUEST);
    if (asked) this.#attempt?.refused('timeout');
    else if (!closing) this.#close('reset');
  }

  #answered(header: PacketHeader): boolean {
    if (header.op !== r.VIRTIO_VSOCK_OP_RESPONSE || this.#opening !== undefined) return false;
    this.#phase = 'open';
    this.send.update(header.bufAlloc, header.fwdCnt);
    this.#link.expire(this, 'never');
    this.#attempt?.opened();
    return true;
  }

  #credited(): boolean {
    if (!this.#wantsCredit || this.send.free === 0) return true;
    this.#wantsCredit = false;
    this.drained();
    return true;
  }

  #data(length: number, pieces: readonly Uint8Array[]): boolean {
    // After its shutdown the guest has nothing to send; in `closing` that was said.
    if ((this.#guestShutdown & r.VIRTIO_VSOCK_SHUTDOWN_F_SEND) !== 0 || this.#phase !== 'open') return false;
    if (!this.received.receive(length)) return false;
    for (const piece of pieces) {
      const taken = this.#queue.length === 0 ? this.#offer(piece) : 0;
      if (this.#phase !== 'open') return true;
      this.#queue.append(taken === 0 ? piece : piece.subarray(taken));
    }
    this.#updateCredit();
    return true;
  }

  #shutDown({ flags }: PacketHeader): boolean {
    this.#guestShutdown |= flags & BOTH;
    if (this.#phase === 'offered' && this.#guestShutdown === BOTH) {
      // It gave up before anybody accepted.
      this.#leave(true);
      this.#close('reset');
    } else if (this.#phase === 'closing' && this.#guestShutdown === BOTH) this.#leave(true);
    else this.#finish();
    return true;
  }

  #reset(): void {
    const asked = this.#phase === 'asked';
    if (this.#phase === 'open' && (this.#guestShutdown & r.VIRTIO_VSOCK_SHUTDOWN_F_SEND) !== 0) {
      // Everything was sent, and did arrive: host code gets to read it.
      this.#phase = 'detached';
      this.#link.detach(this);
      this.#finish();
      return;
    }
    this.#leave(false);
    if (asked) this.#attempt?.refused('refused');
    else this.#close('reset');
  }

  /** Tells of the end of the guest's bytes when they are read, and ends the connection when both sides are through. */
  #finish(): void {
    if (this.#phase !== 'open' && this.#phase !== 'detached') return;
    const ended = (this.#guestShutdown & r.VIRTIO_VSOCK_SHUTDOWN_F_SEND) !== 0;
    if (!ended || this.#queue.length > 0 || this.#handlers === undefined) return;
    if (!this.#endTold) {
      this.#endTold = true;
      this.#call((handlers) => handlers.ended());
    }
    this.#farewell();
  }

  #farewell(): void {
    if (this.#phase === 'detached' || (this.#phase === 'open' && this.#guestShutdown === BOTH)) {
      this.#leave(this.#phase === 'open');
      this.#close('done');
    } else if (this.#phase === 'open' && this.#hostEnded) {
      this.#phase = 'closing';
      this.#shutdown = BOTH;
      this.#link.announce(this);
      this.#link.expire(this, 'close');
      this.#close('done');
    }
  }

  #leave(reset: boolean): void {
    this.#phase = 'over';
    this.#queue.drop(this.#queue.length);
    this.#opening = undefined;
    this.#link.remove(this, reset);
  }

  #close(end: VsockEnd): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    if (this.#handlers !== undefined) this.#tellClosed(end);
  }

  #tellClosed(end: VsockEnd): void {
    this.#call((handlers) => handlers.closed(end));
  }

  #updateCredit(): void {
    if (this.#phase !== 'open' || !this.received.isDue || this.#creditUpdate) return;
    this.#creditUpdate = true;
    this.#link.announce(this);
  }

  /** How many of the bytes host code takes. */
  #offer(bytes: Uint8Array): number {
    let taken = 0;
    this.#offering = true;
    this.#call((handlers) => {
      taken = handlers.receive(bytes);
    });
    this.#offering = false;
    taken = Math.min(Math.max(Math.trunc(taken) || 0, 0), bytes.length);
    this.received.forward(taken);
    return taken;
  }

  #call(act: (handlers: VsockHandlers) => void): void {
    if (this.#handlers === undefined) return;
    try {
      act(this.#handlers);
    } catch (error) {
      this.#link.failed(error);
      this.destroy();
    }
  }
}

const SILENT: VsockHandlers = { receive: () => 0, drained: () => {}, ended: () => {}, closed: () => {} };
