import { defineErrors } from '@vivarium/contracts';

export const errors = defineErrors({
  VIV_MEMORY_FILES_PUT: {
    when: 'A file cannot be put into memory: its path is no path, something on it is no directory, or there is no room.',
    hint: 'Correct the path under `files`, or make `capacity` or `inodes` larger.',
  },
});

/** All errors of this package. */
export const errorTable = errors.table;
