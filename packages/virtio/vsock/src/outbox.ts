import type { VirtioQueue, VirtioRequest } from '@vivarium/contracts';
import type { Connection } from './connection.ts';
import { type PacketHeader, writePacketHeader } from './packet.ts';
import * as r from './registers.ts';

/** What a packet to the guest says besides where it goes. */
type Message = Pick<PacketHeader, 'op' | 'flags'>;

/** Replies that may wait for buffers of the driver; with more, no packet of its is looked at (section 5.10.6.1). */
const MOST_REPLIES = 256;
const LARGEST_PAYLOAD = 64 * 1024;
const NOTHING = new Uint8Array(0);

/**
 * Packets for the guest. Data is never kept: it goes into a buffer of the driver, or stays with host code. What waits for
 * buffers is a reply to packets that belong to no connection, of which there are only so many, and one mark a connection.
 */
export class Outbox {
  readonly #guestCid: number;
  #queue: VirtioQueue | undefined;
  readonly #replies: PacketHeader[] = [];
  readonly #announced = new Set<Connection>();
  /** Connections with data that found no buffer, in the order in which they get the next ones. */
  readonly #starved = new Set<Connection>();
  /** The driver has no buffer for us. */
  #dry = false;
  #flushing = false;

  constructor(guestCid: number) {
    this.#guestCid = guestCid;
  }

  get congested(): boolean {
    return this.#replies.length >= MOST_REPLIES;
  }

  activate(queue: VirtioQueue | undefined): void {
    this.#queue = queue;
    this.#dry = false;
  }

  reset(): void {
    this.#queue = undefined;
    this.#replies.length = 0;
    this.#announced.clear();
    this.#starved.clear();
  }

  /** The driver has given us buffers. */
  refilled(): void {
    this.#dry = false;
    this.flush();
  }

  /** A packet that belongs to no connection. */
  reply(header: PacketHeader): void {
    this.#replies.push(header);
    this.flush();
  }

  announce(connection: Connection): void {
    this.#announced.add(connection);
    this.flush();
  }

  forget(connection: Connection): void {
    this.#announced.delete(connection);
    this.#starved.delete(connection);
  }

  /** How many of the bytes went, at most `most`. The connection hears when there are buffers again. */
  write(connection: Connection, bytes: Uint8Array, most: number): number {
    let sent = 0;
    // What the connection has to say before its data goes first.
    while (sent < most && !this.#announced.has(connection)) {
      const buffer = this.#buffer(r.HEADER_SIZE + 1);
      if (buffer === undefined) break;
      const length = Math.min(most - sent, buffer.writableLength - r.HEADER_SIZE, LARGEST_PAYLOAD);
      connection.send.spend(length);
      this.#put(
        buffer,
        this.#header(connection, { op: r.VIRTIO_VSOCK_OP_RW, flags: 0 }, length),
        bytes.subarray(sent, sent + length),
      );
      sent += length;
    }
    if (sent < most) this.#starved.add(connection);
    return sent;
  }

  /** Sends what waits: replies, then messages of connections, then lets host code send data. */
  flush(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    try {
      // Host code that is told of buffers may have something else to say.
      do {
        this.#sendMessages();
        for (let turns = this.#starved.size; turns > 0 && !this.#dry; turns--) {
          const [connection] = this.#starved;
          if (connection === undefined) break;
          this.#starved.delete(connection);
          connection.drained();
        }
      } while (!this.#dry && this.#replies.length + this.#announced.size > 0);
    } finally {
      this.#flushing = false;
    }
  }

  /** Until there are no more, or no buffers. */
  #sendMessages(): void {
    let sent = true;
    while (sent) sent = this.#sendReply() || this.#sendMessage();
  }

  #sendReply(): boolean {
    const [header] = this.#replies;
    const buffer = header === undefined ? undefined : this.#buffer(r.HEADER_SIZE);
    if (header === undefined || buffer === undefined) return false;
    this.#replies.shift();
    this.#put(buffer, header, NOTHING);
    return true;
  }

  #sendMessage(): boolean {
    const [connection] = this.#announced;
    if (connection === undefined) return false;
    const { control } = connection;
    if (control === undefined) {
      this.#announced.delete(connection);
      return true;
    }
    const buffer = this.#buffer(r.HEADER_SIZE);
    if (buffer === undefined) return false;
    connection.controlSent(control);
    this.#put(buffer, this.#header(connection, control, 0), NOTHING);
    return true;
  }

  #header({ guestPort, hostPort, received }: Connection, { op, flags }: Message, len: number): PacketHeader {
    return {
      srcCid: r.HOST_CID,
      dstCid: this.#guestCid,
      srcPort: hostPort,
      dstPort: guestPort,
      len,
      type: r.VIRTIO_VSOCK_TYPE_STREAM,
      op,
      flags,
      bufAlloc: received.bufAlloc,
      fwdCnt: received.tell(),
    };
  }

  /** A buffer that has room for so many bytes; smaller ones go back empty. */
  #buffer(least: number): VirtioRequest | undefined {
    if (this.#dry) return undefined;
    // A driver on another vCPU may never run out of buffers that are too small.
    for (let left = this.#queue?.size ?? 0; left > 0; left--) {
      const request = this.#queue?.take();
      if (request === undefined) break;
      if (request.writableLength >= least) return request;
      this.#queue?.complete(request, 0);
    }
    this.#dry = true;
    return undefined;
  }

  #put(request: VirtioRequest, header: PacketHeader, payload: Uint8Array): void {
    const written = request.write(0, writePacketHeader(header));
    this.#queue?.complete(request, written + request.write(written, payload));
  }
}
