import { defineErrors } from '@vivarium/contracts';

/** Makes the errors of this package. */
export const errors = defineErrors({
  VIV_IMSIC_CORE: {
    when: 'The CPU core has no registers for interrupts that come as messages.',
    hint: "Switch on the core's Advanced Interrupt Architecture (@vivarium/cpu-riscv64: aia: true), or use a PLIC.",
  },
  VIV_IMSIC_STATE: {
    when: 'A snapshot holds something for interrupt files that is no state of them.',
    hint: 'Restore into a machine with the same number of vCPUs and interrupt identities, from an unchanged snapshot.',
  },
});

/** All errors of this package. */
export const errorTable = errors.table;
