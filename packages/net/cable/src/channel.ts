/**
 * Something that carries structured clones in order, both ways, between two ends: a `MessagePort` of a browser or of
 * Node, a `Worker`, the global scope of a worker. Not a `BroadcastChannel`: a cable has two ends.
 */
export interface CableChannel {
  postMessage(message: unknown, transfer: ArrayBuffer[]): void;
  addEventListener(
    type: 'message' | 'messageerror' | 'close',
    listener: (event: { readonly data?: unknown }) => void,
  ): void;
  removeEventListener(
    type: 'message' | 'messageerror' | 'close',
    listener: (event: { readonly data?: unknown }) => void,
  ): void;
  /** Ports hold messages back until it is called. */
  start?(): void;
  /** Absent where there is nothing to close, as in a worker's global scope. */
  close?(): void;
}

/** Whether a value is a {@link CableChannel}. */
export const isCableChannel = (value: unknown): value is CableChannel =>
  typeof value === 'object' &&
  value !== null &&
  ['postMessage', 'addEventListener', 'removeEventListener'].every(
    (name) => typeof (value as Readonly<Record<string, unknown>>)[name] === 'function',
  );
