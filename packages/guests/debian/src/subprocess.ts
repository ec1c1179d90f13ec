import { spawn } from 'node:child_process';
import { guestError } from './errors.ts';

export interface RunOptions {
  readonly cwd?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
  /** Called with each line the program writes to its file descriptor 3. */
  readonly onStatus?: (line: string) => void;
}

export interface Finished {
  readonly code: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** What is kept of a program's standard error: enough for its last words, bounded against a flood. */
const STDERR_LIMIT = 64 * 1024;

export const cancelled = (signal: AbortSignal) =>
  guestError('VIV_GUEST_CANCELLED', 'preparing the guest was cancelled', { cause: signal.reason });

const forEachLine = (stream: NodeJS.ReadableStream, onLine: (line: string) => void): void => {
  let rest = '';
  stream.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString('utf8')).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line);
  });
};

/**
 * Runs a program of the host to its end and collects what it says, in the C locale.
 *
 * @throws VIV_GUEST_CANCELLED, VIV_GUEST_NO_APT when the program does not exist
 */
export const run = (program: string, args: readonly string[], options: RunOptions = {}): Promise<Finished> =>
  new Promise((resolve, reject) => {
    const { signal } = options;
    if (signal?.aborted) {
      reject(cancelled(signal));
      return;
    }
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: { ...process.env, LC_ALL: 'C', ...options.environment },
      stdio: ['ignore', 'pipe', 'pipe', options.onStatus === undefined ? 'ignore' : 'pipe'],
    });
    const stop = (): void => {
      child.kill('SIGTERM');
    };
    signal?.addEventListener('abort', stop, { once: true });
    const stdout: Buffer[] = [];
    let stderr = '';
    child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr?.on('data', (chunk: Buffer) => {
      stderr = (stderr + chunk.toString('utf8')).slice(-STDERR_LIMIT);
    });
    const status = child.stdio[3];
    if (options.onStatus !== undefined && status && 'read' in status) forEachLine(status, options.onStatus);
    child.on('error', (cause) => {
      signal?.removeEventListener('abort', stop);
      const missing = 'code' in cause && cause.code === 'ENOENT';
      reject(
        missing
          ? guestError('VIV_GUEST_NO_APT', `the program ${program} is not on this host`, { cause })
          : guestError('VIV_GUEST_TOOL_FAILED', `${program} could not be started: ${cause.message}`, { cause }),
      );
    });
    child.on('close', (code) => {
      signal?.removeEventListener('abort', stop);
      if (signal?.aborted) reject(cancelled(signal));
      else resolve({ code, stdout: Buffer.concat(stdout), stderr });
    });
  });

/** As {@link run}, and a failure of the program is an error: VIV_GUEST_TOOL_FAILED. */
export const runChecked = async (
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Buffer> => {
  const { code, stdout, stderr } = await run(program, args, options);
  if (code === 0) return stdout;
  throw guestError('VIV_GUEST_TOOL_FAILED', `${program} ${args.join(' ')} failed (${code}): ${stderr.trim()}`);
};
