/**
 * The wire between a serial device and host code. The device sees a character backend, host code a port with
 * listeners for output, a bounded queue for input, a bounded scroll-back, and a way to make the guest wait.
 * A flood in either direction costs the sender time, never the host memory.
 *
 * Contract: `CharBackend` and `CharPort` in `@vivarium/contracts`.
 *
 * @example
 * import { charPipe } from '@vivarium/char-pipe';
 *
 * const part = { id: 'console', plugin: charPipe, options: { scrollbackCapacity: 1_048_576 } };
 * // Later, with the port that the assembled machine provides under CharPortToken:
 * // const stop = port.onOutput((bytes) => process.stdout.write(bytes));
 * // port.send(new TextEncoder().encode('uname -a\n'));
 *
 * @module
 */
import { bind, CharBackendToken, CharPortToken, CONTRACTS_MAJOR, definePlugin } from '@vivarium/contracts';
import * as z from 'zod';
import { Pipe } from './pipe.ts';

const KIBIBYTE = 1024;
const MEBIBYTE = 1024 * KIBIBYTE;

/** Options of the pipe. */
export const charPipeOptions = z
  .strictObject({
    /** Bytes sent to the guest that wait for its device. */
    inputCapacity: z
      .int()
      .min(1)
      .max(8 * MEBIBYTE)
      .default(64 * KIBIBYTE),
    /** Bytes of output kept for late viewers. */
    scrollbackCapacity: z
      .int()
      .min(1)
      .max(64 * MEBIBYTE)
      .default(256 * KIBIBYTE),
  })
  .prefault({});

/** The plugin. */
export const charPipe = definePlugin<z.infer<typeof charPipeOptions>>({
  name: '@vivarium/char-pipe',
  version: '0.1.0',
  api: CONTRACTS_MAJOR,
  summary: 'character backend whose other end host code holds',
  provides: [CharBackendToken, CharPortToken],
  options: charPipeOptions,
  setup: ({ options, log }) => {
    const pipe = new Pipe({
      ...options,
      onListenerFailure: (error) => log.error('a listener of the character stream failed', { error: String(error) }),
    });
    return {
      provides: [bind(CharBackendToken, pipe), bind(CharPortToken, pipe)],
      dispose: () => pipe.dispose(),
    };
  },
});

export default charPipe;
export { errorTable } from './errors.ts';
export { Pipe, type PipeSettings } from './pipe.ts';
