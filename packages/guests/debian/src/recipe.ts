import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { PackageRecord } from './apt.ts';
import { guestTree } from './initramfs.ts';

/** The sources, which are published beside what is compiled from them: both make the same image, so it has one name. */
const OWN_FILES = fileURLToPath(new URL('../src', import.meta.url));

/**
 * Hash of all that an image is made from by us: the code of this package and the files it puts into the guest. With the
 * packages' own hashes it names an image, so that a change of either makes a new one.
 */
export const recipeHash = async (): Promise<string> => {
  const hash = createHash('sha256');
  const names = (await readdir(OWN_FILES)).filter((name) => name.endsWith('.ts')).sort();
  for (const name of names) hash.update(`${name}\0`).update(await readFile(`${OWN_FILES}/${name}`));
  for (const entry of await guestTree()) {
    hash.update(`${entry.path}\0`);
    if (entry.type === 'file') hash.update(entry.data);
  }
  return hash.digest('hex');
};

/** The name of the image that these packages and this recipe make. */
export const imageKey = (
  recipe: string,
  packages: readonly Pick<PackageRecord, 'name' | 'version' | 'sha256'>[],
): string => {
  const hash = createHash('sha256').update(recipe);
  for (const { name, version, sha256 } of packages) hash.update(`\0${name}\0${version}\0${sha256}`);
  return hash.digest('hex');
};
