import { spawnSync } from 'node:child_process';

const run = (command: string, args: readonly string[], input: Uint8Array | string): Buffer => {
  const result = spawnSync(command, args, { input, maxBuffer: 64 * 1024 * 1024 });
  if (result.status === null) {
    throw new Error(`this test needs ${command} (Debian: device-tree-compiler)`, { cause: result.error });
  }
  if (result.status !== 0) {
    throw new Error(`${command} ${args.join(' ')} failed: ${result.stderr.toString()}`);
  }
  return result.stdout;
};

/** The reference compiler; checks are off because arbitrary trees break bindings on purpose. */
export const sourceOf = (blob: Uint8Array): string =>
  run('dtc', ['-f', '-q', '-q', '-I', 'dtb', '-O', 'dts'], blob).toString();
export const compile = (source: string): Uint8Array =>
  new Uint8Array(run('dtc', ['-f', '-q', '-q', '-I', 'dts', '-O', 'dtb'], source));
/** Sorted source: two blobs of one tree give the same text. */
export const sorted = (blob: Uint8Array): string =>
  run('dtc', ['-f', '-q', '-q', '-s', '-I', 'dtb', '-O', 'dts'], blob).toString();
