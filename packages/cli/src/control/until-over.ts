import { ExitCode, signalExitCode } from '../exit-code.ts';
import { type InterruptionCause, watchInterruptions } from '../interruption.ts';
import type { Streams } from '../session.ts';

/**
 * Waits for a stream that `begin` opens, which calls `over` with an exit code or an error, or for a signal or the end of
 * whoever reads the output: then `close` is called.
 */
export const untilOver = async (
  streams: Streams,
  begin: (over: (result: number | { readonly error: unknown }) => void) => { close(): void },
): Promise<number> => {
  let close = (): void => {};
  let cut = (_cause: InterruptionCause | undefined): void => {};
  const interruption = watchInterruptions(undefined, streams, () => cut(interruption.cause));
  try {
    return await new Promise<number>((resolve, reject) => {
      cut = (cause) => {
        close();
        resolve(cause?.kind === 'signal' ? signalExitCode(cause.signal) : ExitCode.outputClosed);
      };
      const stream = begin((result) => {
        if (typeof result === 'number') resolve(result);
        else reject(result.error);
      });
      close = () => stream.close();
    });
  } finally {
    interruption.close();
  }
};
