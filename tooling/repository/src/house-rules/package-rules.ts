import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { floorOf } from '../floors/folder-pattern.ts';
import type { Finding, Manifest, Workspace, WorkspacePackage } from '../workspace.ts';

/** The export condition that leads to the sources inside the repository and must never be published. */
export const SOURCE_CONDITION = '@vivarium/source';

// A folder says the plural kind, a package name the singular.
const KINDS: Readonly<Record<string, string>> = {
  boards: 'board',
  clocks: 'clock',
  devices: 'device',
  guests: 'guest',
  policies: 'policy',
  schedulers: 'scheduler',
};

/**
 * `packages/devices/uart` → `@vivarium/device-uart`, `packages/kernel` → `@vivarium/kernel`; what `npm create` runs must
 * be called `create-…`.
 */
export const expectedName = (folder: string): string => {
  const [, kind = '', name] = folder.split('/');
  if (kind.startsWith('create-')) return kind;
  return name === undefined ? `@vivarium/${kind}` : `@vivarium/${KINDS[kind] ?? kind}-${name}`;
};

/** `exports` as they must be published: without the private condition. */
export const withoutSourceCondition = (value: unknown): unknown =>
  typeof value === 'object' && value !== null
    ? Object.fromEntries(
        Object.entries(value)
          .filter(([key]) => key !== SOURCE_CONDITION)
          .map(([key, inner]) => [key, withoutSourceCondition(inner)]),
      )
    : value;

interface ManifestRule {
  readonly holds: (manifest: Manifest, folder: string) => boolean;
  readonly what: (manifest: Manifest, folder: string) => string;
}

const PUBLISHED_MANIFEST: readonly ManifestRule[] = [
  {
    holds: ({ name }, folder) => name === expectedName(folder),
    what: ({ name }, folder) => `is named ${name}; its folder says ${expectedName(folder)}`,
  },
  { holds: ({ license }) => license === 'MIT', what: () => 'license must be MIT' },
  { holds: ({ type }) => type === 'module', what: () => 'type must be module' },
  {
    holds: ({ sideEffects, bin }) => sideEffects === false || (bin !== undefined && Array.isArray(sideEffects)),
    what: () => 'sideEffects must be false',
  },
  { holds: ({ engines }) => engines?.['node'] === '>=22.18', what: () => 'engines.node must be >=22.18' },
  {
    holds: ({ repository }, folder) => repository?.directory === folder,
    what: (_manifest, folder) => `repository.directory must be ${folder}`,
  },
  {
    holds: ({ files }) => ['dist', 'src', 'README.md'].every((file) => files?.includes(file) === true),
    what: () => 'files must list dist, src and README.md',
  },
  {
    holds: ({ publishConfig }) => publishConfig?.access === 'public' && publishConfig.provenance === true,
    what: () => 'publishConfig must set access public and provenance',
  },
  {
    holds: ({ exports }) => exports?.['./package.json'] === './package.json',
    what: () => 'exports must offer ./package.json',
  },
  {
    holds: ({ exports, publishConfig }) => isDeepStrictEqual(withoutSourceCondition(exports), publishConfig?.exports),
    what: () => `publishConfig.exports must be exports without ${SOURCE_CONDITION}`,
  },
];

const checkManifest = ({ folder, manifest }: WorkspacePackage): Finding[] => {
  const where = `${folder}/package.json`;
  const findings = PUBLISHED_MANIFEST.filter(({ holds }) => !holds(manifest, folder)).map(
    ({ what }): Finding => ({ rule: 'manifest', where, what: what(manifest, folder) }),
  );
  if (floorOf(folder)?.name === 'plugins' && manifest.peerDependencies?.['@vivarium/contracts'] !== 'workspace:^') {
    findings.push({ rule: 'manifest', where, what: 'a plugin has @vivarium/contracts as peer dependency workspace:^' });
  }
  return findings;
};

const checkContent = (workspace: Workspace, { folder, manifest }: WorkspacePackage): Finding[] => {
  const findings: Finding[] = [];
  const missing = (what: string): unknown => findings.push({ rule: 'package', where: folder, what });
  const files = workspace.files.filter((file) => file.startsWith(`${folder}/`));
  if (!files.includes(`${folder}/README.md`)) missing('has no README.md');
  if ((manifest.description ?? '') === '') missing('has no description in package.json');
  if (!files.some((file) => /\/test\/.*\.test\.ts$/.test(file))) missing('has no test beside src');
  if (manifest.private === true || !folder.startsWith('packages/')) return findings;
  const front = join(workspace.root, folder, 'src/index.ts');
  if (!existsSync(front)) missing('has no src/index.ts');
  else if (!/^\/\*\*[\s\S]*?\*\//.test(readFileSync(front, 'utf8')))
    missing('src/index.ts does not open with a module comment');
  return findings;
};

/** Rules about packages: what each has, and what its package.json says. */
export const checkPackages = (workspace: Workspace): Finding[] =>
  workspace.packages.flatMap((pkg) => [
    ...checkContent(workspace, pkg),
    // What stands in packages/ is published under our name; an app may be anyone's.
    ...(pkg.manifest.private === true || !pkg.folder.startsWith('packages/') ? [] : checkManifest(pkg)),
  ]);
