import { defineErrors } from '@vivarium/contracts';

/** Makes the errors of this package. */
export const errors = defineErrors({
  VIV_CHAR_CONNECTED: {
    when: 'Two devices of one machine are plugged into the same character backend.',
    hint: 'Give each device a character backend of its own and name it under `use` in the machine spec.',
  },
});

/** All errors of this package. */
export const errorTable = errors.table;
