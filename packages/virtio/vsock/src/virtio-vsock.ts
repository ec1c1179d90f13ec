import type {
  Clock,
  Timer,
  VirtioConfig,
  VirtioDevice,
  VirtioQueue,
  VirtioRequest,
  VsockConnection,
  VsockHost,
} from '@vivarium/contracts';
import { type Attempt, Connection, type ConnectionLink } from './connection.ts';
import { ConnectionTable } from './connection-table.ts';
import { Deadlines } from './deadlines.ts';
import { errors } from './errors.ts';
import { Listeners } from './listeners.ts';
import { Outbox } from './outbox.ts';
import { type PacketHeader, readPacketHeader } from './packet.ts';
import * as r from './registers.ts';

/** What {@link VirtioVsock} is made of. */
export interface VirtioVsockParts {
  readonly guestCid: number;
  /** Bytes from the guest that wait for host code, for each connection. */
  readonly bufferSize: number;
  /** Connections at the same time. */
  readonly connections: number;
  /** Seconds after which a connection that is not answered fails. */
  readonly connectTimeout: number;
  readonly clock: Pick<Clock, 'now'>;
  readonly timer: (expired: () => void) => Timer;
  /** Host code threw; its connection is reset. */
  readonly hostFailed?: (error: unknown) => void;
}

/** What a socket device counts. */
export interface VsockCounters {
  /** Packets of the guest that were looked at. */
  readonly packets: number;
  /** Those without a header, or from somebody else: nobody to answer. */
  readonly dropped: number;
  /** Those that were answered with a reset. */
  readonly refused: number;
}

const QUEUE_SIZE = 128;
const EVENT_QUEUE_SIZE = 16;
const SECOND = 1e9;
/** Seconds that a guest has to confirm the end of a connection; Linux waits as long for us. */
const CLOSE_TIMEOUT = 8;
/** The host's own ends of connections that it makes. */
const FIRST_HOST_PORT = 0x4000_0000;
const HOST_PORTS = 0x4000_0000;

/** Socket device: connections between programs in the guest and host code. */
export class VirtioVsock implements VirtioDevice, VsockHost {
  readonly deviceId = 19;
  readonly kind = 'socket';
  readonly features = r.VIRTIO_VSOCK_F_STREAM | r.VIRTIO_VSOCK_F_NO_IMPLIED_STREAM;
  readonly queueSizes = [QUEUE_SIZE, QUEUE_SIZE, EVENT_QUEUE_SIZE];
  readonly config: VirtioConfig;
  readonly guestCid: number;
  readonly #parts: VirtioVsockParts;
  readonly #table = new ConnectionTable();
  readonly #listeners = new Listeners();
  readonly #outbox: Outbox;
  readonly #deadlines: Deadlines<Connection>;
  readonly #link: ConnectionLink;
  #active = false;
  /** Stream sockets were agreed on (section 5.10.3). */
  #streams = false;
  #transmitQueue: VirtioQueue | undefined;
  #eventQueue: VirtioQueue | undefined;
  #resetEvent = false;
  /** Packets wait until there is room for answers. */
  #stalled = false;
  #nextHostPort = 0;
  #counters = { packets: 0, dropped: 0, refused: 0 };

  constructor(parts: VirtioVsockParts) {
    this.#parts = parts;
    this.guestCid = parts.guestCid;
    const cid = new DataView(new ArrayBuffer(r.CONFIG_LENGTH));
    cid.setUint32(0, parts.guestCid, true);
    this.config = { length: r.CONFIG_LENGTH, read: (offset) => cid.getUint8(offset) };
    this.#outbox = new Outbox(parts.guestCid);
    this.#deadlines = new Deadlines({ ...parts, expired: (connection) => connection.expired() });
    this.#link = this.#makeLink();
  }

  get counters(): VsockCounters {
    return { ...this.#counters };
  }

  get active(): boolean {
    return this.#active;
  }

  get connections(): number {
    return this.#table.size;
  }

  connect(port: number): Promise<VsockConnection> {
    const problem = this.#connectProblem(port);
    if (problem !== undefined) return Promise.reject(problem);
    return new Promise((resolve, reject) => {
      const connection = this.#add(port, this.#freeHostPort(port), {
        opened: () => resolve(connection),
        refused: (why) => reject(this.#refusal(port, why)),
      });
      this.#outbox.announce(connection);
    });
  }

  listen(port: number | 'any', offered: (connection: VsockConnection) => void): () => void {
    if (port !== 'any' && !isPort(port)) throw errors.make('VIV_VSOCK_PORT', `${port} is no vsock port`);
    return this.#listeners.add(port, offered);
  }

  transportReset(): void {
    this.#breakAll();
    if (!this.#active) return;
    this.#resetEvent = true;
    this.#tellEvents();
  }

  activate(features: bigint, queues: readonly (VirtioQueue | undefined)[]): void {
    this.#active = true;
    this.#streams =
      (features & r.VIRTIO_VSOCK_F_STREAM) !== 0n || (features & r.VIRTIO_VSOCK_F_NO_IMPLIED_STREAM) === 0n;
    this.#transmitQueue = queues[r.TX];
    this.#eventQueue = queues[r.EVENT];
    this.#outbox.activate(queues[r.RX]);
  }

  notified(index: number): void {
    if (index === r.EVENT) this.#tellEvents();
    else if (index === r.TX) this.#transmit();
    else {
      this.#outbox.refilled();
      if (this.#stalled) this.#transmit();
    }
  }

  reset(): void {
    this.#active = false;
    this.#transmitQueue = undefined;
    this.#eventQueue = undefined;
    this.#resetEvent = false;
    this.#outbox.reset();
    this.#breakAll();
  }

  /** Packets of the guest; as many as there is room for their answers. */
  #transmit(): void {
    const queue = this.#transmitQueue;
    for (;;) {
      this.#stalled = this.#outbox.congested;
      const request = this.#stalled ? undefined : queue?.take();
      if (queue === undefined || request === undefined) return;
      this.#counters.packets += 1;
      this.#receive(request);
      queue.complete(request, 0);
    }
  }

  #receive(request: VirtioRequest): void {
    const header = readPacketHeader(request.read(0, r.HEADER_SIZE));
    // The address of the sender is fixed; whoever it is from, it is not from the guest.
    if (header === undefined || header.srcCid !== this.guestCid || Number.isNaN(header.dstCid)) {
      this.#counters.dropped += 1;
      return;
    }
    const payload = header.op === r.VIRTIO_VSOCK_OP_RW ? header.len : 0;
    const wellFormed = this.#streams && header.dstCid === r.HOST_CID && header.type === r.VIRTIO_VSOCK_TYPE_STREAM;
    const connection = wellFormed ? this.#table.get(header.srcPort, header.dstPort) : undefined;
    if (connection === undefined) {
      if (!wellFormed || !this.#request(header)) this.#refuse(header);
    } else if (
      payload > request.readableLength - r.HEADER_SIZE ||
      !connection.packet(header, () => request.readable(r.HEADER_SIZE, payload))
    ) {
      this.#counters.refused += 1;
      connection.broken('refused', true);
    }
  }

  /** A packet outside of any connection; false when it asks for none, or gets none. */
  #request({ op, srcPort, dstPort, bufAlloc, fwdCnt }: PacketHeader): boolean {
    if (op !== r.VIRTIO_VSOCK_OP_REQUEST || this.#table.size >= this.#parts.connections) return false;
    const offered = this.#listeners.get(dstPort);
    if (offered === undefined) return false;
    const connection = this.#add(srcPort, dstPort);
    connection.send.update(bufAlloc, fwdCnt);
    try {
      offered(connection);
    } catch (error) {
      this.#link.failed(error);
      connection.destroy();
    }
    return true;
  }

  #connectProblem(port: number): Error | undefined {
    const { connections } = this.#parts;
    if (!isPort(port)) return errors.make('VIV_VSOCK_PORT', `${port} is no vsock port`);
    if (!this.#active) return this.#refusal(port, 'down');
    if (this.#table.size < connections) return undefined;
    return errors.make('VIV_VSOCK_FULL', `there are ${connections} vsock connections already`);
  }

  #refusal(port: number, why: 'refused' | 'timeout' | 'down'): Error {
    const to = `vsock port ${port} of the guest`;
    if (why === 'refused') return errors.make('VIV_VSOCK_REFUSED', `${to} refused the connection`);
    if (why === 'down') return errors.make('VIV_VSOCK_DOWN', `${to} cannot be reached: no driver runs the device`);
    return errors.make('VIV_VSOCK_TIMEOUT', `${to} did not answer for ${this.#parts.connectTimeout} seconds`);
  }

  #refuse(header: PacketHeader): void {
    if (header.op === r.VIRTIO_VSOCK_OP_RST) return;
    this.#counters.refused += 1;
    this.#outbox.reply(resetFor(header));
  }

  #add(guestPort: number, hostPort: number, attempt?: Attempt): Connection {
    const connection = new Connection(this.#link, guestPort, hostPort, this.#parts.bufferSize, attempt);
    this.#table.add(connection);
    this.#link.expire(connection, 'connect');
    return connection;
  }

  /** There are more ports than connections. */
  #freeHostPort(guestPort: number): number {
    for (;;) {
      const port = FIRST_HOST_PORT + this.#nextHostPort;
      this.#nextHostPort = (this.#nextHostPort + 1) % HOST_PORTS;
      if (this.#table.get(guestPort, port) === undefined) return port;
    }
  }

  #breakAll(): void {
    for (const connection of this.#table.all()) connection.broken('down', false);
  }

  #tellEvents(): void {
    const queue = this.#eventQueue;
    const request = this.#resetEvent ? queue?.take() : undefined;
    if (queue === undefined || request === undefined) return;
    this.#resetEvent = false;
    const event = new DataView(new ArrayBuffer(r.EVENT_SIZE));
    event.setUint32(0, r.VIRTIO_VSOCK_EVENT_TRANSPORT_RESET, true);
    queue.complete(request, request.write(0, new Uint8Array(event.buffer)));
  }

  #makeLink(): ConnectionLink {
    return {
      write: (connection, bytes, most) => this.#outbox.write(connection, bytes, most),
      announce: (connection) => this.#outbox.announce(connection),
      detach: (connection) => {
        this.#outbox.forget(connection);
        this.#table.detach(connection);
      },
      remove: (connection, reset) => {
        this.#outbox.forget(connection);
        this.#deadlines.delete(connection);
        this.#table.delete(connection);
        if (reset && this.#active) this.#outbox.reply(this.#resetOf(connection));
      },
      expire: (connection, after) => {
        if (after === 'never') this.#deadlines.delete(connection);
        else {
          const seconds = after === 'connect' ? this.#parts.connectTimeout : CLOSE_TIMEOUT;
          this.#deadlines.set(connection, Math.round(seconds * SECOND));
        }
      },
      failed: (error) => this.#parts.hostFailed?.(error),
    };
  }

  #resetOf({ guestPort, hostPort, received }: Connection): PacketHeader {
    return {
      srcCid: r.HOST_CID,
      dstCid: this.guestCid,
      srcPort: hostPort,
      dstPort: guestPort,
      len: 0,
      type: r.VIRTIO_VSOCK_TYPE_STREAM,
      op: r.VIRTIO_VSOCK_OP_RST,
      flags: 0,
      bufAlloc: received.bufAlloc,
      fwdCnt: received.tell(),
    };
  }
}

const isPort = (port: number): boolean => Number.isInteger(port) && port >= 0 && port <= r.HIGHEST_PORT;

/** The answer to a packet that nobody wants, from where it went to. */
const resetFor = ({ srcCid, dstCid, srcPort, dstPort, type }: PacketHeader): PacketHeader => ({
  srcCid: dstCid,
  dstCid: srcCid,
  srcPort: dstPort,
  dstPort: srcPort,
  len: 0,
  type,
  op: r.VIRTIO_VSOCK_OP_RST,
  flags: 0,
  bufAlloc: 0,
  fwdCnt: 0,
});
