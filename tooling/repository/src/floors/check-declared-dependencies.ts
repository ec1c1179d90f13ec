import type { Finding, Workspace } from '../workspace.ts';
import { FLOORS, RESERVED_DEPENDENCIES, TESTS_MAY_IMPORT } from './floors-table.ts';
import { floorOf } from './folder-pattern.ts';

/**
 * Checks what each package.json declares against the floors. A package may not even declare what it may not import:
 * the declaration is what a stranger reads.
 */
export const checkDeclaredDependencies = (workspace: Workspace): Finding[] => {
  const floorByName = new Map(workspace.packages.map(({ folder, manifest }) => [manifest.name, floorOf(folder)?.name]));
  return workspace.packages.flatMap(({ folder, manifest }) => {
    const where = `${folder}/package.json`;
    const floor = floorOf(folder);
    if (floor === undefined) {
      const known = FLOORS.map(({ name }) => name).join(', ');
      return [{ rule: 'floor', where, what: `stands on no floor: add its folder to the table of floors (${known})` }];
    }
    const shipped = { ...manifest.dependencies, ...manifest.peerDependencies, ...manifest.optionalDependencies };
    const findings: Finding[] = [];
    const check = (dependency: string, allowed: readonly string[], kind: string): void => {
      const target = floorByName.get(dependency);
      const refused = dependency.startsWith('@vivarium/') && (target === undefined || !allowed.includes(target));
      if (refused) {
        const may = allowed.join(', ') || 'nothing';
        findings.push({
          rule: `floor-${floor.name}`,
          where,
          what: `${kind} on ${dependency}; ${floor.name} may import: ${may}`,
        });
      }
      const reserved = RESERVED_DEPENDENCIES.find(({ name }) => name === dependency);
      if (reserved !== undefined && reserved.folder !== folder) {
        findings.push({
          rule: 'floor-reserved',
          where,
          what: `${dependency} is a dependency of ${reserved.folder} alone`,
        });
      }
    };
    for (const dependency of Object.keys(shipped)) check(dependency, floor.mayImport, 'depends');
    for (const dependency of Object.keys(manifest.devDependencies ?? {})) {
      check(dependency, [...floor.mayImport, ...TESTS_MAY_IMPORT], 'depends for tests');
    }
    if (floor.name === 'contracts' && Object.keys(shipped).length > 0) {
      findings.push({ rule: 'contracts-alone', where, what: 'contracts has no dependency at all' });
    }
    return findings;
  });
};
