import { defineToken, type Token } from './token.ts';

/** Longest Ethernet frame that any backend and device takes, in bytes: a segment of 64 KiB with its headers. */
export const MAXIMUM_FRAME = 65_550;

/** What the receiver of a frame must still do to it. All offsets are from the start of the frame, in bytes. */
export interface FrameOffload {
  /** Sum the bytes from `start` to the end, and put the one's complement at `start + offset`. */
  readonly checksum?: { readonly start: number; readonly offset: number };
  /** A TCP segment that is to be cut into pieces of at most `size` bytes of payload. */
  readonly segment?: { readonly protocol: 'tcp4' | 'tcp6'; readonly size: number; readonly headerLength: number };
}

/** An Ethernet frame, without preamble and check sequence, in pieces; valid during the call that carries it only. */
export interface NetFrame {
  readonly pieces: readonly Uint8Array[];
  /** Bytes in all pieces. */
  readonly length: number;
  readonly offload?: FrameOffload;
}

/** Which frames one side of a link takes besides finished ones. Absent is false. */
export interface NetOffloads {
  readonly checksum?: boolean;
  readonly tcp4?: boolean;
  readonly tcp6?: boolean;
}

/** The device's side of a link. */
export interface NetHandlers {
  /** What {@link NetHandlers.receive} takes now; changes when a driver negotiates. */
  readonly accepts: NetOffloads;
  /** A frame for the guest. False: no room now; the frame stays with the backend, which offers it again after `resume`. */
  receive(frame: NetFrame): boolean;
  /** A `send` that was refused may succeed now. */
  drained(): void;
  linkChanged(up: boolean): void;
}

/**
 * What a network device is plugged into: a switch port, a NAT, a TAP. Frames come from a guest: nothing throws, a
 * frame that makes no sense is dropped and counted, and every queue has a cap.
 */
export interface NetBackend {
  /** What {@link NetBackend.send} takes besides finished frames. */
  readonly accepts: NetOffloads;
  readonly linkUp: boolean;
  /** Largest packet in bytes, without the Ethernet header, that the network carries; undefined is 1500. */
  readonly mtu?: number;
  /** A frame of the guest, copied before the call returns. False: the queue is full, and `drained` will tell. */
  send(frame: NetFrame): boolean;
  /** Plugs the device in; one device per backend. Connecting again replaces it. */
  connect(handlers: NetHandlers): void;
  /** The device has room again after a `receive` that gave false. */
  resume(): void;
}

/** A network device takes the backend that the machine's spec names under `use`. */
export const NetBackendToken: Token<NetBackend> = defineToken('vivarium/net-backend', 1);
