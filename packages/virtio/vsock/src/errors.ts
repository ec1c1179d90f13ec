import { defineErrors } from '@vivarium/contracts';

export const errors = defineErrors({
  VIV_VSOCK_PORT: {
    when: 'A vsock port is no whole number from 0 to 4294967294, or somebody listens on it already.',
    hint: 'Choose another port, or remove the other listener first.',
  },
  VIV_VSOCK_DOWN: {
    when: 'The guest has no driver for its vsock device, or not yet, or it let go of it.',
    hint: 'Wait until the guest is up; Linux needs the module vmw_vsock_virtio_transport.',
  },
  VIV_VSOCK_REFUSED: {
    when: 'No program in the guest listens on the port, or it has too many connections.',
    hint: 'Start the program first, and let it listen on any CID (VMADDR_CID_ANY) and this port.',
  },
  VIV_VSOCK_TIMEOUT: {
    when: 'The guest did not answer a connection in time.',
    hint: 'See whether the guest still runs; a longer time is the option connectTimeout of the vsock device.',
  },
  VIV_VSOCK_FULL: {
    when: 'There are as many vsock connections as there may be.',
    hint: 'Close some, or raise the option connections of the vsock device.',
  },
  VIV_VSOCK_SOCKET: {
    when: 'The Unix socket for connections into the guest cannot be made.',
    hint: 'Choose a path in a folder that exists and may be written, where nothing is yet: remove the socket of a run that was killed.',
  },
});

/** All errors of this package. */
export const errorTable = errors.table;
