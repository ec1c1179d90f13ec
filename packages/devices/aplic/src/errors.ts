import { defineErrors } from '@vivarium/contracts';

/** Makes the errors of this package. */
export const errors = defineErrors({
  VIV_APLIC_STATE: {
    when: 'A snapshot holds something for an APLIC domain that is no state of this domain.',
    hint: 'Restore into a machine with the same vCPUs and interrupt sources, from an unchanged snapshot.',
  },
  VIV_APLIC_HARTS: {
    when: 'The machine has more vCPUs than an APLIC has delivery structures for.',
    hint: 'Use at most 512 vCPUs with this interrupt controller.',
  },
  VIV_APLIC_LEVEL: {
    when: 'The APLIC has a machine-level domain, but the IMSIC has no files at machine level.',
    hint: 'Give both the option machine, or neither.',
  },
});

/** All errors of this package. */
export const errorTable = errors.table;
