import { PassThrough } from 'node:stream';
import type { Process } from '../../src/index.ts';

export interface FakeProcess extends Process {
  /** Everything written so far. */
  readonly said: { readonly stdout: string; readonly stderr: string };
  /** Types keys, one after the other, as people do. */
  type(...keys: readonly string[]): void;
}

/** A process for the program to run in; with `terminal` a person sits in front of it. */
export const fakeProcess = (
  cwd: string,
  { terminal = false, env = {} }: { readonly terminal?: boolean; readonly env?: Record<string, string> } = {},
): FakeProcess => {
  const stream = () => Object.assign(new PassThrough(), { isTTY: terminal, setRawMode: () => {}, columns: 80 });
  const [stdin, stdout, stderr] = [stream(), stream(), stream()];
  const said = { stdout: '', stderr: '' };
  stdout.on('data', (bytes: Buffer) => (said.stdout += bytes.toString()));
  stderr.on('data', (bytes: Buffer) => (said.stderr += bytes.toString()));
  return {
    stdin,
    stdout,
    stderr,
    env,
    cwd: () => cwd,
    said,
    // Each question starts to listen a moment after the last was answered.
    type: (...keys) => {
      for (const [index, key] of keys.entries()) setTimeout(() => stdin.write(key), 50 * (index + 1));
    },
  };
};
