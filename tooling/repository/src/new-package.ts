/** Makes a new package: `pnpm new-package packages/devices/lamp "A lamp"`. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { packageSkeleton } from './package-skeleton.ts';

const [folder, description] = process.argv.slice(2);
if (folder === undefined || description === undefined)
  throw new Error('usage: pnpm new-package <folder> <description>');
if (existsSync(join(folder, 'package.json'))) throw new Error(`${folder} already holds a package`);
for (const [file, text] of packageSkeleton(folder, description)) {
  mkdirSync(dirname(join(folder, file)), { recursive: true });
  writeFileSync(join(folder, file), text);
  console.log(join(folder, file));
}
