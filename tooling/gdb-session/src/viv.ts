import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const VIV = fileURLToPath(new URL('../../../packages/cli/src/main.ts', import.meta.url));

export interface VivResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** `viv run` in a process of its own. */
export interface VivProcess extends Disposable {
  /** Resolves with the port that GDB can attach at; rejects when `viv` ends before it says so. */
  readonly port: Promise<number>;
  readonly ended: Promise<VivResult>;
}

export const startViv = (...args: readonly string[]): VivProcess => {
  const child = spawn(process.execPath, ['--conditions=@vivarium/source', VIV, 'run', ...args], { stdio: 'pipe' });
  child.stdin.end();
  let stdout = '';
  let stderr = '';
  const port = new Promise<number>((resolve, reject) => {
    child.stderr.on('data', (bytes: Buffer) => {
      stderr += bytes.toString();
      const found = /target remote \S+:(\d+)/.exec(stderr)?.[1];
      if (found !== undefined) resolve(Number(found));
    });
    child.on('close', () => reject(new Error(`viv ended before it listened for GDB:\n${stderr}`)));
  });
  // A run without a debugger asks for no port.
  port.catch(() => {});
  const ended = new Promise<VivResult>((resolve, reject) => {
    child.stdout.on('data', (bytes: Buffer) => {
      stdout += bytes.toString();
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
  return { port, ended, [Symbol.dispose]: () => void child.kill('SIGKILL') };
};
