/** What callers may take of a daemon. Times are milliseconds. */
export interface ServerLimits {
  /** Connections of a listener at a time; more are answered with 503. */
  readonly connections: number;
  /** Bytes of a request's body. */
  readonly body: number;
  /** For the header of a request, and the first message of a WebSocket. */
  readonly headerTime: number;
  /** For all of a request. */
  readonly requestTime: number;
  /** Between two requests of a connection. */
  readonly idleTime: number;
  /** For a caller to take an answer. */
  readonly answerTime: number;
  /** Bytes of a message of a WebSocket. */
  readonly message: number;
  /** Messages of one WebSocket in a second, and at once. */
  readonly messages: { readonly rate: number; readonly burst: number };
  /** Between two signs of life of a WebSocket. */
  readonly heartbeat: number;
}

export const DEFAULT_LIMITS: ServerLimits = {
  connections: 256,
  body: 1 << 20,
  headerTime: 10_000,
  requestTime: 30_000,
  idleTime: 5000,
  answerTime: 30_000,
  message: 256 << 10,
  messages: { rate: 1000, burst: 4000 },
  heartbeat: 30_000,
};
