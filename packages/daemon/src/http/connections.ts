import type { Duplex } from 'node:stream';

/** Connections that are told that there are too many, at a time; beyond these there is not even time for that. */
const MOST_REFUSED = 1024;
/** Milliseconds for a connection that is refused to say what it wants, and hear that. */
const REFUSING = 2000;

/** The connections of a listener: so many at a time, and some more that hear that they are too many. */
export class Connections {
  readonly #most: number;
  readonly #open = new Set<Duplex>();
  readonly #refused = new Set<Duplex>();

  constructor(most: number) {
    this.#most = most;
  }

  get open(): number {
    return this.#open.size;
  }

  /** A caller has connected. */
  readonly add = (socket: Duplex): void => {
    // A caller that resets its connection is an ordinary end.
    socket.on('error', () => {});
    const of = this.#open.size < this.#most ? this.#open : this.#refused;
    if (of === this.#refused && of.size >= MOST_REFUSED) {
      socket.destroy();
      return;
    }
    of.add(socket);
    const timer = of === this.#refused ? setTimeout(() => socket.destroy(), REFUSING) : undefined;
    socket.once('close', () => {
      clearTimeout(timer);
      of.delete(socket);
    });
  };

  /** Whether it is one too many, which its requests are to be told. */
  refuses(socket: Duplex): boolean {
    return this.#refused.has(socket);
  }

  /** Ends all of them. */
  destroy(): void {
    for (const socket of [...this.#open, ...this.#refused]) socket.destroy();
  }
}
