import { spawnSync } from 'node:child_process';

interface Outcome {
  readonly status: number;
  readonly stdout: string;
  /** Both streams, for messages. */
  readonly output: string;
}

const run = (tool: string, args: readonly string[]): Outcome => {
  const { status, stdout, stderr, error } = spawnSync(tool, args, { encoding: 'utf8', maxBuffer: 1 << 28 });
  if (status === null) throw new Error(`this test needs ${tool} (Debian: qemu-utils)`, { cause: error });
  return { status, stdout, output: `${stdout}${stderr}` };
};

/** Runs qemu-img, which must succeed, and returns what it prints. */
export const qemuImg = (...args: readonly string[]): string => {
  const { status, stdout, output } = run('qemu-img', args);
  if (status !== 0) throw new Error(`qemu-img ${args.join(' ')}: ${output}`);
  return stdout;
};

/** Runs commands of qemu-io on an image. */
export const qemuIo = (path: string, ...commands: readonly string[]): string => {
  const { status, output } = run('qemu-io', ['-f', 'qcow2', ...commands.flatMap((command) => ['-c', command]), path]);
  if (status !== 0) throw new Error(`qemu-io ${commands.join('; ')}: ${output}`);
  return output;
};

/** What `qemu-img check` finds. */
export const qemuCheck = (path: string): { readonly corruptions: number; readonly leaks: number } => {
  const { status, stdout, output } = run('qemu-img', ['check', '-f', 'qcow2', '--output=json', path]);
  // 0: sound, 2: corrupt, 3: leaks only; anything else is no verdict.
  if (![0, 2, 3].includes(status)) throw new Error(`qemu-img check ${path}: ${output}`);
  const found = JSON.parse(stdout) as { corruptions?: number; leaks?: number; 'check-errors': number };
  if (found['check-errors'] !== 0) throw new Error(`qemu-img check ${path}: ${output}`);
  return { corruptions: found.corruptions ?? 0, leaks: found.leaks ?? 0 };
};
