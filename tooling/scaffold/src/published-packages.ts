import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const REPOSITORY = fileURLToPath(new URL('../../..', import.meta.url));

/** What a stranger asks for by name; the rest of ours comes as their dependencies. */
const ASKED_FOR = ['create-vivarium-plugin', '@vivarium/cli', '@vivarium/testkit'];

const pnpm = (...args: readonly string[]): void => {
  const { status, stdout, stderr, error } = spawnSync('pnpm', args, { cwd: REPOSITORY, encoding: 'utf8' });
  if (error !== undefined) throw new Error('pnpm cannot be run: start this through pnpm', { cause: error });
  if (status !== 0) throw new Error(`pnpm ${args.join(' ')} failed:\n${stdout}${stderr}`);
};

/** Builds and packs what a stranger's project needs of ours, as it would be published, into `folder`. */
export const packWorkspace = (folder: string): void => {
  pnpm('exec', 'turbo', 'run', 'build', '--output-logs=errors-only', ...ASKED_FOR.map((name) => `--filter=${name}`));
  pnpm('--recursive', ...ASKED_FOR.map((name) => `--filter=${name}...`), 'pack', '--pack-destination', folder);
};

/** The registry that everything else comes from. */
export const usualRegistry = (): string => {
  const { stdout, error } = spawnSync('pnpm', ['config', 'get', 'registry'], { cwd: REPOSITORY, encoding: 'utf8' });
  if (error !== undefined) throw error;
  return stdout.trim();
};
