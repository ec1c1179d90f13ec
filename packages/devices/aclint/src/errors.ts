import { defineErrors } from '@vivarium/contracts';

/** Makes the errors of this package. */
export const errors = defineErrors({
  VIV_ACLINT_STATE: {
    when: 'A snapshot holds something for an ACLINT that is no state of this ACLINT.',
    hint: 'Restore into a machine with the same number of vCPUs, from an unchanged snapshot.',
  },
  VIV_ACLINT_HARTS: {
    when: 'The machine has more vCPUs than an ACLINT has registers for.',
    hint: 'Use at most 4095 vCPUs with this device.',
  },
  VIV_ACLINT_SSIP: {
    when: 'The SSWI device is asked for, but the CPU core has no `ssip` input that it could raise.',
    hint: 'Leave out the option `sswi`, or use a CPU core with such an input.',
  },
});

/** All errors of this package. */
export const errorTable = errors.table;
