import { readFile, stat } from 'node:fs/promises';
import type { BootImage } from '@vivarium/contracts';
import { errors } from './errors.ts';

const READ_ERRORS: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  EACCES: 'may not be read',
  EISDIR: 'is a folder',
};

/** Reads an image that an option names. Throws `VIV_FILE_UNREADABLE`. */
export const readImage = async (option: string, path: string): Promise<BootImage> => {
  try {
    if (!(await stat(path)).isFile()) {
      throw errors.make('VIV_FILE_UNREADABLE', `${option}: '${path}' is not a regular file`);
    }
    return { name: path, bytes: await readFile(path) };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'VIV_FILE_UNREADABLE') throw error;
    const reason = READ_ERRORS[code ?? ''] ?? `cannot be read (${(error as Error).message})`;
    throw errors.make('VIV_FILE_UNREADABLE', `${option}: '${path}' ${reason}`, { cause: error, details: { path } });
  }
};
