import { defineErrors } from '@vivarium/contracts';

export const errors = defineErrors({
  VIV_BALLOON_TARGET: {
    when: 'A guest was to be asked for an amount of memory that is no whole number of bytes, or more than it has.',
    hint: 'Give a whole number of bytes from 0 to the limit that the balloon names.',
  },
  VIV_BALLOON_INTERVAL: {
    when: 'The time between two statistics of the balloon is too short, or no number.',
    hint: 'Give at least 0.1 seconds and at most a day, or 0 for none.',
  },
});

/** All errors of this package. */
export const errorTable = errors.table;
