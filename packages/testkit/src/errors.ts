import { defineErrors } from '@vivarium/contracts';

export const errors = defineErrors({
  VIV_TESTKIT_SETUP: {
    when: 'A plugin under test does what the kernel would refuse: bad options, an undeclared requirement, grant or token.',
    hint: 'Correct the manifest of the plugin, or give setupPart what the plugin requires under `provide`.',
  },
  VIV_TESTKIT_FAILED: {
    when: 'A conformance case found a subject that does not keep its contract.',
    hint: 'The message says what was expected; the contract is documented in @vivarium/contracts.',
  },
});

/** The table behind docs/errors.md. */
export const errorTable = errors.table;
