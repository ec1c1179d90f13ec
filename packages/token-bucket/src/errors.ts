import { defineErrors } from '@vivarium/contracts';

export const errors = defineErrors({
  VIV_BUCKET_FLOW: {
    when: 'A limit was set for a flow that the device does not have.',
    hint: 'Use one of the flows that the device lists.',
  },
  VIV_BUCKET_LIMIT: {
    when: 'A rate limit is not positive, or no number.',
    hint: 'Give a rate in units per second and a burst in units, both at least 1; leave the limit out for none.',
  },
});

/** All errors of this package. */
export const errorTable = errors.table;
