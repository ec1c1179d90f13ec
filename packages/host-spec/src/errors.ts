import { defineErrors } from '@vivarium/contracts';

/** Every error this package throws. */
export const errors = defineErrors({
  VIV_SPEC_FILE: {
    when: 'The file that describes a host and its guests cannot be read, or is larger than 1 MiB.',
    hint: 'Name a file that is there and may be read.',
  },
  VIV_SPEC_SYNTAX: {
    when: 'The file that describes a host and its guests is neither YAML nor JSON.',
    hint: 'The message has line and column; `guests:` followed by a list is the least that there has to be.',
  },
  VIV_SPEC_FIELD: {
    when: 'A field of the file that describes a host and its guests is missing, unknown, or not what it should be.',
    hint: 'The message names the field by its path, such as guests[1].weight; the README lists all fields.',
  },
});

export const errorTable = errors.table;
