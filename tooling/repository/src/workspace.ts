import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The fields of a package.json that the checks read. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly private?: boolean;
  readonly description?: string;
  readonly license?: string;
  readonly type?: string;
  readonly sideEffects?: unknown;
  readonly files?: readonly string[];
  readonly engines?: Readonly<Record<string, string>>;
  readonly bin?: Readonly<Record<string, string>>;
  readonly repository?: { readonly directory?: string };
  readonly exports?: Readonly<Record<string, unknown>>;
  readonly publishConfig?: {
    readonly access?: string;
    readonly provenance?: boolean;
    readonly bin?: Readonly<Record<string, string>>;
    readonly exports?: Readonly<Record<string, unknown>>;
  };
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

/** One package of the workspace. */
export interface WorkspacePackage {
  /** Path from the repository's root, with `/`: `packages/devices/uart`. */
  readonly folder: string;
  readonly manifest: Manifest;
}

/** One finding of a check: `where` is a path from the root, `what` is a sentence. */
export interface Finding {
  readonly rule: string;
  readonly where: string;
  readonly what: string;
}

/** What a check looks at. */
export interface Workspace {
  readonly root: string;
  /** Every file that is or would be committed, as paths from the root. */
  readonly files: readonly string[];
  readonly packages: readonly WorkspacePackage[];
}

/** Reads the workspace below `root`, which must be a git work tree: what git ignores is no part of it. */
export const readWorkspace = (root: string): Workspace => {
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 2 ** 20,
  });
  const files = listed.split('\0').filter((file) => file !== '' && existsSync(join(root, file)));
  const packages = files
    .filter((file) => /^(packages|apps|tooling)\/.*\/?package\.json$/.test(file) && !file.includes('/test/'))
    .map((file) => ({
      folder: file.slice(0, -'/package.json'.length),
      manifest: JSON.parse(readFileSync(join(root, file), 'utf8')) as Manifest,
    }))
    .sort((left, right) => (left.folder < right.folder ? -1 : 1));
  return { root, files: [...new Set(files)].sort(), packages };
};
