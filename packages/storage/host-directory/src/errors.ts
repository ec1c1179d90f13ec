import { defineErrors } from '@vivarium/contracts';

export const errors = defineErrors({
  VIV_HOST_DIRECTORY_OPEN: {
    when: 'The directory that is to be shared cannot be opened.',
    hint: 'Give the path of a directory that this process may search.',
  },
  VIV_HOST_DIRECTORY_RECORDS: {
    when: 'The file with the records of a shared directory cannot be read or written, or is none.',
    hint: 'Give a file that a shared directory made, outside of every shared directory, or a new name.',
  },
});

/** All errors of this package. */
export const errorTable = errors.table;
