import { defineErrors } from '@vivarium/contracts';

/** Makes the errors of this package. */
export const errors = defineErrors({
  VIV_SHARES_CLAIM: {
    when: 'What a guest claims contradicts itself: no shares, a reservation above its limit or its size, a part of a byte.',
    hint: 'The message names the guest and the claim; see GuestClaims in @vivarium/contracts.',
  },
});

/** All errors of this package. */
export const errorTable = errors.table;
