import type { FsChanges, FsNode, FsResult } from '@vivarium/contracts';
import { isFault, nameToBytes, PERMISSIONS } from '@vivarium/fs-backend';
import type { Fid, FidAttribute } from './fid-table.ts';
import type { Message } from './message.ts';
import { bare, nextFid, type Operation, type Share } from './operation.ts';
import * as p from './protocol-table.ts';
import { Reply } from './reply.ts';

const SECOND = 1_000_000_000n;
const GETATTR_SIZE = 8 + p.QID_SIZE + 12 + 8 * 5 + 16 * 4 + 16;
/** Largest value of an extended attribute (XATTR_SIZE_MAX of Linux). */
const LARGEST_ATTRIBUTE = 65_536;

/** Seconds, possibly before 1970, and the nanoseconds after them. */
const putTime = (reply: Reply, time: bigint): void => {
  const nanoseconds = ((time % SECOND) + SECOND) % SECOND;
  reply.big((time - nanoseconds) / SECOND).big(nanoseconds);
};

const getattr: Operation = (share, message) => {
  const fid = nextFid(share, message);
  message.u64();
  if (message.cut) return 'EINVAL';
  if (fid === undefined) return 'EBADF';
  const attributes = share.backend.getAttributes(fid.node);
  if (isFault(attributes)) return attributes;
  const reply = new Reply(GETATTR_SIZE)
    .u64(p.GETATTR_BASIC)
    .qid(attributes)
    .u32(attributes.mode)
    .u32(attributes.uid)
    .u32(attributes.gid)
    .u64(attributes.links)
    .u64(attributes.rdev)
    .u64(attributes.size)
    .u64(attributes.blockSize)
    .u64(attributes.blocks);
  for (const time of [attributes.accessed, attributes.modified, attributes.changed, 0n]) putTime(reply, time);
  // Generation and version of the data, which are not told.
  return reply.u64(0).u64(0);
};

const changesIn = (message: Message): FsChanges => {
  const valid = message.u32();
  const [mode, uid, gid] = [message.u32(), message.u32(), message.u32()];
  const size = message.u64();
  const [accessed, accessedRest, modified, modifiedRest] = [message.big(), message.big(), message.big(), message.big()];
  const has = (flag: number): boolean => (valid & flag) !== 0;
  const time = (flag: number, set: number, seconds: bigint, rest: bigint): bigint | 'now' | undefined => {
    if (!has(flag)) return undefined;
    return has(set) ? BigInt.asIntN(64, seconds) * SECOND + rest : 'now';
  };
  const accessedTo = time(p.SETATTR_ATIME, p.SETATTR_ATIME_SET, accessed, accessedRest);
  const modifiedTo = time(p.SETATTR_MTIME, p.SETATTR_MTIME_SET, modified, modifiedRest);
  return {
    ...(has(p.SETATTR_MODE) ? { mode: mode & PERMISSIONS } : {}),
    ...(has(p.SETATTR_UID) ? { uid } : {}),
    ...(has(p.SETATTR_GID) ? { gid } : {}),
    ...(has(p.SETATTR_SIZE) ? { size } : {}),
    ...(accessedTo === undefined ? {} : { accessed: accessedTo }),
    ...(modifiedTo === undefined ? {} : { modified: modifiedTo }),
  };
};

const setattr: Operation = (share, message) => {
  const fid = nextFid(share, message);
  const changes = changesIn(message);
  if (message.cut) return 'EINVAL';
  return fid === undefined ? 'EBADF' : bare(share.backend.setAttributes(fid.node, changes));
};

const statfs: Operation = (share, message) => {
  const fid = nextFid(share, message);
  if (message.cut) return 'EINVAL';
  if (fid === undefined) return 'EBADF';
  const told = share.backend.statistics();
  if (isFault(told)) return told;
  return new Reply(60)
    .u32(p.V9FS_MAGIC)
    .u32(told.blockSize)
    .u64(told.blocks)
    .u64(told.blocksFree)
    .u64(told.blocksAvailable)
    .u64(told.files)
    .u64(told.filesFree)
    .u64(0)
    .u32(told.nameLength);
};

/** A new fid to read an attribute from, or, without a name, the names of all. */
const xattrwalk: Operation = (share, message) => {
  const { backend, fids } = share;
  const fid = nextFid(share, message);
  const [newNumber, name] = [message.u32(), message.name()];
  if (message.cut || newNumber === p.NOFID) return 'EINVAL';
  if (fid === undefined) return 'EBADF';
  const fault = fids.fault(newNumber);
  if (fault !== undefined) return fault;
  const bytes = name === '' ? listed(share, fid.node) : backend.getExtendedAttribute(fid.node, name);
  if (isFault(bytes)) return bytes;
  if (!attach(share, newNumber, fid, { bytes, set: undefined, written: bytes.length })) return 'ENOMEM';
  return new Reply(8).u64(bytes.length);
};

const listed = ({ backend }: Share, node: FsNode): FsResult<Uint8Array> => {
  const names = backend.listExtendedAttributes(node);
  return isFault(names) ? names : nameToBytes(names.map((each) => `${each}\0`).join(''));
};

const attach = ({ fids }: Share, number: number, like: Fid, attribute: FidAttribute): boolean => {
  const fid = fids.add(number, like);
  if (fids.attach(fid, attribute)) return true;
  fids.remove(number);
  return false;
};

const WAYS = new Map<number, 'any' | 'create' | 'replace'>([
  [0, 'any'],
  [p.XATTR_CREATE, 'create'],
  [p.XATTR_REPLACE, 'replace'],
]);

/** The fid gathers an attribute, which is set when it is clunked. */
const xattrcreate: Operation = (share, message) => {
  const fid = nextFid(share, message);
  const [name, size, how] = [message.name(), message.u64(), WAYS.get(message.u32())];
  if (message.cut || how === undefined || name === '') return 'EINVAL';
  if (fid === undefined) return 'EBADF';
  if (fid.handle !== undefined || fid.attribute !== undefined) return 'EINVAL';
  if (size > LARGEST_ATTRIBUTE) return 'E2BIG';
  const attribute = { bytes: new Uint8Array(size), set: { name, how }, written: 0 };
  return share.fids.attach(fid, attribute) ? new Reply() : 'ENOMEM';
};

/** Operations on attributes. */
export const attributeOperations: readonly (readonly [number, Operation])[] = [
  [p.T.GETATTR, getattr],
  [p.T.SETATTR, setattr],
  [p.T.STATFS, statfs],
  [p.T.XATTRWALK, xattrwalk],
  [p.T.XATTRCREATE, xattrcreate],
];
