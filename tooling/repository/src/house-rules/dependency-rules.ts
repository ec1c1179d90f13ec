import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Finding, Manifest, Workspace } from '../workspace.ts';

/** The record that names each dependency from outside, its licence and its reason. */
const RECORD = 'docs/adr/0003-dependencies.md';

/** Rows `| name | licence | why |` of the record: name → licence. */
export const recordedLicences = (record: string): ReadonlyMap<string, string> =>
  new Map(
    [...record.matchAll(/^\| (\S+) \| ([^|]+) \| [^|]+ \|$/gm)].map(([, name = '', licence = '']) => [
      name,
      licence.trim(),
    ]),
  );

const installedLicence = (root: string, folder: string, name: string): string | undefined => {
  const file = join(root, folder, 'node_modules', name, 'package.json');
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Manifest).license : undefined;
};

/** Every direct dependency from outside has a row in the record, with the licence its package declares. */
export const checkDependencies = (workspace: Workspace): Finding[] => {
  const path = join(workspace.root, RECORD);
  const recorded = recordedLicences(existsSync(path) ? readFileSync(path, 'utf8') : '');
  const rootManifest = join(workspace.root, 'package.json');
  const root = existsSync(rootManifest)
    ? [{ folder: '.', manifest: JSON.parse(readFileSync(rootManifest, 'utf8')) as Manifest }]
    : [];
  return [...root, ...workspace.packages].flatMap(({ folder, manifest }) => {
    const { dependencies, devDependencies, peerDependencies, optionalDependencies } = manifest;
    const all = { ...dependencies, ...devDependencies, ...peerDependencies, ...optionalDependencies };
    return Object.entries(all)
      .filter(([, version]) => !version.startsWith('workspace:'))
      .flatMap(([name]): Finding[] => {
        const where = `${folder}/package.json`;
        const licence = recorded.get(name);
        const installed = installedLicence(workspace.root, folder, name);
        if (licence === undefined) return [{ rule: 'dependency', where, what: `${name} has no row in ${RECORD}` }];
        if (installed === undefined || installed === licence) return [];
        return [{ rule: 'dependency', where, what: `${name} is ${installed}; ${RECORD} says ${licence}` }];
      });
  });
};
