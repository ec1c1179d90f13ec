import type { FsAttributes, FsChanges, FsResult } from '@vivarium/contracts';
import { isFault, nameToBytes, PERMISSIONS } from '@vivarium/fs-backend';
import type { Call } from './call.ts';
import * as f from './fuse-table.ts';
import { bare, type Operation, type Outcome, type Share } from './operation.ts';
import { joinTime, Reply } from './reply.ts';

/** struct fuse_attr_out */
const attributesReply = ({ policy }: Share, attributes: FsResult<FsAttributes>): Outcome => {
  if (isFault(attributes)) return attributes;
  const [seconds, nanoseconds] = policy.timeout;
  return new Reply(f.SIZE.attr_out).u64(seconds).u32(nanoseconds).skip(4).attributes(attributes);
};

const getattr: Operation = (share, call) => attributesReply(share, share.backend.getAttributes(call.node));

/** struct fuse_setattr_in */
const changesIn = (call: Call): FsChanges => {
  const valid = call.u32();
  call.skip(12);
  const size = call.u64();
  call.skip(8);
  const [accessed, modified] = [call.big(), call.big()];
  call.skip(8);
  const [accessedRest, modifiedRest] = [call.u32(), call.u32()];
  call.skip(4);
  const mode = call.u32();
  call.skip(4);
  const [uid, gid] = [call.u32(), call.u32()];
  const has = (flag: number): boolean => (valid & flag) !== 0;
  const time = (set: number, now: number, seconds: bigint, rest: number): bigint | 'now' | undefined =>
    has(now) ? 'now' : has(set) ? joinTime(seconds, rest) : undefined;
  const accessedTo = time(f.FATTR_ATIME, f.FATTR_ATIME_NOW, accessed, accessedRest);
  const modifiedTo = time(f.FATTR_MTIME, f.FATTR_MTIME_NOW, modified, modifiedRest);
  return {
    ...(has(f.FATTR_MODE) ? { mode: mode & PERMISSIONS } : {}),
    ...(has(f.FATTR_UID) ? { uid } : {}),
    ...(has(f.FATTR_GID) ? { gid } : {}),
    ...(has(f.FATTR_SIZE) ? { size } : {}),
    ...(accessedTo === undefined ? {} : { accessed: accessedTo }),
    ...(modifiedTo === undefined ? {} : { modified: modifiedTo }),
    dropPrivileges: has(f.FATTR_KILL_SUIDGID),
  };
};

const setattr: Operation = (share, call) => {
  const changes = changesIn(call);
  return call.cut ? 'EINVAL' : attributesReply(share, share.backend.setAttributes(call.node, changes));
};

const access: Operation = ({ backend }, call) => {
  const mask = call.u32();
  return call.cut ? 'EINVAL' : bare(backend.access(call.node, mask, call.caller));
};

/** struct fuse_kstatfs */
const statfs: Operation = ({ backend }) => {
  const told = backend.statistics();
  if (isFault(told)) return told;
  return new Reply(f.SIZE.statfs_out)
    .u64(told.blocks)
    .u64(told.blocksFree)
    .u64(told.blocksAvailable)
    .u64(told.files)
    .u64(told.filesFree)
    .u32(told.blockSize)
    .u32(told.nameLength)
    .u32(told.blockSize)
    .skip(28);
};

/** Values go back whole, or, when the driver asks with size 0, how long they are. */
const sized = (value: Uint8Array, size: number): Outcome => {
  if (size === 0) return new Reply(8).u32(value.length).skip(4);
  return value.length > size ? 'ERANGE' : new Reply(value.length).raw(value);
};

const getxattr: Operation = ({ backend }, call) => {
  const size = call.u32();
  call.skip(4);
  const name = call.name();
  if (call.cut) return 'EINVAL';
  const value = backend.getExtendedAttribute(call.node, name);
  return isFault(value) ? value : sized(value, size);
};

const listxattr: Operation = ({ backend }, call) => {
  const size = call.u32();
  call.skip(4);
  if (call.cut) return 'EINVAL';
  const names = backend.listExtendedAttributes(call.node);
  return isFault(names) ? names : sized(nameToBytes(names.map((name) => `${name}\0`).join('')), size);
};

const WAYS = new Map<number, 'any' | 'create' | 'replace'>([
  [0, 'any'],
  [f.XATTR_CREATE, 'create'],
  [f.XATTR_REPLACE, 'replace'],
]);

/** struct fuse_setxattr_in without the extension, which is not negotiated. */
const setxattr: Operation = ({ backend }, call) => {
  const size = call.u32();
  const how = WAYS.get(call.u32());
  const name = call.name();
  const value = call.bytes(size);
  if (call.cut || how === undefined) return 'EINVAL';
  return bare(backend.setExtendedAttribute(call.node, name, value, how));
};

const removexattr: Operation = ({ backend }, call) => {
  const name = call.name();
  return call.cut ? 'EINVAL' : bare(backend.removeExtendedAttribute(call.node, name));
};

/** Operations on attributes. */
export const attributeOperations: readonly (readonly [number, Operation])[] = [
  [f.OPCODE.GETATTR, getattr],
  [f.OPCODE.SETATTR, setattr],
  [f.OPCODE.ACCESS, access],
  [f.OPCODE.STATFS, statfs],
  [f.OPCODE.GETXATTR, getxattr],
  [f.OPCODE.LISTXATTR, listxattr],
  [f.OPCODE.SETXATTR, setxattr],
  [f.OPCODE.REMOVEXATTR, removexattr],
];
