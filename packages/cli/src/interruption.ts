import type { Streams } from './session.ts';

/** Why a run was cut short from outside of the guest. */
export type InterruptionCause =
  | { readonly kind: 'quit' }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'signal'; readonly signal: string }
  /** Whoever read standard output is gone. */
  | { readonly kind: 'output-closed' };

export interface Interruption {
  /** The first one, if any. */
  readonly cause: InterruptionCause | undefined;
  /** Resolves when standard output has no reader any more. */
  readonly outputClosed: Promise<void>;
  interrupt(cause: InterruptionCause): void;
  close(): void;
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Watches for everything outside that ends a run: signals, the time limit, output that nobody reads. `stop` is called
 * at the first. A second signal means that stopping takes too long: the process ends at once.
 */
export const watchInterruptions = (timeout: number | undefined, streams: Streams, stop: () => void): Interruption => {
  let cause: InterruptionCause | undefined;
  let closeOutput = (): void => {};
  const outputClosed = new Promise<void>((resolve) => {
    closeOutput = resolve;
  });
  const interrupt = (next: InterruptionCause): void => {
    if (next.kind === 'signal' && cause?.kind === 'signal') process.exit(1);
    cause ??= next;
    stop();
  };
  const onSignal = (signal: string): void => interrupt({ kind: 'signal', signal });
  const onOutputError = (): void => {
    closeOutput();
    interrupt({ kind: 'output-closed' });
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  streams.stdout.on('error', onOutputError);
  const timer = timeout === undefined ? undefined : setTimeout(() => interrupt({ kind: 'timeout' }), timeout * 1000);
  return {
    get cause() {
      return cause;
    },
    outputClosed,
    interrupt,
    close: () => {
      clearTimeout(timer);
      for (const signal of SIGNALS) process.off(signal, onSignal);
      streams.stdout.off('error', onOutputError);
    },
  };
};

/** Runs `work` with a signal that the first SIGINT, SIGTERM or SIGHUP aborts. */
export const abortOnSignal = async <T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> => {
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  for (const signal of SIGNALS) process.once(signal, abort);
  try {
    return await work(controller.signal);
  } finally {
    for (const signal of SIGNALS) process.off(signal, abort);
  }
};
