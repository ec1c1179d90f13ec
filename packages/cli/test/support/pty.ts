import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const DRIVER = fileURLToPath(new URL('./terminal-driver.py', import.meta.url));

/** One thing to do on the terminal, in order. */
export type PtyStep =
  /** Waits until the screen has shown `text` since the last `expect`. */
  | { readonly expect: string }
  | { readonly send: string }
  | { readonly resize: readonly [columns: number, rows: number] }
  /** Sends a signal to the program. */
  | { readonly signal: 'SIGTERM' | 'SIGHUP' | 'SIGINT' | 'SIGKILL' };

export interface PtyResult {
  readonly code: number;
  readonly output: string;
  /** The terminal's modes before and after the program, as `stty -g` would show them. */
  readonly modesBefore: string;
  readonly modesAfter: string;
  /** Modes while the program was waiting for the first `expect` that came true. */
  readonly modesDuring: string;
}

/** Runs a command on a pseudo-terminal by way of Python, which has them in its standard library. */
export const onTerminal = (command: readonly string[], steps: readonly PtyStep[], seconds = 60): Promise<PtyResult> =>
  new Promise((resolve, reject) => {
    const child = spawn('python3', [DRIVER], { stdio: 'pipe' });
    let output = '';
    let trouble = '';
    child.on('error', (error) => reject(new Error('python3 is needed to test on a pseudo-terminal', { cause: error })));
    child.stdout.on('data', (piece: Buffer) => {
      output += piece.toString();
    });
    child.stderr.on('data', (piece: Buffer) => {
      trouble += piece.toString();
    });
    child.on('close', (code) => {
      if (code !== 0) reject(new Error(`the terminal driver failed (${code}): ${trouble}`));
      else resolve(JSON.parse(output) as PtyResult);
    });
    child.stdin.end(JSON.stringify({ command, steps, seconds }));
  });
