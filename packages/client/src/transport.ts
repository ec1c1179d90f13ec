/** An answer to a request. */
export interface TransportAnswer {
  readonly status: number;
  readonly text: string;
}

/** What a WebSocket tells. */
export interface SocketListener {
  opened(): void;
  text(text: string): void;
  bytes(bytes: Uint8Array): void;
  /** What was sent is on its way. */
  drained(): void;
  /** Once, whatever came before: the code of the close, and why it failed to connect, if it did. */
  closed(code: number, error?: unknown): void;
}

/** A WebSocket, as browsers and Node have them. */
export interface TransportSocket {
  send(message: string | Uint8Array): void;
  /** Bytes that are not on their way yet. */
  readonly waiting: number;
  /** Takes no more messages until `resume`, where the platform can do that. */
  pause(): void;
  resume(): void;
  close(): void;
}

/** The way to a daemon. */
export interface Transport {
  /** Rejects with `VIV_CLIENT_CONNECT`. */
  request(order: {
    readonly method: string;
    readonly path: string;
    /** JSON. */
    readonly body?: string;
    readonly signal?: AbortSignal;
  }): Promise<TransportAnswer>;
  socket(path: string, listener: SocketListener): TransportSocket;
}

/** Subprotocols that a client offers; the token is in one, since browsers let pages set no header. */
export const subprotocols = (token: string | undefined): string[] => {
  if (token === undefined) return ['vivarium.v1'];
  const coded = btoa(token).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
  return ['vivarium.v1', `vivarium.bearer.${coded}`];
};
