import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeCpio } from '@vivarium/guest-debian';

/** Compiles `guest/<name>.c`, and gives an archive that puts it at `/viv/<name>`. */
export const guestProgram = async (name: string): Promise<Uint8Array> => {
  const folder = await mkdtemp(join(tmpdir(), 'viv-program-'));
  try {
    const source = fileURLToPath(new URL(`../guest/${name}.c`, import.meta.url));
    const program = join(folder, name);
    const flags = ['-static', '-Os', '-s', '-Wall', '-Werror', '-o', program, source];
    const { status, stderr, error } = spawnSync('riscv64-linux-gnu-gcc', flags, { encoding: 'utf8' });
    if (error !== undefined || status !== 0) {
      throw new Error(
        `compiling needs riscv64-linux-gnu-gcc (gcc-riscv64-linux-gnu, libc6-dev-riscv64-cross): ${stderr}`,
        {
          cause: error,
        },
      );
    }
    return writeCpio([
      { type: 'directory', path: 'viv' },
      { type: 'file', path: `viv/${name}`, data: await readFile(program), mode: 0o755 },
    ]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};
