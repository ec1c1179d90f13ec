import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errors } from './errors.ts';

/** What may be there before: a repository that is about to get its first files. */
const HARMLESS = new Set(['.git']);

/** What is in the way; undefined when the folder does not exist. */
const contentsOf = async (folder: string): Promise<readonly string[] | undefined> => {
  try {
    return (await readdir(folder)).filter((name) => !HARMLESS.has(name));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw errors.make('VIV_SCAFFOLD_FOLDER', `${folder} is no folder that can be read`, { cause });
  }
};

/** Fails unless `folder` is empty or not there. Throws `VIV_SCAFFOLD_NOT_EMPTY`, `VIV_SCAFFOLD_FOLDER`. */
export const checkFolder = async (folder: string): Promise<void> => {
  const [first, ...others] = (await contentsOf(folder)) ?? [];
  if (first === undefined) return;
  const more = others.length === 0 ? '' : ` and ${others.length} more`;
  throw errors.make('VIV_SCAFFOLD_NOT_EMPTY', `${folder} is not empty: it holds ${first}${more}`);
};

/**
 * Writes files, path → text, into a folder that is empty or not there. Never replaces a file. Throws
 * `VIV_SCAFFOLD_NOT_EMPTY`, `VIV_SCAFFOLD_FOLDER`.
 */
export const writeProject = async (folder: string, files: ReadonlyMap<string, string>): Promise<void> => {
  await checkFolder(folder);
  try {
    for (const [path, text] of files) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), text, { flag: 'wx' });
    }
  } catch (cause) {
    throw errors.make('VIV_SCAFFOLD_FOLDER', `${folder} cannot be written: ${(cause as Error).message}`, { cause });
  }
};
