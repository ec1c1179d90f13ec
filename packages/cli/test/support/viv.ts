import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The command line that starts `viv` from its sources. */
export const VIV: readonly string[] = [
  process.execPath,
  '--conditions=@vivarium/source',
  fileURLToPath(new URL('../../src/main.ts', import.meta.url)),
];

export interface Result {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Collects what a process says until it ends. */
export const finished = (child: ChildProcess): Promise<Result> =>
  new Promise((resolve, reject) => {
    let stdout = '';
    let stderr = '';
    child.stdout?.on('data', (piece: Buffer) => {
      stdout += piece.toString();
    });
    child.stderr?.on('data', (piece: Buffer) => {
      stderr += piece.toString();
    });
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });

/** Starts `viv`; its standard input stays open. */
export const start = (...args: string[]): ChildProcess => {
  const [node = '', ...rest] = [...VIV, ...args];
  return spawn(node, rest, { stdio: 'pipe' });
};

/** Runs `viv` to its end, with nothing on its standard input. */
export const viv = (...args: string[]): Promise<Result> => {
  const child = start(...args);
  child.stdin?.end();
  return finished(child);
};

/** The code in `viv: CODE: message`, or the whole text when there is none. */
export const codeIn = (stderr: string): string => /^viv: ((?:VIV|GUEST)_\w+):/m.exec(stderr)?.[1] ?? stderr;

/** A folder of files for one test file. */
export class Scratch {
  readonly path = mkdtempSync(join(tmpdir(), 'viv-test-'));

  /** Writes a file and returns its path. */
  put(name: string, content: string | Uint8Array): string {
    const path = join(this.path, name);
    writeFileSync(path, content);
    return path;
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
