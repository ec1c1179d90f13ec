import type { Socket } from 'node:net';
import type { CellChannel } from '../cells/channel.ts';

/**
 * A message on a stream: the length of its JSON, the length of the bytes behind that, both 32-bit little-endian, then
 * the two. The bytes are the message's `bytes`; no bytes, no field.
 */
const HEADER = 8;
/** Recipes may carry options; nothing else is large. */
const LARGEST_JSON = 4 << 20;
const LARGEST_BYTES = 64 << 10;
/** Bytes that wait for a peer that does not read. Windows keep what is sent far below it. */
const LARGEST_BACKLOG = 16 << 20;

export const encodeFrame = (message: object): Uint8Array => {
  const { bytes, ...rest } = message as { readonly bytes?: Uint8Array };
  const json = Buffer.from(JSON.stringify(rest));
  const tail = bytes ?? new Uint8Array();
  const frame = Buffer.allocUnsafe(HEADER + json.length + tail.length);
  frame.writeUInt32LE(json.length, 0);
  frame.writeUInt32LE(tail.length, 4);
  frame.set(json, HEADER);
  frame.set(tail, HEADER + json.length);
  return frame;
};

/** Cuts a stream into messages. What it keeps is bounded by the largest frame. */
export class FrameDecoder {
  #pieces: Uint8Array[] = [];
  #length = 0;

  /** The messages that are complete now. Throws when the stream is none of frames. */
  push(piece: Uint8Array): readonly unknown[] {
    this.#pieces.push(piece);
    this.#length += piece.length;
    const messages: unknown[] = [];
    for (let size = this.#size(); size !== undefined && this.#length >= size.all; size = this.#size()) {
      const frame = this.#joined();
      this.#pieces = frame.length === size.all ? [] : [frame.subarray(size.all)];
      this.#length -= size.all;
      const message: unknown = JSON.parse(frame.toString('utf8', HEADER, HEADER + size.json));
      if (typeof message !== 'object' || message === null) throw new Error('a frame holds no message');
      // A copy: the pieces of a stream share a buffer.
      const bytes = Uint8Array.from(frame.subarray(HEADER + size.json, size.all));
      messages.push(bytes.length === 0 ? message : { ...message, bytes });
    }
    return messages;
  }

  #size(): { readonly json: number; readonly all: number } | undefined {
    if (this.#length < HEADER) return undefined;
    const header = this.#pieces[0]?.length ?? 0;
    const frame = header >= HEADER ? Buffer.from(this.#pieces[0] ?? []) : this.#joined();
    const json = frame.readUInt32LE(0);
    const bytes = frame.readUInt32LE(4);
    if (json > LARGEST_JSON || bytes > LARGEST_BYTES)
      throw new Error(`a frame of ${json} + ${bytes} bytes is too large`);
    return { json, all: HEADER + json + bytes };
  }

  #joined(): Buffer {
    const joined = Buffer.concat(this.#pieces);
    this.#pieces = [joined];
    return joined;
  }
}

/** A channel over a stream socket. A peer that breaks the framing, or does not read, is cut off. */
export const socketChannel = (socket: Socket): CellChannel => {
  let reason: string | undefined;
  let told = false;
  const cutOff = (why: string): void => {
    reason ??= why;
    socket.destroy();
  };
  socket.on('error', (error) => {
    reason ??= error.message;
  });
  return {
    get backlog() {
      return socket.writableLength;
    },
    listen: (handlers) => {
      const decoder = new FrameDecoder();
      socket.on('data', (piece: Uint8Array) => {
        if (socket.destroyed) return;
        try {
          for (const message of decoder.push(piece)) handlers.message(message);
        } catch (error) {
          cutOff(error instanceof Error ? error.message : String(error));
        }
      });
      const closed = (): void => {
        if (told) return;
        told = true;
        handlers.closed(reason);
      };
      socket.on('close', closed);
      if (socket.destroyed) queueMicrotask(closed);
    },
    send: (message) => {
      if (socket.destroyed || !socket.writable) return;
      socket.write(encodeFrame(message));
      if (socket.writableLength > LARGEST_BACKLOG) cutOff('the other side does not read');
    },
    close: () => {
      told = true;
      socket.end();
      socket.resume();
    },
  };
};
