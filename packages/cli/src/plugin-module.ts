import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { errors } from './errors.ts';

/** What `exports` of a package.json can hold. */
type Target = string | null | readonly Target[] | { readonly [key: string]: Target };

/** The conditions this process resolves by: those given to node on its command line, then its own. */
export const activeConditions = (execArgv: readonly string[], nodeOptions: string): ReadonlySet<string> => {
  const words = [...execArgv, ...nodeOptions.split(/\s+/)];
  const given = words.flatMap((word, index) => {
    const inline = /^(?:--conditions|-C)=(.+)$/.exec(word)?.[1];
    if (inline !== undefined) return [inline];
    const next = word === '--conditions' || word === '-C' ? words[index + 1] : undefined;
    return next === undefined ? [] : [next];
  });
  return new Set([...given, 'node', 'import', 'module-sync', 'default']);
};

const pick = (target: Target | undefined, conditions: ReadonlySet<string>): string | undefined => {
  if (typeof target === 'string') return target;
  if (target === null || target === undefined) return undefined;
  if (Array.isArray(target)) {
    return target.map((each: Target) => pick(each, conditions)).find((found) => found !== undefined);
  }
  for (const [condition, next] of Object.entries(target as Record<string, Target>)) {
    const found = conditions.has(condition) ? pick(next, conditions) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
};

/** The entry file of the package in `folder`, by the rules of Node's ES module resolution. */
const packageEntry = (folder: string, subpath: string, conditions: ReadonlySet<string>): string | undefined => {
  const file = join(folder, 'package.json');
  if (!existsSync(file)) return undefined;
  const { exports, main } = JSON.parse(readFileSync(file, 'utf8')) as { exports?: Target; main?: string };
  if (exports === undefined || exports === null) {
    return join(folder, subpath === '.' ? (main ?? 'index.js') : subpath);
  }
  const bySubpath = typeof exports === 'object' && Object.keys(exports).some((key) => key.startsWith('.'));
  const target = bySubpath ? (exports as Record<string, Target>)[subpath] : subpath === '.' ? exports : undefined;
  const entry = pick(target, conditions);
  return entry === undefined ? undefined : join(folder, entry);
};

const installedPackage = (name: string, from: string): string | undefined => {
  for (let folder = from; ; folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules', name);
    if (existsSync(join(candidate, 'package.json'))) return candidate;
    if (folder === dirname(folder)) return undefined;
  }
};

/**
 * The module file that a `--plugin` specifier means, seen from `cwd`: a file, the entry of a package folder, or of an
 * installed package. Node's own resolver starts at the importing module and takes no folders, so it cannot say.
 * Throws `VIV_PLUGIN_UNRESOLVED`.
 */
export const resolvePlugin = (specifier: string, cwd: string, conditions: ReadonlySet<string>): string => {
  const entry = locate(specifier, cwd, conditions);
  if (entry === undefined || !existsSync(entry)) {
    const where = entry === undefined ? `from ${cwd}` : `its entry ${entry} is missing`;
    throw errors.make('VIV_PLUGIN_UNRESOLVED', `plugin '${specifier}' cannot be found (${where})`);
  }
  return entry;
};

const locate = (specifier: string, cwd: string, conditions: ReadonlySet<string>): string | undefined => {
  if (/^\.{0,2}\//.test(specifier) || specifier === '.' || specifier === '..' || isAbsolute(specifier)) {
    const path = resolve(cwd, specifier);
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
      ? packageEntry(path, '.', conditions)
      : path;
  }
  const [, name, rest] = /^((?:@[^/]+\/)?[^/]+)(\/.+)?$/.exec(specifier) ?? [];
  const folder = name === undefined ? undefined : installedPackage(name, cwd);
  return folder === undefined ? undefined : packageEntry(folder, rest === undefined ? '.' : `.${rest}`, conditions);
};

/** Imports the module that `specifier` means. Throws `VIV_PLUGIN_UNRESOLVED`, or what the module throws. */
export const loadPlugin = async (specifier: string, cwd: string): Promise<unknown> => {
  const conditions = activeConditions(process.execArgv, process.env['NODE_OPTIONS'] ?? '');
  return import(pathToFileURL(resolvePlugin(specifier, cwd, conditions)).href);
};
