import { errors } from './errors.ts';

/** Of the part behind a scope; the code of a longer one would not fit its lines. */
const LONGEST_NAME = 40;
/** npm's limit. */
const LONGEST_WITH_SCOPE = 214;
const PACKAGE_NAME = /^(?:@[a-z0-9][a-z0-9._-]*\/)?[a-z][a-z0-9]*(?:[._-][a-z0-9]+)*$/;
const NEVER = new Set(['node_modules', 'favicon.ico', 'package', 'test']);

/** Checks the name of a new package. Throws `VIV_SCAFFOLD_NAME`. */
export const checkName = (name: string): string => {
  const bare = name.slice(name.indexOf('/') + 1);
  const problem =
    bare.length > LONGEST_NAME || name.length > LONGEST_WITH_SCOPE
      ? `is longer than ${LONGEST_NAME} characters`
      : !PACKAGE_NAME.test(name) || NEVER.has(name)
        ? 'is no name for a package'
        : undefined;
  if (problem !== undefined) throw errors.make('VIV_SCAFFOLD_NAME', `"${name.slice(0, 100)}" ${problem}`);
  return name;
};

/** What a package in this folder would be called: `My Device` → `my-device`. Not checked. */
export const nameOfFolder = (folder: string): string =>
  folder
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');

/** The words by which code speaks of a plugin. */
export interface Words {
  /** `@me/my-device` */
  readonly package: string;
  /** `my-device`: files, `compatible`, schema of the state */
  readonly kebab: string;
  /** `MyDevice`: the class */
  readonly pascal: string;
  /** `myDevice`: the plugin */
  readonly camel: string;
  /** `MY_DEVICE`: codes of errors */
  readonly upper: string;
}

const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);

// Words that no constant can be named (ECMA-262, section 12.7.2), and names that one should not hide.
const RESERVED = `arguments async await break case catch class const continue debugger default delete do else enum eval
  export extends false finally for function if implements import in instanceof interface let new null package private
  protected public return static super switch this throw true try typeof undefined var void while with yield`;

/**
 * The words for a package's name. An identifier that is reserved, a global, or in `taken` gets a suffix: a package
 * named `map` makes a class `MapPlugin`.
 */
export const wordsOf = (name: string, taken: ReadonlySet<string> = new Set()): Words => {
  const parts = name.replace(/^@[^/]*\//, '').split(/[._-]/);
  const pascal = parts.map(capital).join('');
  const camel = pascal.charAt(0).toLowerCase() + pascal.slice(1);
  const reserved = new Set(RESERVED.split(/\s+/));
  const free = (word: string): boolean => !reserved.has(word) && !taken.has(word) && !(word in globalThis);
  const suffix = free(pascal) && free(camel) ? '' : 'Plugin';
  return {
    package: name,
    kebab: parts.join('-'),
    pascal: pascal + suffix,
    camel: camel + suffix,
    upper: parts.join('_').toUpperCase(),
  };
};
