import { defineErrors } from '@vivarium/contracts';

export const errors = defineErrors({
  VIV_PCIE_SLOT_TAKEN: {
    when: 'A function is put into a hot-plug slot that has one.',
    hint: 'Take the other out, or use another slot.',
  },
});

/** Every error of this package. */
export const errorTable = errors.table;
