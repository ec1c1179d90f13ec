import { defineErrors } from '@vivarium/contracts';

/** Makes the errors of this package. */
export const errors = defineErrors({
  VIV_STORAGE_HTTP_UNREACHABLE: {
    when: 'The web server that has a disk does not answer, or not in time.',
    hint: 'Check the address and the network; see the cause.',
  },
  VIV_STORAGE_HTTP_STATUS: {
    when: 'The web server that has a disk answers that it has not, or that it does not give it.',
    hint: 'Check the address, and `headers` when the server wants to know who asks.',
  },
  VIV_STORAGE_HTTP_RANGES: {
    when: 'A web server does not serve parts of a file (RFC 9110, section 14), or not as it says.',
    hint: 'Use a server that does, or download the file.',
  },
});

/** All errors of this package. */
export const errorTable = errors.table;
