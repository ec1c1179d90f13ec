import { defineErrors } from '@vivarium/contracts';

/** Makes the errors of this package. */
export const errors = defineErrors({
  VIV_POOL_NAME: {
    when: 'A CPU pool is named that there is none of, or is to be made where there is one already.',
    hint: 'The message lists the pools there are.',
  },
  VIV_POOL_IN_USE: {
    when: 'A CPU pool is to be taken away that has pCPUs or guests, or that new ones go to.',
    hint: 'Move its pCPUs and guests to another pool first. The pool that was made first stays.',
  },
  VIV_POOL_TAKEN: {
    when: 'A vCPU or pCPU is added that is in a pool already, or one that is in none is moved or changed.',
    hint: 'Give every vCPU and pCPU of the host a number of its own, and add each once.',
  },
});

/** All errors of this package. */
export const errorTable = errors.table;
