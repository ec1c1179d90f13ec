import { isFault, LAST_BYTE, type LockRequest } from '@vivarium/fs-backend';
import type { Message } from './message.ts';
import { nextFid, type Operation } from './operation.ts';
import * as p from './protocol-table.ts';
import { Reply } from './reply.ts';

const TYPES = new Map<number, LockRequest['type']>([
  [p.LOCK_TYPE_RDLCK, 'read'],
  [p.LOCK_TYPE_WRLCK, 'write'],
  [p.LOCK_TYPE_UNLCK, 'unlock'],
]);

/** Start, length (0: to the end), process and client, which together own the lock. */
const rangeIn = (message: Message): Omit<LockRequest, 'type'> => {
  const [start, length] = [message.big(), message.big()];
  const pid = message.u32();
  const owner = `${pid} ${message.name()}`;
  return { kind: 'record', owner, start, end: length === 0n ? LAST_BYTE : start + length - 1n, pid };
};

/** Nobody waits here: the driver of a process that would wait asks again. */
const lock: Operation = (share, message) => {
  const fid = nextFid(share, message);
  const type = TYPES.get(message.u8());
  message.u32();
  const range = rangeIn(message);
  if (message.cut || type === undefined) return 'EINVAL';
  if (fid === undefined) return 'EBADF';
  const result = share.backend.setLock(fid.node, { ...range, type });
  const refused = result === 'EAGAIN' ? p.LOCK_BLOCKED : p.LOCK_ERROR;
  return new Reply(1).u8(result === undefined ? p.LOCK_SUCCESS : refused);
};

const getlock: Operation = (share, message) => {
  const fid = nextFid(share, message);
  const type = TYPES.get(message.u8());
  const range = rangeIn(message);
  if (message.cut || type === undefined || type === 'unlock') return 'EINVAL';
  if (fid === undefined) return 'EBADF';
  const found = share.backend.getLock(fid.node, { ...range, type });
  if (isFault(found)) return found;
  const { owner, pid, start, end } = found ?? range;
  const client = owner.slice(owner.indexOf(' ') + 1);
  return new Reply(23 + client.length)
    .u8(found === undefined ? p.LOCK_TYPE_UNLCK : found.type === 'read' ? p.LOCK_TYPE_RDLCK : p.LOCK_TYPE_WRLCK)
    .big(start)
    .big(end === LAST_BYTE ? 0n : end - start + 1n)
    .u32(pid)
    .name(client);
};

/** Operations on locks. */
export const lockOperations: readonly (readonly [number, Operation])[] = [
  [p.T.LOCK, lock],
  [p.T.GETLOCK, getlock],
];
