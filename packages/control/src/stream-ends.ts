import type { HeardBy, StreamName, ToldBy } from './operations.ts';

/** The caller's end of a stream, as the control plane sees it: what a transport provides. */
export interface StreamPeer<Name extends StreamName = StreamName> {
  /** Bytes of a channel. False: the caller is slow, and is to be given no more until {@link OpenStream.resume}. */
  bytes(channel: number, bytes: Uint8Array): boolean;
  /** A note, plain JSON. Notes are few; what `events` tells is bounded here by the same answer. */
  note(note: ToldBy<Name>): boolean;
  /** The stream is over, from the control plane's side; with an error if that is why. */
  end(error?: unknown): void;
  /** The control plane takes input again, after {@link OpenStream.bytes} took less than it was given. */
  writable?(): void;
}

/** The control plane's end of a stream. */
export interface OpenStream<Name extends StreamName = StreamName> {
  /** Returns how many bytes were taken; the others are to be given again once the peer is told `writable`. */
  bytes(channel: number, bytes: Uint8Array): number;
  /** Throws `VIV_CONTROL_INPUT`. */
  note(note: HeardBy<Name>): void;
  /** The caller takes bytes and notes again. */
  resume(): void;
  /** The caller has gone. Nothing is told to it any more. */
  close(): void;
}
