import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { basename, relative, resolve } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { isVivariumError } from '@vivarium/contracts';
import { helpText, parseCommandLine, type Wishes } from './command-line.ts';
import { KINDS, type Kind } from './kinds.ts';
import { checkName, nameOfFolder } from './names.ts';
import { inWordsOf, type PackageManager, packageManagerOf } from './npm-or-pnpm.ts';
import { projectFiles } from './project.ts';
import { askForRest } from './questions.ts';
import { errors } from './errors.ts';
import { checkFolder, writeProject } from './write-project.ts';

/** What the program needs of the process it runs in. */
export interface Process {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Writable & { readonly isTTY?: boolean };
  readonly stderr: Writable;
  readonly env: Readonly<Record<string, string | undefined>>;
  cwd(): string;
}

const EXIT = { done: 0, failed: 1, usage: 2, cancelled: 130 } as const;

const version = (): string => {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { readonly version: string }).version;
};

/** Git's idea of who is at work. */
const gitUser = (cwd: string): string | undefined => {
  try {
    const name = execFileSync('git', ['config', 'user.name'], {
      cwd,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return name.trim() === '' ? undefined : name.trim();
  } catch {
    return undefined;
  }
};

const quoted = (word: string): string => (/^[\w@./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`);

const nextSteps = (folder: string, kind: Kind, manager: PackageManager): string => {
  const steps = [
    ...(folder === '' ? [] : [`cd ${quoted(folder)}`]),
    ...['npm install', 'npm test', 'npm run build'].map((step) => inWordsOf(manager, step)),
    inWordsOf(manager, `npx viv run debian --plugin . --exec '${KINDS[kind].tryIt}'`),
  ];
  return steps.map((step) => `  ${step}\n`).join('');
};

const create = async (given: Wishes, process: Process): Promise<number> => {
  const { stdin, stdout, env } = process;
  const talks = stdin.isTTY === true && stdout.isTTY === true && !given.yes;
  const cwd = process.cwd();
  // What cannot work is said before anything is asked.
  if (given.folder !== undefined) await checkFolder(resolve(cwd, given.folder));
  const wishes = talks ? await askForRest(given, { input: stdin, output: stdout }) : given;
  if (wishes === undefined) return EXIT.cancelled;
  if (wishes.folder === undefined) throw errors.make('VIV_SCAFFOLD_USAGE', 'no folder is given');
  const folder = resolve(cwd, wishes.folder);
  const name = wishes.name ?? checkName(nameOfFolder(basename(folder)));
  const { kind = 'virtio', licence = 'MIT' } = wishes;
  const packageManager = packageManagerOf(env['npm_config_user_agent']);
  const author = wishes.author ?? gitUser(cwd);
  const files = projectFiles({ name, kind, licence, author, packageManager, year: new Date().getFullYear() });
  await writeProject(folder, files);
  const next = nextSteps(relative(cwd, folder), kind, packageManager);
  stdout.write(`${talks ? '\n' : ''}${name}, a ${KINDS[kind].label}, is in ${folder}.\n\nNext:\n\n${next}\n`);
  return EXIT.done;
};

/** Runs the program with `args` and returns its exit code. Rejects only for a bug. */
export const main = async (args: readonly string[], process: Process): Promise<number> => {
  try {
    const request = parseCommandLine(args);
    if (request.action === 'create') return await create(request.wishes, process);
    process.stdout.write(request.action === 'help' ? helpText() : `${version()}\n`);
    return EXIT.done;
  } catch (error) {
    if (!isVivariumError(error)) throw error;
    process.stderr.write(`create-vivarium-plugin: ${error.code}: ${error.message}\n  hint: ${error.hint}\n`);
    return error.code === 'VIV_SCAFFOLD_USAGE' ? EXIT.usage : EXIT.failed;
  }
};
