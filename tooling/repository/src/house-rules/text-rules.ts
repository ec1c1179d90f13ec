import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Finding, Workspace } from '../workspace.ts';

const TEXT_FILE =
  /\.(?:ts|tsx|mts|mjs|js|cjs|json|jsonc|md|yaml|yml|sh|css|html|s|S|c|h|txt|toml)$|(?:^|\/)(?:run|LICENSE|\.gitignore|\.npmrc)$/;
const LOCKFILE = 'pnpm-lock.yaml';

interface TextRule {
  readonly rule: string;
  /** Paths the rule looks at. */
  readonly applies: RegExp;
  readonly pattern: RegExp;
  readonly what: (found: string) => string;
}

// Written in pieces, so that the rule does not find itself.
const REGISTRY_HOSTS = [
  ['registry', 'npmjs', 'org'],
  ['registry', 'yarnpkg', 'com'],
  ['registry', 'npmmirror', 'com'],
  ['npm', 'pkg', 'github', 'com'],
  ['deb', 'debian', 'org'],
  ['ftp', 'debian', 'org'],
  ['security', 'debian', 'org'],
  ['snapshot', 'debian', 'org'],
].map((labels) => labels.join('\\.'));
const MACHINE_ROOTS = ['work', 'home', 'Users', 'tmp'];

const TEXT_RULES: readonly TextRule[] = [
  {
    rule: 'no-registry-host',
    applies: TEXT_FILE,
    pattern: new RegExp(
      `(?:[\\w.-]*\\.)?(?:${REGISTRY_HOSTS.join('|')})|https?://[^\\s/"']*(?:registry|mirror|artifactory|nexus|proxy)[^\\s/"']*`,
      'i',
    ),
    what: (found) => `names a package registry or mirror: ${found}`,
  },
  {
    rule: 'no-machine-path',
    applies: TEXT_FILE,
    pattern: new RegExp(`(?<![\\w.$})*/-])/(?:${MACHINE_ROOTS.join('|')})/[\\w.-]+`),
    what: (found) => `names a path of one machine: ${found}`,
  },
  {
    rule: 'no-tarball-in-lockfile',
    applies: new RegExp(`^${LOCKFILE}$`),
    pattern: /\btarball:.*/,
    what: (found) => `the lockfile fixes an address: ${found}`,
  },
  {
    rule: 'no-unfinished-work',
    applies: /\.(?:ts|tsx|mjs|sh)$/,
    pattern: new RegExp(
      `\\b(?:${['TO', 'FIX', 'HA'].map((start, index) => start + ['DO', 'ME', 'CK'][index]).join('|')})\\b`,
    ),
    what: (found) => `holds a ${found}: finish it or make it an issue`,
  },
  {
    rule: 'no-module-state',
    applies: /^packages\/.*\/src\/.*\.ts$/,
    pattern: /^(?:export )?let .*/,
    what: (found) => `module-level mutable state: ${found}`,
  },
  {
    rule: 'no-top-level-await',
    applies: /^packages\/.*\/src\/.*\.ts$/,
    pattern: /^(?:await |(?:export )?(?:const|let) [^=]+= await ).*/,
    what: (found) => `awaits at the top level of a module: ${found}`,
  },
];

/** Rules that look at one line of text at a time. */
export const checkText = (workspace: Workspace): Finding[] =>
  workspace.files.flatMap((file) => {
    const rules = TEXT_RULES.filter(({ applies }) => applies.test(file));
    if (rules.length === 0) return [];
    const lines = readFileSync(join(workspace.root, file), 'utf8').split('\n');
    return lines.flatMap((line, index) =>
      rules.flatMap(({ rule, pattern, what }) => {
        const found = pattern.exec(line)?.[0];
        return found === undefined ? [] : [{ rule, where: `${file}:${index + 1}`, what: what(found.slice(0, 80)) }];
      }),
    );
  });
