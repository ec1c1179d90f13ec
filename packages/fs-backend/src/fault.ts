import type { FsErrno, FsResult } from '@vivarium/contracts';

/** Whether a call of a backend failed. */
export const isFault = <T>(result: FsResult<T>): result is FsErrno => typeof result === 'string';
