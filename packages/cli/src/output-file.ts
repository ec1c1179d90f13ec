import { openSync } from 'node:fs';
import { errors } from './errors.ts';

/** Opens a file for writing, anew; `option` is the one that asked for it. Throws `VIV_FILE_UNWRITABLE`. */
export const openOutput = (option: string, path: string): number => {
  try {
    return openSync(path, 'w');
  } catch (error) {
    throw errors.make('VIV_FILE_UNWRITABLE', `${option}: '${path}' cannot be written: ${(error as Error).message}`, {
      cause: error,
    });
  }
};
