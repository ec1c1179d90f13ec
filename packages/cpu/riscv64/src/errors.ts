import { defineErrors } from '@vivarium/contracts';

/** Every error this package throws. */
export const errors = defineErrors({
  VIV_RISCV_THREADS: {
    when: 'Harts were to run on threads of their own, but the memory or the MMU of the machine is for one thread.',
    hint: 'Set the option shared of the memory, and use an MMU that says how threads get at it.',
  },
});

export const errorTable = errors.table;
