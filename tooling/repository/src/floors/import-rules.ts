import type { IForbiddenRuleType } from 'dependency-cruiser';
import { FLOORS, type Floor, NODE_ONLY_FOLDERS, RESERVED_DEPENDENCIES, TESTS_MAY_IMPORT } from './floors-table.ts';
import { foldersOf, folderPattern } from './folder-pattern.ts';

/** Code that is published, and so bound by the floor; the rest of a package is its tests and benchmarks. */
const PUBLISHED = 'src';
const NOT_PUBLISHED = '(?!src/)';

/** Whatever is of this repository: a resolved path, or a specifier that did not resolve. */
const OURS = '^(?:packages|apps|tooling)/|^@vivarium/';

const floorRule = (floor: Floor, part: 'published' | 'tests'): IForbiddenRuleType => {
  const allowed = foldersOf(part === 'tests' ? [...floor.mayImport, ...TESTS_MAY_IMPORT] : floor.mayImport);
  return {
    name: part === 'tests' ? `floor-${floor.name}-tests` : `floor-${floor.name}`,
    comment: `${floor.name} may import: ${[...floor.mayImport, ...(part === 'tests' ? TESTS_MAY_IMPORT : [])].join(', ') || 'nothing'}`,
    severity: 'error',
    from: { path: `^(${folderPattern(floor.folders)})/${part === 'tests' ? NOT_PUBLISHED : `${PUBLISHED}/`}` },
    to: {
      path: OURS,
      pathNot: ['^$1/', ...(allowed.length === 0 ? [] : [`^${folderPattern(allowed)}/`])],
    },
  };
};

const everyFolder = folderPattern(FLOORS.flatMap((floor) => floor.folders));

/** dependency-cruiser rules for "who may import whom", from the table of floors. */
export const importRules = (): IForbiddenRuleType[] => [
  ...FLOORS.flatMap((floor) => [floorRule(floor, 'published'), floorRule(floor, 'tests')]),
  {
    name: 'contracts-alone',
    comment: 'contracts has no dependency at all',
    severity: 'error',
    from: { path: '^packages/contracts/src/' },
    to: { pathNot: '^packages/contracts/src/' },
  },
  ...RESERVED_DEPENDENCIES.map(
    ({ name, folder }): IForbiddenRuleType => ({
      name: `only-${folder.split('/').at(-1)}-imports-${name}`,
      comment: `${name} is a dependency of ${folder} alone`,
      severity: 'error',
      from: { pathNot: `^${folder}/` },
      to: { path: `(?:^|/node_modules/)${name}(?:/|$)` },
    }),
  ),
  {
    name: 'platform-neutral',
    comment: 'a package runs in a browser worker too: node modules belong behind its /node subpath',
    severity: 'error',
    from: { path: `^${everyFolder}/src/`, pathNot: [`^${folderPattern(NODE_ONLY_FOLDERS)}/`, '/src/node(?:/|\\.ts$)'] },
    to: { dependencyTypes: ['core'] },
  },
  {
    name: 'no-deep-import',
    comment: 'another package is imported by its name, not by a path into it',
    severity: 'error',
    from: { path: `^(${everyFolder})/` },
    to: { path: OURS, pathNot: '^$1/', dependencyTypes: ['local'] },
  },
  {
    name: 'source-does-not-import-tests',
    comment: 'what is published does not import tests',
    severity: 'error',
    from: { path: `^(${everyFolder})/src/` },
    to: { path: '^$1/(?!src/)' },
  },
  {
    name: 'no-cycle',
    comment: 'modules do not import each other in a circle',
    severity: 'error',
    from: {},
    to: { circular: true },
  },
  {
    name: 'resolvable',
    comment: 'the import resolves: the package is declared and exports that path',
    severity: 'error',
    from: {},
    to: { couldNotResolve: true },
  },
];
