import { defineErrors } from '@vivarium/contracts';

/** Makes the errors of this package. */
export const errors = defineErrors({
  VIV_HOST_FILE_MISSING: {
    when: 'A file of the host, or the folder it is to be made in, is not there.',
    hint: 'Check the path; pass `create` to make a new file.',
  },
  VIV_HOST_FILE_EXISTS: {
    when: 'A file of the host is to be made where there is one already.',
    hint: 'Choose another path, or open the file without `create`.',
  },
  VIV_HOST_FILE_KIND: {
    when: 'A path of the host names a directory, a device, a pipe or a socket where a file is needed.',
    hint: 'Name a regular file.',
  },
  VIV_HOST_FILE_PERMISSION: {
    when: 'The host does not let this process open a file the way it is asked to.',
    hint: 'Change the owner or the mode of the file, or open it with `readOnly`.',
  },
  VIV_HOST_FILE_LOCKED: {
    when: 'A file of the host is open for writing elsewhere, or is to be opened for writing and is open elsewhere.',
    hint: 'Stop the machine that uses the file, or open it with `readOnly` in all of them.',
  },
  VIV_HOST_FILE_OPEN: {
    when: 'A file of the host cannot be opened for another reason, which is the cause of the error.',
    hint: 'See the cause.',
  },
  VIV_HOST_FILE_LIMIT: {
    when: 'A file in memory begins with more bytes than its limit.',
    hint: 'Raise `limit`.',
  },
});

/** All errors of this package. */
export const errorTable = errors.table;
