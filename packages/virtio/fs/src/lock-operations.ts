import type { FsLock } from '@vivarium/contracts';
import { isFault, LAST_BYTE, type LockRequest } from '@vivarium/fs-backend';
import type { Call } from './call.ts';
import { ownerName } from './file-operations.ts';
import { F_RDLCK, F_UNLCK, F_WRLCK, FUSE_LK_FLOCK, SIZE } from './fuse-table.ts';
import type { Outcome, Share } from './operation.ts';
import { Reply } from './reply.ts';

const TYPES = new Map<number, LockRequest['type']>([
  [F_RDLCK, 'read'],
  [F_WRLCK, 'write'],
  [F_UNLCK, 'unlock'],
]);

/** struct fuse_lk_in; undefined when it is none. */
export const lockIn = (call: Call): LockRequest | undefined => {
  // The handle: locks are on the file.
  call.skip(8);
  const owner = ownerName(call.big());
  const [start, end] = [call.big(), call.big()];
  const type = TYPES.get(call.u32());
  const pid = call.u32();
  const flags = call.u32();
  if (call.cut || type === undefined) return undefined;
  const whole = (flags & FUSE_LK_FLOCK) !== 0;
  return whole
    ? { kind: 'file', owner, type, start: 0n, end: LAST_BYTE, pid }
    : { kind: 'record', owner, type, start, end, pid };
};

/** What stands in the way, or that nothing does (struct fuse_lk_out). */
export const getLock = ({ backend }: Share, call: Call): Outcome => {
  const lock = lockIn(call);
  if (lock === undefined || lock.type === 'unlock') return 'EINVAL';
  const found = backend.getLock(call.node, { ...lock, type: lock.type } satisfies FsLock);
  if (isFault(found)) return found;
  const reply = new Reply(SIZE.file_lock);
  if (found === undefined) return reply.skip(16).u32(F_UNLCK).skip(4);
  return reply
    .big(found.start)
    .big(found.end)
    .u32(found.type === 'read' ? F_RDLCK : F_WRLCK)
    .u32(found.pid);
};

export const setLock = ({ backend }: Share, call: Call): Outcome => {
  const lock = lockIn(call);
  return lock === undefined ? 'EINVAL' : backend.setLock(call.node, lock);
};
