import { defineErrors } from '@vivarium/contracts';

/** Makes the errors of this package. */
export const errors = defineErrors({
  VIV_PLIC_STATE: {
    when: 'A snapshot holds something for a PLIC that is no state of this PLIC.',
    hint: 'Restore into a machine with the same number of vCPUs and interrupt sources, from an unchanged snapshot.',
  },
  VIV_PLIC_HARTS: {
    when: 'The machine has more vCPUs than a PLIC has contexts for.',
    hint: 'Use at most 512 vCPUs with this interrupt controller.',
  },
});

/** All errors of this package. */
export const errorTable = errors.table;
