import { defineErrors } from '@vivarium/contracts';

export const errors = defineErrors({
  VIV_NAT_FORWARD: {
    when: 'A port of the host that is to lead to a guest cannot be listened on.',
    hint: 'Choose another port, or 0 and let the host choose; ports below 1024 need privileges.',
  },
});

/** All errors of this package. */
export const errorTable = errors.table;
