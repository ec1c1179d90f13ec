// Hot: reads and writes of files.
import type { FsOpenMode } from '@vivarium/contracts';
import { isFault, PERMISSIONS } from '@vivarium/fs-backend';
import type { Call } from './call.ts';
import * as f from './fuse-table.ts';
import { bare, type Operation, type Outcome, putEntry, type Share } from './operation.ts';
import { Reply } from './reply.ts';

/** Most that one request reads or writes, in bytes: 256 pages. */
export const LARGEST_TRANSFER = 1024 * 1024;

const ACCESS = ['read', 'write', 'both'] as const;

const openMode = (share: Share, flags: number, openFlags: number): FsOpenMode | undefined => {
  const asked = ACCESS[flags & f.O_ACCMODE];
  if (asked === undefined) return undefined;
  return {
    // To write back a piece of a page the kernel reads the rest; and it alone knows where the end is.
    access: share.writeback && asked === 'write' ? 'both' : asked,
    append: !share.writeback && (flags & f.O_APPEND) !== 0,
    truncate: (flags & f.O_TRUNC) !== 0,
    dropPrivileges: (openFlags & f.FUSE_OPEN_KILL_SUIDGID) !== 0,
  };
};

/** struct fuse_open_out */
const putOpen = (reply: Reply, share: Share, node: number, handle: number): Reply => {
  // Nothing happens at a close here but for locks, so that the message can be saved.
  const noFlush = share.locks || share.writeback ? 0 : f.FOPEN_NOFLUSH;
  return reply
    .u64(handle)
    .u32(share.policy.openFlags(share.backend, node) | noFlush)
    .skip(4);
};

const open: Operation = (share, call) => {
  const flags = call.u32();
  const openFlags = call.u32();
  const mode = openMode(share, flags, openFlags);
  if (call.cut || mode === undefined) return 'EINVAL';
  const handle = share.backend.open(call.node, mode);
  return isFault(handle) ? handle : putOpen(new Reply(f.SIZE.open_out), share, call.node, handle);
};

const create: Operation = (share, call) => {
  const flags = call.u32();
  const permissions = call.u32() & PERMISSIONS;
  call.skip(4);
  const mode = openMode(share, flags, call.u32());
  const name = call.name();
  if (call.cut || mode === undefined) return 'EINVAL';
  const exclusive = (flags & f.O_EXCL) !== 0;
  const made = share.backend.create(call.node, name, permissions, { ...mode, exclusive }, call.caller);
  if (isFault(made)) return made;
  const reply = putEntry(new Reply(f.SIZE.entry_out + f.SIZE.open_out), share, made);
  return putOpen(reply, share, made.node, made.handle);
};

const read: Operation = ({ backend }, call) => {
  const handle = call.u64();
  const offset = call.u64();
  const size = call.u32();
  if (call.cut) return 'EINVAL';
  const room = call.request.writableLength - f.SIZE.out_header;
  const into = call.request.writable(f.SIZE.out_header, Math.min(size, room, LARGEST_TRANSFER));
  const count = backend.read(handle, offset, into);
  return isFault(count) ? count : { direct: count };
};

const write: Operation = ({ backend }, call) => {
  const handle = call.u64();
  const offset = call.u64();
  const size = call.u32();
  const flags = call.u32();
  call.skip(f.SIZE.write_in - 24);
  const start = f.SIZE.in_header + f.SIZE.write_in;
  if (call.cut || size > LARGEST_TRANSFER || start + size > call.request.readableLength) return 'EINVAL';
  const from = call.request.readable(start, size);
  const count = backend.write(handle, offset, from, (flags & f.FUSE_WRITE_KILL_SUIDGID) !== 0);
  return isFault(count) ? count : new Reply(8).u32(count).skip(4);
};

const flush: Operation = ({ backend }, call) => {
  const handle = call.u64();
  call.skip(8);
  const owner = call.big();
  if (call.cut) return 'EINVAL';
  // A process that closes any descriptor of a file loses its record locks on it (POSIX).
  backend.releaseLocks(call.node, 'record', ownerName(owner));
  return bare(backend.flush(handle));
};

const release: Operation = ({ backend }, call) => {
  const handle = call.u64();
  call.skip(4);
  const flags = call.u32();
  const owner = call.big();
  if (call.cut) return 'EINVAL';
  if ((flags & f.FUSE_RELEASE_FLOCK_UNLOCK) !== 0) backend.releaseLocks(call.node, 'file', ownerName(owner));
  backend.release(handle);
  return undefined;
};

const fsync: Operation = ({ backend }, call) => {
  const handle = call.u64();
  const flags = call.u32();
  return call.cut ? 'EINVAL' : bare(backend.sync(handle, (flags & f.FUSE_FSYNC_FDATASYNC) !== 0));
};

const syncfs: Operation = ({ backend }) => bare(backend.syncAll());

const allocationOf = (mode: number): 'allocate' | 'punch' | 'zero' | undefined => {
  switch (mode & ~f.FALLOC_FL_KEEP_SIZE) {
    case 0:
      return 'allocate';
    case f.FALLOC_FL_PUNCH_HOLE:
      // Without keeping the size there is no punching (fallocate(2)).
      return (mode & f.FALLOC_FL_KEEP_SIZE) === 0 ? undefined : 'punch';
    case f.FALLOC_FL_ZERO_RANGE:
      return 'zero';
    default:
      return undefined;
  }
};

const fallocate: Operation = ({ backend }, call) => {
  const handle = call.u64();
  const offset = call.u64();
  const length = call.u64();
  const mode = call.u32();
  const how = allocationOf(mode);
  if (call.cut) return 'EINVAL';
  if (backend.allocate === undefined) return 'ENOSYS';
  if (how === undefined) return 'EOPNOTSUPP';
  return bare(backend.allocate(handle, how, offset, length, (mode & f.FALLOC_FL_KEEP_SIZE) !== 0));
};

const lseek: Operation = ({ backend, writeback }, call) => {
  // Data may still be in the guest's kernel, which then takes the whole file for data.
  if (writeback) return 'ENOSYS';
  const handle = call.u64();
  const offset = call.u64();
  const whence = call.u32();
  if (call.cut || (whence !== f.SEEK_DATA && whence !== f.SEEK_HOLE)) return 'EINVAL';
  const found = backend.seek(handle, offset, whence === f.SEEK_DATA ? 'data' : 'hole');
  return isFault(found) ? found : new Reply(8).u64(found);
};

const copyFileRange: Operation = ({ backend }, call) => {
  const from = call.u64();
  const fromOffset = call.u64();
  // The node of the target, which its handle knows.
  call.skip(8);
  const to = call.u64();
  const toOffset = call.u64();
  const length = call.u64();
  const flags = call.u64();
  if (call.cut || flags !== 0) return 'EINVAL';
  if (backend.copyRange === undefined) return 'ENOSYS';
  const copied = backend.copyRange(from, fromOffset, to, toOffset, length);
  return isFault(copied) ? copied : new Reply(8).u32(copied).skip(4);
};

/** Locks belong to a number of the guest's kernel. */
export const ownerName = (owner: bigint): string => owner.toString(16);

/** Whether the data of a request were read into it, which an answer must not overwrite. */
export const isDirect = (outcome: Outcome): outcome is { readonly direct: number } =>
  typeof outcome === 'object' && 'direct' in outcome;

/** Operations on open files. */
export const fileOperations: readonly (readonly [number, (share: Share, call: Call) => Outcome])[] = [
  [f.OPCODE.OPEN, open],
  [f.OPCODE.CREATE, create],
  [f.OPCODE.READ, read],
  [f.OPCODE.WRITE, write],
  [f.OPCODE.FLUSH, flush],
  [f.OPCODE.RELEASE, release],
  [f.OPCODE.FSYNC, fsync],
  [f.OPCODE.SYNCFS, syncfs],
  [f.OPCODE.FALLOCATE, fallocate],
  [f.OPCODE.LSEEK, lseek],
  [f.OPCODE.COPY_FILE_RANGE, copyFileRange],
];
