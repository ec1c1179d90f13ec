import { parseArgs } from 'node:util';
import { errors } from './errors.ts';
import { KINDS, type Kind, kindNames } from './kinds.ts';
import { LICENCES, type Licence } from './licences.ts';
import { checkName } from './names.ts';

/** What the command line says; what it leaves out is asked for, or has a default. */
export interface Wishes {
  readonly folder?: string | undefined;
  readonly name?: string | undefined;
  readonly kind?: Kind | undefined;
  readonly licence?: Licence | undefined;
  readonly author?: string | undefined;
  /** Ask nothing. */
  readonly yes: boolean;
}

export type Request = { readonly action: 'help' | 'version' } | { readonly action: 'create'; readonly wishes: Wishes };

const OPTIONS = {
  kind: { type: 'string' },
  name: { type: 'string' },
  license: { type: 'string' },
  author: { type: 'string' },
  yes: { type: 'boolean', short: 'y' },
  version: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

const usage = (problem: string, cause?: unknown) => errors.make('VIV_SCAFFOLD_USAGE', problem, { cause });

const oneOf = <T extends string>(option: string, value: string | undefined, known: readonly T[]): T | undefined => {
  if (value === undefined) return undefined;
  const found = known.find((each) => each.toLowerCase() === value.toLowerCase());
  if (found === undefined) throw usage(`there is no ${option} '${value}'; there are: ${known.join(', ')}`);
  return found;
};

const parse = (args: readonly string[]) => {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true, strict: true });
  } catch (error) {
    // After the first sentence Node's messages advise on its own API.
    throw usage((error as Error).message.split(/\.(?:\s|$)/)[0] ?? '', error);
  }
};

/** Reads the arguments. Throws `VIV_SCAFFOLD_USAGE`, `VIV_SCAFFOLD_NAME`. */
export const parseCommandLine = (args: readonly string[]): Request => {
  const { values, positionals } = parse(args);
  if (values.help === true) return { action: 'help' };
  if (values.version === true) return { action: 'version' };
  const [folder, extra] = positionals;
  if (extra !== undefined) throw usage(`'${extra}' is one argument too many`);
  if (folder === '') throw usage('the folder has no name');
  return {
    action: 'create',
    wishes: {
      folder,
      name: values.name === undefined ? undefined : checkName(values.name),
      kind: oneOf('kind', values.kind, kindNames),
      licence: oneOf('license', values.license, LICENCES),
      author: values.author,
      yes: values.yes === true,
    },
  };
};

export const helpText =
  (): string => `Starts a plugin package for Vivarium machines: a small device that works, with tests.

  npm create vivarium-plugin [FOLDER] [-- OPTIONS]
  pnpm create vivarium-plugin [FOLDER] [OPTIONS]

FOLDER is made, or must be empty; . is the current one. In a terminal, what is missing is asked for.

  --kind KIND        what to start from:
${kindNames.map((kind) => `                       ${kind.padEnd(8)} ${KINDS[kind].label}: ${KINDS[kind].summary}`).join('\n')}
  --name NAME        name of the package, if it is not the folder's
  --license ID       ${LICENCES.slice(0, -1).join(', ')} or ${LICENCES.at(-1)} (default MIT)
  --author NAME      for package.json and the licence (default git's user.name)
  -y, --yes          ask nothing: kind virtio, license MIT
  --version          print the version
  -h, --help         print this help
`;
