import type { FsDirectoryEntry } from '@vivarium/contracts';
import { isFault, nameToBytes } from '@vivarium/fs-backend';
import type { Call } from './call.ts';
import { FUSE_FSYNC_FDATASYNC, OPCODE, SIZE } from './fuse-table.ts';
import { bare, type Operation, type Outcome, putEntry, type Share } from './operation.ts';
import { Reply } from './reply.ts';

/** Most that one listing gives, in bytes. */
const LARGEST_LISTING = 256 * 1024;
/** Entries asked of the backend at once: what does not fit is looked at for nothing. */
const PAGE = 32;

const align = (length: number): number => Math.ceil(length / 8) * 8;

const opendir: Operation = ({ backend, policy }, call) => {
  const handle = backend.openDirectory(call.node);
  return isFault(handle) ? handle : new Reply(SIZE.open_out).u64(handle).u32(policy.openDirectoryFlags).skip(4);
};

/** struct fuse_dirent */
const putDirent = (reply: Reply, { inode, cookie, name, type }: FsDirectoryEntry): void => {
  const bytes = nameToBytes(name);
  reply
    .big(inode)
    .u64(cookie)
    .u32(bytes.length)
    .u32(type >> 12)
    .raw(bytes)
    .skip(align(bytes.length) - bytes.length);
};

/** What comes before the dirent of READDIRPLUS: a node for all but those that the kernel has by other ways. */
const putDirentEntry = (reply: Reply, share: Share, node: number, { inode, name, type }: FsDirectoryEntry): void => {
  const entry = name === '.' || name === '..' ? 'EINVAL' : share.backend.lookup(node, name);
  if (!isFault(entry)) putEntry(reply, share, entry);
  // No node means that there are no attributes to take; the name stands all the same.
  else reply.skip(40).big(inode).skip(52).u32(type).skip(24);
};

const listing = (share: Share, call: Call, plus: boolean): Outcome => {
  const handle = call.u64();
  let cookie = call.u64();
  const size = call.u32();
  if (call.cut) return 'EINVAL';
  const room = Math.min(size, call.request.writableLength - SIZE.out_header, LARGEST_LISTING);
  const reply = new Reply(Math.max(0, room));
  const fixed = plus ? SIZE.entry_out + SIZE.dirent : SIZE.dirent;
  for (;;) {
    const limit = Math.min(PAGE, Math.ceil(reply.room / align(fixed + 8)));
    const entries = limit === 0 ? [] : share.backend.readDirectory(handle, cookie, limit);
    // What was read before is good.
    if (isFault(entries)) return reply.length > SIZE.out_header ? reply : entries;
    for (const entry of entries) {
      if (align(fixed + entry.name.length) > reply.room) return reply.length > SIZE.out_header ? reply : 'EINVAL';
      if (plus) putDirentEntry(reply, share, call.node, entry);
      putDirent(reply, entry);
      cookie = entry.cookie;
    }
    if (entries.length === 0) return reply;
  }
};

const readdir: Operation = (share, call) => listing(share, call, false);
const readdirplus: Operation = (share, call) => listing(share, call, true);

const releasedir: Operation = ({ backend }, call) => {
  const handle = call.u64();
  if (call.cut) return 'EINVAL';
  backend.release(handle);
  return undefined;
};

const fsyncdir: Operation = ({ backend }, call) => {
  const handle = call.u64();
  const flags = call.u32();
  return call.cut ? 'EINVAL' : bare(backend.sync(handle, (flags & FUSE_FSYNC_FDATASYNC) !== 0));
};

/** Operations on open directories. */
export const directoryOperations: readonly (readonly [number, Operation])[] = [
  [OPCODE.OPENDIR, opendir],
  [OPCODE.READDIR, readdir],
  [OPCODE.READDIRPLUS, readdirplus],
  [OPCODE.RELEASEDIR, releasedir],
  [OPCODE.FSYNCDIR, fsyncdir],
];
