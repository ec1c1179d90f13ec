import type { Later, Socket, SocketEvent } from '../src/index.ts';

type Listener = (event: SocketEvent) => void;

/** A socket whose other end is the test. */
export class FakeSocket implements Socket {
  binaryType = 'blob';
  bufferedAmount = 0;
  readonly sent: Uint8Array[] = [];
  closed = false;
  readonly protocols: readonly string[];
  readonly #listeners = new Map<string, Listener[]>();

  constructor(protocols: readonly string[]) {
    this.protocols = protocols;
  }

  send(bytes: Uint8Array): void {
    this.sent.push(bytes);
    this.bufferedAmount += bytes.length;
  }

  close(): void {
    this.closed = true;
  }

  addEventListener(type: string, listener: Listener): void {
    this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener]);
  }

  tell(type: 'open' | 'close' | 'error' | 'message', event: SocketEvent = {}): void {
    for (const listener of this.#listeners.get(type) ?? []) listener(event);
  }

  /** A message of the other end. */
  message(bytes: Uint8Array): void {
    this.tell('message', { data: Uint8Array.from(bytes).buffer });
  }
}

/** Timers that the test lets expire. */
export const fakeLater = () => {
  let waiting: { readonly act: () => void; readonly milliseconds: number }[] = [];
  const later: Later = (act, milliseconds) => {
    const one = { act, milliseconds };
    waiting.push(one);
    return () => {
      waiting = waiting.filter((other) => other !== one);
    };
  };
  return {
    later,
    pauses: () => waiting.map(({ milliseconds }) => milliseconds),
    expire: () => {
      const due = waiting;
      waiting = [];
      for (const { act } of due) act();
    },
  };
};
