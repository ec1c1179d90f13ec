import { relative } from 'node:path';
import { floorOf } from './floors/folder-pattern.ts';
import { expectedName, SOURCE_CONDITION } from './house-rules/package-rules.ts';

/** The files of a new package, so that every package.json says the same things the same way. */
export const packageSkeleton = (folder: string, description: string): ReadonlyMap<string, string> => {
  const floor = floorOf(folder);
  if (floor === undefined)
    throw new Error(`${folder} is on no floor: add its kind to src/floors/floors-table.ts first`);
  const published = { types: './dist/index.d.ts', default: './dist/index.js' };
  const isPlugin = floor.name === 'plugins';
  const manifest = {
    name: expectedName(folder),
    version: '0.1.0',
    description,
    license: 'MIT',
    type: 'module',
    sideEffects: false,
    engines: { node: '>=22.18' },
    repository: { type: 'git', url: 'git+https://github.com/vivarium-vm/vivarium.git', directory: folder },
    files: ['dist', 'src', 'README.md', 'CHANGELOG.md'],
    exports: { '.': { [SOURCE_CONDITION]: './src/index.ts', ...published }, './package.json': './package.json' },
    publishConfig: {
      access: 'public',
      provenance: true,
      exports: { '.': published, './package.json': './package.json' },
    },
    scripts: { build: 'tsc -p tsconfig.json' },
    ...(isPlugin ? { dependencies: { zod: 'catalog:' } } : {}),
    ...(isPlugin ? { peerDependencies: { '@vivarium/contracts': 'workspace:^' } } : {}),
    ...(isPlugin
      ? { devDependencies: { '@vivarium/contracts': 'workspace:^', '@vivarium/testkit': 'workspace:^' } }
      : {}),
  };
  const tsconfig = {
    extends: `${relative(folder, '.')}/tsconfig.base.json`,
    compilerOptions: { rootDir: 'src', outDir: 'dist' },
    include: ['src'],
  };
  const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
  return new Map([
    ['package.json', json(manifest)],
    ['tsconfig.json', json(tsconfig)],
    ['README.md', `# ${manifest.name}\n\n${description}.\n\n\`\`\`sh\nnpm install ${manifest.name}\n\`\`\`\n`],
    ['src/index.ts', `/**\n * ${description}.\n *\n * @module\n */\nexport {};\n`],
  ]);
};
