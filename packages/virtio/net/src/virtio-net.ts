// Hot: the way of each frame between the queues and the backend.
import {
  MAXIMUM_FRAME,
  type NetBackend,
  type NetFrame,
  type NetHandlers,
  type NetOffloads,
  type VirtioDevice,
  type VirtioQueue,
  type VirtioRequest,
  type VirtioSignals,
} from '@vivarium/contracts';
import { control } from './control.ts';
import { readHeader, writeHeader } from './frame-header.ts';
import { NetConfig } from './net-config.ts';
import { ReceiveFilter } from './receive-filter.ts';
import * as r from './registers.ts';

/** What {@link VirtioNet} is made of. */
export interface VirtioNetParts {
  readonly backend: NetBackend;
  readonly mac: Uint8Array;
  readonly queueSize: number;
  /** Whether a frame of so many bytes may go now; who says no calls `VirtioNet.resume` later. Default always. */
  readonly admits?: (flow: Flow, bytes: number) => boolean;
}

/** What is limited by itself. */
export type Flow = 'transmit' | 'receive';

/** What a network device counts. */
export interface NetCounters {
  readonly sent: number;
  readonly received: number;
  /** Frames of the guest that made no sense. */
  readonly sendDropped: number;
  /** Frames for the guest that its buffers can never hold, or that it does not want. */
  readonly receiveDropped: number;
}

const SHORTEST_FRAME = 14;
const STANDARD_MTU = 1500;
const CONTROL_SIZE = 64;
const OFFLOAD_BITS: readonly (readonly [keyof NetOffloads, bigint])[] = [
  ['checksum', r.VIRTIO_NET_F_GUEST_CSUM],
  ['tcp4', r.VIRTIO_NET_F_GUEST_TSO4],
  ['tcp6', r.VIRTIO_NET_F_GUEST_TSO6],
];
const ALL_OFFLOADS = OFFLOAD_BITS.reduce((all, [, bit]) => all | bit, 0n);

const offloadsOf = (features: bigint): NetOffloads =>
  Object.fromEntries(OFFLOAD_BITS.map(([name, bit]) => [name, (features & bit) !== 0n]));

/** Network device: one receive and one transmit queue, and a control queue. */
export class VirtioNet implements VirtioDevice, NetHandlers {
  readonly deviceId = 1;
  readonly kind = 'network';
  readonly features: bigint;
  readonly queueSizes: readonly number[];
  readonly config: NetConfig;
  readonly #backend: NetBackend;
  readonly #mac: Uint8Array;
  readonly #admits: (flow: Flow, bytes: number) => boolean;
  readonly #filter = new ReceiveFilter();
  #accepts: NetOffloads = {};
  /** What the driver may ask of the backend, as agreed on. */
  #sendOffloads: NetOffloads = {};
  #agreed = 0n;
  #queues: readonly (VirtioQueue | undefined)[] = [];
  #signals: VirtioSignals | undefined;
  /** The backend holds a frame until there are buffers. */
  #starved = false;
  #counters = { sent: 0, received: 0, sendDropped: 0, receiveDropped: 0 };

  constructor({ backend, mac, queueSize, admits = () => true }: VirtioNetParts) {
    this.#admits = admits;
    this.#backend = backend;
    this.#mac = mac;
    this.queueSizes = [queueSize, queueSize, CONTROL_SIZE];
    const { accepts } = backend;
    const when = (has: boolean | undefined, bit: bigint): bigint => (has === true ? bit : 0n);
    this.features =
      r.VIRTIO_NET_F_GUEST_CSUM |
      r.VIRTIO_NET_F_GUEST_TSO4 |
      r.VIRTIO_NET_F_GUEST_TSO6 |
      r.VIRTIO_NET_F_CTRL_GUEST_OFFLOADS |
      r.VIRTIO_NET_F_MAC |
      r.VIRTIO_NET_F_MRG_RXBUF |
      r.VIRTIO_NET_F_STATUS |
      r.VIRTIO_NET_F_CTRL_VQ |
      r.VIRTIO_NET_F_CTRL_RX |
      r.VIRTIO_NET_F_CTRL_MAC_ADDR |
      when(backend.mtu !== undefined, r.VIRTIO_NET_F_MTU) |
      when(accepts.checksum, r.VIRTIO_NET_F_CSUM) |
      when(accepts.checksum && accepts.tcp4, r.VIRTIO_NET_F_HOST_TSO4) |
      when(accepts.checksum && accepts.tcp6, r.VIRTIO_NET_F_HOST_TSO6);
    this.config = new NetConfig(mac, backend.mtu ?? STANDARD_MTU);
    this.config.linkUp = backend.linkUp;
    this.#filter.reset(mac);
  }

  get counters(): NetCounters {
    return { ...this.#counters };
  }

  get accepts(): NetOffloads {
    return this.#accepts;
  }

  activate(features: bigint, queues: readonly (VirtioQueue | undefined)[], signals: VirtioSignals): void {
    this.#agreed = features;
    this.#queues = queues;
    this.#signals = signals;
    this.#accepts = offloadsOf(features);
    this.#sendOffloads = {
      checksum: (features & r.VIRTIO_NET_F_CSUM) !== 0n,
      tcp4: (features & r.VIRTIO_NET_F_HOST_TSO4) !== 0n,
      tcp6: (features & r.VIRTIO_NET_F_HOST_TSO6) !== 0n,
    };
  }

  notified(index: number): void {
    if (index === r.RECEIVEQ) this.#refilled();
    else if (index === r.TRANSMITQ) this.#transmit();
    else this.#control();
  }

  reset(): void {
    this.#agreed = 0n;
    this.#queues = [];
    this.#signals = undefined;
    this.#accepts = {};
    this.#sendOffloads = {};
    this.#filter.reset(this.#mac);
    // Frames of the old life are of no use in the new one, and a backend that waits would wait for ever.
    if (this.#starved) this.#refilled();
  }

  receive(frame: NetFrame): boolean {
    const queue = this.#queues[r.RECEIVEQ];
    const [first] = frame.pieces;
    if (queue === undefined || first === undefined || !this.#filter.passes(first)) {
      this.#counters.receiveDropped += 1;
      return true;
    }
    if (!this.#admits('receive', frame.length)) {
      this.#starved = true;
      return false;
    }
    const needed = r.HEADER_SIZE + frame.length;
    const mergeable = (this.#agreed & r.VIRTIO_NET_F_MRG_RXBUF) !== 0n;
    const most = mergeable ? queue.size : 1;
    const taken: VirtioRequest[] = [];
    let room = 0;
    while (room < needed && taken.length < most) {
      const request = queue.take();
      if (request === undefined) {
        queue.putBack(taken);
        this.#starved = true;
        return false;
      }
      taken.push(request);
      room += request.writableLength;
    }
    if (room < needed) {
      queue.putBack(taken);
      this.#counters.receiveDropped += 1;
      return true;
    }
    deliver(queue, taken, frame);
    this.#counters.received += 1;
    return true;
  }

  /** Frames that were held back may go on. */
  resume(flow: Flow): void {
    if (flow === 'transmit') this.#transmit();
    else this.#refilled();
  }

  drained(): void {
    this.#transmit();
  }

  linkChanged(up: boolean): void {
    this.config.linkUp = up;
    this.#signals?.configChanged();
  }

  #refilled(): void {
    if (!this.#starved) return;
    this.#starved = false;
    this.#backend.resume();
  }

  #transmit(): void {
    const queue = this.#queues[r.TRANSMITQ];
    for (;;) {
      const request = queue?.take();
      if (queue === undefined || request === undefined) return;
      if (this.#admits('transmit', request.readableLength) && this.#send(request)) queue.complete(request, 0);
      else {
        queue.putBack([request]);
        return;
      }
    }
  }

  /** False when the backend takes no more now. */
  #send(request: VirtioRequest): boolean {
    const length = request.readableLength - r.HEADER_SIZE;
    if (length < SHORTEST_FRAME || length > MAXIMUM_FRAME) {
      this.#counters.sendDropped += 1;
      return true;
    }
    const pieces = request.readable(r.HEADER_SIZE);
    const offload = readHeader(request.read(0, r.HEADER_SIZE), pieces, length, this.#sendOffloads);
    if (offload === 'nonsense') {
      this.#counters.sendDropped += 1;
      return true;
    }
    const taken = this.#backend.send(offload === undefined ? { pieces, length } : { pieces, length, offload });
    if (taken) this.#counters.sent += 1;
    return taken;
  }

  #control(): void {
    const queue = this.#queues[r.CONTROLQ];
    for (;;) {
      const request = queue?.take();
      if (queue === undefined || request === undefined) return;
      // Without room for the acknowledgement the command is not one.
      if (request.writableLength === 0) {
        queue.complete(request, 0);
        continue;
      }
      const acknowledgement = control(request, {
        filter: this.#filter,
        setOffloads: (bits) => this.#setOffloads(bits),
      });
      queue.complete(request, request.write(0, Uint8Array.of(acknowledgement)));
    }
  }

  #setOffloads(bits: bigint): boolean {
    if ((bits & ~(this.#agreed & ALL_OFFLOADS)) !== 0n) return false;
    this.#accepts = offloadsOf(bits);
    return true;
  }
}

/** Copies header and frame into the buffers, and shows them to the driver at once (section 5.1.6.4). */
const deliver = (queue: VirtioQueue, buffers: readonly VirtioRequest[], frame: NetFrame): void => {
  const sources = [writeHeader(frame, buffers.length), ...frame.pieces];
  let source = 0;
  let from = 0;
  const completions = buffers.map((request) => {
    let written = 0;
    for (const target of request.writable()) {
      let at = 0;
      while (at < target.length && source < sources.length) {
        const bytes = sources[source] ?? new Uint8Array(0);
        const count = Math.min(target.length - at, bytes.length - from);
        target.set(bytes.subarray(from, from + count), at);
        at += count;
        from += count;
        if (from === bytes.length) {
          source += 1;
          from = 0;
        }
      }
      written += at;
    }
    return { request, written };
  });
  queue.completeAll(completions);
};
