// Hot: reads and writes of files.
import type { FsOpenMode } from '@vivarium/contracts';
import { isDirectory, isFault, PERMISSIONS } from '@vivarium/fs-backend';
import type { Fid } from './fid-table.ts';
import { bare, callerOf, nextFid, type Operation, type Outcome, roomFor } from './operation.ts';
import * as p from './protocol-table.ts';
import { qidType, Reply } from './reply.ts';

const ACCESS = ['read', 'write', 'both'] as const;
/** Entries asked of the backend at once: what does not fit is looked at for nothing. */
const PAGE = 32;
/** What an entry takes besides its name. */
const ENTRY_SIZE = p.QID_SIZE + 8 + 1 + 2;

const openMode = (flags: number): FsOpenMode | undefined => {
  const access = ACCESS[flags & p.O_ACCMODE];
  return access && { access, truncate: (flags & p.O_TRUNC) !== 0, append: (flags & p.O_APPEND) !== 0 };
};

/** Most data in one message, which the driver works out for itself when it is told 0. */
const ANY_UNIT = 0;

const lopen: Operation = (share, message) => {
  const fid = nextFid(share, message);
  const mode = openMode(message.u32());
  if (message.cut || mode === undefined) return 'EINVAL';
  if (fid === undefined) return 'EBADF';
  if (fid.handle !== undefined || fid.attribute !== undefined) return 'EINVAL';
  const { backend } = share;
  const before = backend.getAttributes(fid.node);
  if (isFault(before)) return before;
  const directory = isDirectory(before.mode);
  if (directory && mode.access !== 'read') return 'EISDIR';
  const handle = directory ? backend.openDirectory(fid.node) : backend.open(fid.node, mode);
  if (isFault(handle)) return handle;
  fid.handle = handle;
  const after = backend.getAttributes(fid.node);
  return new Reply(p.QID_SIZE + 4).qid(isFault(after) ? before : after).u32(ANY_UNIT);
};

/** The fid of a directory becomes that of the new file in it. */
const lcreate: Operation = (share, message) => {
  const number = message.u32();
  const [name, flags, permissions, gid] = [message.name(), message.u32(), message.u32(), message.u32()];
  const { backend, fids } = share;
  const fid = fids.get(number);
  const mode = openMode(flags);
  if (message.cut || mode === undefined) return 'EINVAL';
  if (fid === undefined) return 'EBADF';
  if (fid.handle !== undefined || fid.attribute !== undefined) return 'EINVAL';
  const how = { ...mode, exclusive: (flags & p.O_EXCL) !== 0 };
  const made = backend.create(fid.node, name, permissions & PERMISSIONS, how, callerOf(fid, gid));
  if (isFault(made)) return made;
  fids.hold(made);
  fids.replace(number, { node: made.node, place: { parent: fid.node, name }, uid: fid.uid }, made.handle);
  fids.unhold(made.node);
  return new Reply(p.QID_SIZE + 4).qid(made.attributes).u32(ANY_UNIT);
};

const read: Operation = (share, message) => {
  const fid = nextFid(share, message);
  const [offset, size] = [message.u64(), message.u32()];
  if (message.cut) return 'EINVAL';
  if (fid === undefined) return 'EBADF';
  const count = Math.min(size, roomFor(share, message, p.READ_HEADER));
  if (fid.attribute !== undefined) {
    if (!Number.isSafeInteger(offset)) return 'EINVAL';
    const piece = fid.attribute.bytes.subarray(offset, offset + count);
    return new Reply(4 + piece.length).u32(piece.length).raw(piece);
  }
  if (fid.handle === undefined) return 'EBADF';
  const done = share.backend.read(fid.handle, offset, message.request.writable(p.READ_HEADER, count));
  return isFault(done) ? done : { reply: new Reply(4).u32(done), direct: done };
};

const write: Operation = (share, message) => {
  const fid = nextFid(share, message);
  const [offset, count] = [message.u64(), message.u32()];
  if (message.cut || p.WRITE_HEADER + count > message.size) return 'EINVAL';
  if (fid === undefined) return 'EBADF';
  if (fid.attribute !== undefined) return gather(fid, offset, message.request.read(p.WRITE_HEADER, count));
  if (fid.handle === undefined) return 'EBADF';
  // The driver does not say whether the writer may keep set-user-ID; root may.
  const done = share.backend.write(fid.handle, offset, message.request.readable(p.WRITE_HEADER, count), fid.uid !== 0);
  return isFault(done) ? done : new Reply(4).u32(done);
};

/** Attributes come in order. */
const gather = ({ attribute }: Fid, offset: number, piece: Uint8Array): Outcome => {
  if (attribute?.set === undefined) return 'EBADF';
  if (offset !== attribute.written) return 'EINVAL';
  if (offset + piece.length > attribute.bytes.length) return 'ENOSPC';
  attribute.bytes.set(piece, offset);
  attribute.written += piece.length;
  return new Reply(4).u32(piece.length);
};

const readdir: Operation = (share, message) => {
  const fid = nextFid(share, message);
  let cookie = message.u64();
  const count = message.u32();
  if (message.cut) return 'EINVAL';
  if (fid?.handle === undefined) return 'EBADF';
  const reply = new Reply(4 + Math.min(count, roomFor(share, message, p.READ_HEADER))).u32(0);
  const finished = (): Reply => reply.patch(p.HEADER_SIZE, reply.length - p.READ_HEADER);
  for (;;) {
    const limit = Math.min(PAGE, Math.ceil(reply.room / (ENTRY_SIZE + 1)));
    const entries = limit === 0 ? [] : share.backend.readDirectory(fid.handle, cookie, limit);
    // What was read before is good.
    if (isFault(entries)) return reply.length > p.READ_HEADER ? finished() : entries;
    for (const { name, inode, type, cookie: next } of entries) {
      if (ENTRY_SIZE + name.length > reply.room) return reply.length > p.READ_HEADER ? finished() : 'EINVAL';
      reply
        .u8(qidType(type))
        .u32(0)
        .big(inode)
        .u64(next)
        .u8(type >> 12)
        .name(name);
      cookie = next;
    }
    if (entries.length === 0) return finished();
  }
};

const fsync: Operation = (share, message) => {
  const fid = nextFid(share, message);
  if (message.cut) return 'EINVAL';
  // Drivers before Linux 3.0 do not say it.
  const dataOnly = message.u32() !== 0;
  return fid?.handle === undefined ? 'EBADF' : bare(share.backend.sync(fid.handle, dataOnly));
};

/** Operations on open files and directories. */
export const fileOperations: readonly (readonly [number, Operation])[] = [
  [p.T.LOPEN, lopen],
  [p.T.LCREATE, lcreate],
  [p.T.READ, read],
  [p.T.WRITE, write],
  [p.T.READDIR, readdir],
  [p.T.FSYNC, fsync],
];
