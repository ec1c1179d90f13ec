import { defineErrors } from '@vivarium/contracts';

export const errors = defineErrors({
  VIV_SWITCH_PORT: {
    when: 'A port of a switch is asked for with options that contradict each other or name no VLAN.',
    hint: 'VLANs are 1 to 4094; a mirror port is in no VLAN; a port mirrors ports of its own switch.',
  },
});

/** All errors of this package. */
export const errorTable = errors.table;
