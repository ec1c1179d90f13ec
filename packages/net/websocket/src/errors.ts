import { defineErrors } from '@vivarium/contracts';

export const errors = defineErrors({
  VIV_UPLINK_LOST: {
    when: 'The WebSocket of an uplink cannot be opened, or was closed. It is tried again after a while.',
    hint: 'Check that the relay runs, and that it knows this token and this origin.',
  },
  VIV_RELAY_LISTEN: {
    when: 'The relay of an uplink cannot listen where it was asked to.',
    hint: 'Choose another port, or 0 and let the host choose.',
  },
});

/** All errors of this package. */
export const errorTable = errors.table;
