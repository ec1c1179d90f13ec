import { CellService, type CreateCell } from './cell-service.ts';
import type { CellChannel, ChannelHandlers } from './channel.ts';
import { deferred } from './deferred.ts';
import type { CodedError } from './end.ts';
import type { CellKind, CellLink } from './link.ts';
import type { PageTools } from '../memory/page-tools.ts';

declare const queueMicrotask: (callback: () => void) => void;

class MemoryEnd implements CellChannel {
  readonly backlog = 0;
  readonly #early: object[] = [];
  other: MemoryEnd | undefined;
  #handlers: ChannelHandlers | undefined;
  #open = true;

  listen(handlers: ChannelHandlers): void {
    this.#handlers = handlers;
    for (const message of this.#early.splice(0)) this.#deliver(message);
  }

  send(message: object): void {
    if (this.#open) this.other?.take(message);
  }

  take(message: object): void {
    if (this.#handlers === undefined) this.#early.push(message);
    else this.#deliver(message);
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    queueMicrotask(() => this.other?.closed());
  }

  closed(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#handlers?.closed();
  }

  #deliver(message: object): void {
    queueMicrotask(() => {
      if (this.#open) this.#handlers?.message(message);
    });
  }
}

/** Two ends of a channel within one thread. */
export const memoryChannel = (): readonly [CellChannel, CellChannel] => {
  const one = new MemoryEnd();
  const other = new MemoryEnd();
  one.other = other;
  other.other = one;
  return [one, other];
};

const launch = async ({ createCell, pageTools }: InlineCellOptions): Promise<CellLink> => {
  const [outside, inside] = memoryChannel();
  const service = new CellService(createCell, undefined, pageTools);
  const died = deferred<CodedError | undefined>();
  service.connect(inside, () => {});
  return {
    channel: outside,
    died: died.promise,
    kill: async () => {
      try {
        await service[Symbol.asyncDispose]();
      } finally {
        died.resolve(undefined);
      }
    },
    clean: async () => {},
  };
};

export interface InlineCellOptions {
  readonly createCell?: CreateCell;
  /** For machines with `overcommit`: `nodePageTools()` of `@vivarium/host/node`. */
  readonly pageTools?: PageTools;
}

/**
 * Cells on this thread: nothing is contained, nothing is started, and machines with a virtual clock are deterministic.
 * With `createCell` of `@vivarium/host/node`, vCPUs that want threads get them.
 */
export const inlineCells = (options: InlineCellOptions = {}): CellKind => ({
  name: 'inline',
  launch: () => launch(options),
});
