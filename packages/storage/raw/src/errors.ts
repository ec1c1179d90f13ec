import { defineErrors } from '@vivarium/contracts';

/** Makes the errors of this package. */
export const errors = defineErrors({
  VIV_STORAGE_RAW_FLUSH: {
    when: 'A raw image could not be flushed when its machine went away: what the guest wrote last may be lost.',
    hint: 'Check the disk that holds the image, and the image with the tools of its file system.',
  },
});

/** All errors of this package. */
export const errorTable = errors.table;
