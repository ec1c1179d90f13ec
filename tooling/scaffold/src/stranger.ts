import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { type LocalRegistry, startRegistry } from './local-registry.ts';
import { packWorkspace, usualRegistry } from './published-packages.ts';

/** What a script did. */
export interface Outcome {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Where its shell was at the end. */
  readonly cwd: string;
}

/** Somebody who knows nothing of this repository: an empty folder, a shell, Node, pnpm, and what we would publish. */
export interface Stranger {
  /** The empty folder. */
  readonly folder: string;
  /** Runs a shell script, which ends at the first command that fails. */
  run(script: string, cwd: string): Promise<Outcome>;
  [Symbol.asyncDispose](): Promise<void>;
}

const FROM_A_PACKAGE_MANAGER = /^(?:npm_|pnpm_|node_|vitest|turbo|init_cwd$|ci$)/i;

const pnpmOnPath = (path: readonly string[]): string => {
  const found = path.map((folder) => join(folder, 'pnpm')).find((file) => existsSync(file));
  if (found === undefined) throw new Error('there is no pnpm on the PATH: start this through pnpm');
  return realpathSync(found);
};

/** This process's environment, without all that the package manager it was started by has put there. */
const environment = (scratch: string, registry: LocalRegistry): NodeJS.ProcessEnv => {
  const path = (process.env['PATH'] ?? '').split(delimiter);
  const bin = join(scratch, 'bin');
  mkdirSync(bin);
  symlinkSync(process.execPath, join(bin, 'node'));
  symlinkSync(pnpmOnPath(path), join(bin, 'pnpm'));
  const clean = Object.entries(process.env).filter(([name]) => !FROM_A_PACKAGE_MANAGER.test(name));
  return {
    ...Object.fromEntries(clean),
    PATH: [bin, ...path.filter((folder) => !folder.includes('node_modules'))].join(delimiter),
    pnpm_config_registry: registry.address,
    // Versions here are not those of the next time.
    pnpm_config_cache_dir: join(scratch, 'cache'),
  };
};

/** Builds and packs our packages, and offers them to a stranger. Takes a minute when nothing was built yet. */
export const meetStranger = async (): Promise<Stranger> => {
  const scratch = mkdtempSync(join(tmpdir(), 'vivarium-stranger-'));
  const remove = (): void => rmSync(scratch, { recursive: true, force: true });
  try {
    const [packed, folder] = [join(scratch, 'packed'), join(scratch, 'projects')];
    mkdirSync(packed);
    mkdirSync(folder);
    packWorkspace(packed);
    const registry = await startRegistry(packed, usualRegistry());
    const env = environment(scratch, registry);
    return {
      folder,
      run: (script, cwd) => runScript(script, { cwd, env, log: join(scratch, 'cwd') }),
      [Symbol.asyncDispose]: async () => {
        await registry.close();
        remove();
      },
    };
  } catch (error) {
    remove();
    throw error;
  }
};

export interface ShellOptions {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** File for the name of the last folder. */
  readonly log: string;
}

/** Runs a shell script, which ends at the first command that fails. */
export const runScript = (script: string, { cwd, env, log }: ShellOptions): Promise<Outcome> => {
  const withTrap = `trap 'pwd >"$SHELL_CWD"' EXIT\n${script}`;
  const child = spawn('bash', ['-e', '-c', withTrap], {
    cwd,
    env: { ...env, SHELL_CWD: log },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said.stderr += text));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status) => {
      resolve({ status: status ?? 1, ...said, cwd: readFileSync(log, 'utf8').trim() });
    });
  });
};
