import { defineErrors } from '@vivarium/contracts';

export const errors = defineErrors({
  VIV_DATAGRAM_SOCKET: {
    when: 'A UDP socket cannot be opened on the address or port that was asked for.',
    hint: 'Choose a port that nobody uses, and an address of this host.',
  },
  VIV_DATAGRAM_TAP: {
    when: 'A TAP interface cannot be opened: it takes Linux, the program socat, and the right to use the interface.',
    hint: 'Install socat; run as root, or let root make the interface for you: ip tuntap add dev NAME mode tap user YOU.',
  },
});

export const errorTable = errors.table;
