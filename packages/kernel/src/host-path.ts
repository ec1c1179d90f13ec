import { errors } from './errors.ts';

interface AbsolutePath {
  /** `/`, `C:/` or `//server/share/`. */
  readonly root: string;
  readonly names: readonly string[];
  readonly windows: boolean;
}

const WINDOWS_ROOT = /^(?:[A-Za-z]:[\\/]|[\\/]{2}[^\\/]+[\\/][^\\/]+[\\/]?)/;

/** Splits a path into names, with `.` and `..` worked off; undefined when `..` would leave the root. */
const normalise = (path: string, windows: boolean): readonly string[] | undefined => {
  const names: string[] = [];
  for (const name of path.split(windows ? /[\\/]+/ : /\/+/)) {
    if (name === '' || name === '.') continue;
    if (name !== '..') names.push(name);
    else if (names.pop() === undefined) return undefined;
  }
  return names;
};

const parseAbsolute = (path: string): AbsolutePath | undefined => {
  const windowsRoot = WINDOWS_ROOT.exec(path)?.[0];
  const windows = windowsRoot !== undefined && !path.startsWith('//');
  const root = windows ? windowsRoot : path.startsWith('/') ? '/' : undefined;
  if (root === undefined) return undefined;
  const names = normalise(path.slice(root.length), windows);
  return names && { root, names, windows };
};

const sameName = (a: string, b: string | undefined, windows: boolean): boolean =>
  windows ? a.toLowerCase() === b?.toLowerCase() : a === b;

const contains = (outer: AbsolutePath, inner: AbsolutePath): boolean =>
  outer.windows === inner.windows &&
  sameName(outer.root.replaceAll('/', '\\'), inner.root.replaceAll('/', '\\'), outer.windows) &&
  outer.names.every((name, index) => sameName(name, inner.names[index], outer.windows));

const format = ({ root, names, windows }: AbsolutePath): string => root + names.join(windows ? '\\' : '/');

/**
 * Resolves `path` below one of `roots`: an absolute path must lie inside a root, a relative one is taken from the
 * first root. Lexical only, so that it works on any platform and touches nothing: who opens the file must not follow
 * symbolic links out of the root. Throws `VIV_GRANT_PATH`.
 */
export const resolveHostPath = (part: string, roots: readonly string[], path: string): string => {
  const refuse = (why: string) =>
    errors.make('VIV_GRANT_PATH', `part "${part}" may not use the host path ${JSON.stringify(path)}: ${why}`, {
      details: { part, path },
    });
  if (typeof path !== 'string' || path.includes('\0')) throw refuse('it is not a path');
  const granted = roots.map(parseAbsolute).filter((root) => root !== undefined);
  const absolute = parseAbsolute(path);
  if (absolute !== undefined) {
    if (granted.some((root) => contains(root, absolute))) return format(absolute);
    throw refuse('it is outside of every granted root');
  }
  const [base] = granted;
  if (base === undefined) throw refuse('the policy grants no root');
  // `C:x` and `\x` are relative to something that the roots do not know.
  if (base.windows && /^(?:[A-Za-z]:|[\\/])/.test(path)) throw refuse('it is neither absolute nor relative');
  const names = path.startsWith('/') ? undefined : normalise(path, base.windows);
  if (names === undefined) throw refuse('it leaves the root');
  return format({ ...base, names: [...base.names, ...names] });
};
