import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { prepareDebian, writeCpio } from '@vivarium/guest-debian';

const SOURCES = fileURLToPath(new URL('../guest/', import.meta.url));
export const COMPILER = 'riscv64-linux-gnu-gcc';

/** Every job of the guest, in the order in which it runs them. */
export const JOBS = [
  ...['alu', 'sieve', 'quicksort', 'calls', 'chase', 'memcpy', 'crc', 'sha256', 'md5', 'gzip', 'awk', 'shell'],
  ...['forkexec', 'syscall', 'pipe', 'nbody', 'mandelbrot', 'matrix', 'coremark', 'faults'],
];

/** Jobs on the first disk. */
export const BLOCK_JOBS = ['blkread', 'blkwrite', 'blkrandread', 'blkrandwrite', 'blkcached', 'blksync'];

/** Jobs over the first network card, with the host. */
export const NETWORK_JOBS = ['netdown', 'netup', 'netrr'];

/** Jobs on small files in a shared directory. */
export const FILE_JOBS = ['fsmake', 'fsread', 'fslist', 'fsremove'];

/** The kernel and an initrd that runs jobs instead of a shell; both engines boot the same files. */
export interface BenchGuest {
  readonly kernel: string;
  readonly initrd: string;
  /** Kernel command line for a selection of jobs, and the port of the host's server for those over a network. */
  readonly commandLine: (jobs: readonly string[], port?: number) => string;
  readonly remove: () => void;
}

/** Compiles the jobs and appends them to Debian's initramfs. */
export const prepareGuest = async (): Promise<BenchGuest> => {
  const debian = await prepareDebian({ onProgress: ({ message }) => process.stderr.write(`bench: ${message}\n`) });
  const folder = mkdtempSync(join(tmpdir(), 'vivarium-bench-'));
  mkdirSync(folder, { recursive: true });
  const binary = join(folder, 'jobs');
  const sources = readdirSync(SOURCES).filter((name) => name.endsWith('.c'));
  try {
    execFileSync(COMPILER, ['-O2', '-static', '-o', binary, ...sources.map((name) => join(SOURCES, name)), '-lm']);
  } catch (cause) {
    rmSync(folder, { recursive: true });
    throw new Error(`the jobs need ${COMPILER} (Debian: gcc-riscv64-linux-gnu libc6-dev-riscv64-cross)`, { cause });
  }
  const overlay = writeCpio([
    { path: 'viv', type: 'directory', mode: 0o755 },
    { path: 'viv/jobs', type: 'file', mode: 0o755, data: readFileSync(binary) },
    { path: 'viv/bench', type: 'file', mode: 0o755, data: readFileSync(join(SOURCES, 'bench.sh')) },
  ]);
  const initrd = join(folder, 'initrd.img');
  writeFileSync(initrd, Buffer.concat([readFileSync(debian.initrd), overlay]));
  return {
    kernel: debian.kernel,
    initrd,
    commandLine: (jobs, port = 0) => `console=ttyS0 rdinit=/viv/bench quiet port=${port} jobs=,${jobs.join(',')},`,
    remove: () => rmSync(folder, { recursive: true }),
  };
};
