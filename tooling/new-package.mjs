// Creates the skeleton of a workspace package, so that every package.json says the same things the same way.
// Usage: node tooling/new-package.mjs packages/devices/uart @vivarium/device-uart "16550A UART"
import { mkdirSync, writeFileSync, existsSync } from 'node:fs';
import { join, relative } from 'node:path';

const [folder, name, description] = process.argv.slice(2);
if (!folder || !name || !description) {
  console.error('usage: node tooling/new-package.mjs <folder> <package name> <description>');
  process.exit(2);
}
if (existsSync(join(folder, 'package.json'))) {
  console.error(`${folder} already holds a package`);
  process.exit(1);
}
const up = relative(folder, '.');
mkdirSync(join(folder, 'src'), { recursive: true });
mkdirSync(join(folder, 'test'), { recursive: true });
const manifest = {
  name,
  version: '0.1.0',
  description,
  license: 'MIT',
  type: 'module',
  sideEffects: false,
  engines: { node: '>=22.18' },
  repository: { type: 'git', url: 'git+https://github.com/vivarium-vm/vivarium.git', directory: folder },
  files: ['dist', 'src', 'README.md', 'CHANGELOG.md'],
  exports: {
    '.': { '@vivarium/source': './src/index.ts', types: './dist/index.d.ts', default: './dist/index.js' },
    './package.json': './package.json',
  },
  publishConfig: {
    access: 'public',
    provenance: true,
    exports: {
      '.': { types: './dist/index.d.ts', default: './dist/index.js' },
      './package.json': './package.json',
    },
  },
  scripts: { build: 'tsc -p tsconfig.json' },
};
writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
writeFileSync(
  join(folder, 'tsconfig.json'),
  `${JSON.stringify({ extends: `${up}/tsconfig.base.json`, compilerOptions: { rootDir: 'src', outDir: 'dist' }, include: ['src'] }, null, 2)}\n`,
);
