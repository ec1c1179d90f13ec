import type { BlockFault } from '@vivarium/contracts';

// No room on the device, none in the quota, and a file larger than the file system takes.
const NO_SPACE: readonly unknown[] = ['ENOSPC', 'EDQUOT', 'EFBIG'];

/** The fault that a guest sees when a file below its disk throws `error`. */
export const blockFaultOf = (error: unknown): BlockFault =>
  typeof error === 'object' && error !== null && 'code' in error && NO_SPACE.includes(error.code) ? 'no-space' : 'io';
