/** As much of a `WebSocket` of the platform as an uplink needs. */
export interface Socket {
  binaryType: string;
  readonly bufferedAmount: number;
  send(bytes: Uint8Array<ArrayBuffer>): void;
  close(): void;
  addEventListener(type: 'open' | 'close' | 'error' | 'message', listener: (event: SocketEvent) => void): void;
}

export interface SocketEvent {
  readonly data?: unknown;
  readonly code?: number;
  readonly reason?: string;
}

/** Opens a socket; may throw. */
export type OpenSocket = (url: string, protocols: string[]) => Socket;

/** In every platform, but not in the language's own library. */
declare const WebSocket: new (url: string, protocols: string[]) => Socket;
declare const setTimeout: (act: () => void, milliseconds: number) => number | { unref(): void };
declare const clearTimeout: (handle: unknown) => void;

export const openPlatformSocket: OpenSocket = (url, protocols) => new WebSocket(url, protocols);

/** Calls `act` later, unless what it returns is called before. */
export type Later = (act: () => void, milliseconds: number) => () => void;

/** Over the platform's timers. Does not keep a process alive that has nothing else to do. */
export const hostLater: Later = (act, milliseconds) => {
  const handle = setTimeout(act, milliseconds);
  // Node's handle is an object, a browser's a number.
  if (typeof handle === 'object') handle.unref();
  return () => clearTimeout(handle);
};
