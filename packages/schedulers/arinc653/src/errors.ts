import { defineErrors } from '@vivarium/contracts';

/** Makes the errors of this package. */
export const errors = defineErrors({
  VIV_ARINC653_TABLE: {
    when: 'A table of windows is not one: too many windows, an empty one, or more of them than fit in the major frame.',
    hint: 'Give at most 64 windows that are longer than nothing and together no longer than the major frame.',
  },
});

/** All errors of this package. */
export const errorTable = errors.table;
