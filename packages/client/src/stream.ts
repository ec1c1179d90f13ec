import type { HeardBy, InputOf, StreamName, ToldBy } from '@vivarium/control';
import { errors } from './errors.ts';
import { errorOf, objectOf } from './problem.ts';
import { pathOf } from './routes.ts';
import type { Transport, TransportSocket } from './transport.ts';

/** What a stream tells. */
export interface StreamHandlers<Name extends StreamName> {
  /** Bytes of a channel. `false`: no more of them until {@link ClientStream.resume}. */
  bytes?(channel: number, bytes: Uint8Array): boolean | void;
  note?(note: ToldBy<Name>): void;
  /** The stream is open. */
  opened?(): void;
  /** There is room again after `bytes` said that there was none. */
  writable?(): void;
  /** The stream is over, once; with a coded error if that is why. Not after `close`. */
  end(error?: unknown): void;
}

/** A stream of the daemon. */
export interface ClientStream<Name extends StreamName> {
  /** Input on a channel. `false`: it was taken, and the next is better given once the handlers' `writable` is called. */
  bytes(channel: number, bytes: Uint8Array): boolean;
  note(note: HeardBy<Name>): void;
  /** Goes on after a handler returned `false`. In a browser nothing waits. */
  resume(): void;
  close(): void;
}

/** Bytes of input on their way above which a caller had better wait, and of one message. */
const HIGH = 256 << 10;
const LARGEST = 128 << 10;
const NORMAL = 1000;

export const openStream = <Name extends StreamName>(
  transport: Transport,
  name: Name,
  input: InputOf<Name>,
  handlers: StreamHandlers<Name>,
): ClientStream<Name> => {
  const { path, rest } = pathOf(name, input);
  let open = false;
  let over = false;
  let problem: unknown;
  /** What was said before the socket was open. */
  let early: (string | Uint8Array)[] = [];
  let full = false;
  const finish = (error?: unknown): void => {
    if (over) return;
    over = true;
    early = [];
    handlers.end(error);
  };
  const text = (message: string): void => {
    const note = objectOf(message);
    if (note['kind'] === 'error') problem = errorOf(note['problem']);
    else handlers.note?.(note as ToldBy<Name>);
  };
  const socket: TransportSocket = transport.socket(path, {
    opened: () => {
      if (over) return;
      open = true;
      socket.send(JSON.stringify(rest));
      for (const message of early) socket.send(message);
      early = [];
      handlers.opened?.();
    },
    text: (message) => {
      if (over) return;
      try {
        text(message);
      } catch (error) {
        finish(error);
        socket.close();
      }
    },
    bytes: (message) => {
      if (over || message.length === 0) return;
      if (handlers.bytes?.(message[0] ?? 0, message.subarray(1)) === false) socket.pause();
    },
    drained: () => {
      if (!full || over) return;
      full = false;
      handlers.writable?.();
    },
    closed: (code, error) => {
      if (error !== undefined || !open) {
        finish(error ?? errors.make('VIV_CLIENT_CONNECT', 'the connection was refused'));
      } else if (problem !== undefined) finish(problem);
      else if (code === NORMAL) finish();
      else finish(errors.make('VIV_CLIENT_CLOSED', `the connection ended, with code ${code}`, { details: { code } }));
    },
  });
  const send = (message: string | Uint8Array): void => {
    if (over) return;
    if (open) socket.send(message);
    else early.push(message);
  };
  return {
    bytes: (channel, bytes) => {
      for (let from = 0; from < bytes.length; from += LARGEST) {
        const piece = bytes.subarray(from, from + LARGEST);
        const frame = new Uint8Array(piece.length + 1);
        frame[0] = channel;
        frame.set(piece, 1);
        send(frame);
      }
      const waiting = open ? socket.waiting : early.reduce((sum, message) => sum + message.length, 0);
      full = !over && waiting > HIGH;
      return !full;
    },
    note: (note) => send(JSON.stringify(note)),
    resume: () => socket.resume(),
    close: () => {
      over = true;
      early = [];
      socket.close();
    },
  };
};
