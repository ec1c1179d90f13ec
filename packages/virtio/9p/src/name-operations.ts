import type { FsEntry, FsErrno, FsResult } from '@vivarium/contracts';
import { FS_ROOT } from '@vivarium/contracts';
import { isFault } from '@vivarium/fs-backend';
import type { Fid } from './fid-table.ts';
import type { Message } from './message.ts';
import { bare, callerOf, nextFid, type Operation, type Outcome, type Share } from './operation.ts';
import { AT_REMOVEDIR, MAXWELEM, NOFID, NONUNAME, QID_SIZE, T } from './protocol-table.ts';
import { Reply } from './reply.ts';

const attach: Operation = ({ backend, fids }, message) => {
  const number = message.u32();
  const authentication = message.u32();
  // Name of the user, and of the tree: there is one tree, and users are told by number.
  message.name();
  message.name();
  const uid = message.u32();
  if (message.cut) return 'EINVAL';
  // Nobody could authenticate: auth is refused.
  if (authentication !== NOFID) return 'EINVAL';
  const fault = number === NOFID ? 'EINVAL' : fids.fault(number);
  if (fault !== undefined) return fault;
  const attributes = backend.getAttributes(FS_ROOT);
  if (isFault(attributes)) return attributes;
  fids.add(number, { node: FS_ROOT, place: undefined, uid: uid === NONUNAME ? 0 : uid });
  return new Reply(QID_SIZE).qid(attributes);
};

/** Goes down name by name. What was found before a name that is not there is told, and the new fid is not made. */
const walk: Operation = (share, message) => {
  const { backend, fids } = share;
  const number = message.u32();
  const newNumber = message.u32();
  const names = Array.from({ length: Math.min(message.u16(), MAXWELEM + 1) }, () => message.name());
  const fid = fids.get(number);
  if (message.cut || names.length > MAXWELEM) return 'EINVAL';
  if (fid === undefined) return 'EBADF';
  const fault = newNumber === number ? undefined : newNumber === NOFID ? 'EINVAL' : fids.fault(newNumber);
  if (fault !== undefined) return fault;
  // A fid that is open, or an attribute, is no place to go from to itself.
  if (newNumber === number && (fid.handle !== undefined || fid.attribute !== undefined)) return 'EINVAL';
  const found: FsEntry[] = [];
  let node = fid.node;
  let failure: FsErrno | undefined;
  for (const name of names) {
    const entry = backend.lookup(node, name);
    if (isFault(entry)) {
      failure = entry;
      break;
    }
    fids.hold(entry);
    found.push(entry);
    ({ node } = entry);
  }
  if (failure === undefined) {
    const name = names.at(-1);
    const parent = found.at(-2)?.node ?? fid.node;
    const place = name === undefined ? fid.place : { parent, name };
    if (newNumber === number) fids.replace(number, { node, place, uid: fid.uid });
    else fids.add(newNumber, { node, place, uid: fid.uid });
  }
  for (const entry of found) fids.unhold(entry.node);
  if (failure !== undefined && found.length === 0) return failure;
  const reply = new Reply(2 + found.length * QID_SIZE).u16(found.length);
  for (const { attributes } of found) reply.qid(attributes);
  return reply;
};

const clunk: Operation = ({ backend, fids }, message) => {
  const number = message.u32();
  if (message.cut) return 'EINVAL';
  const fid = fids.get(number);
  if (fid === undefined) return 'EBADF';
  const fault = settle(backend, fid);
  fids.remove(number);
  return fault ?? new Reply();
};

/** An attribute is set when all of it was written: none of it removes the attribute. */
const settle = (backend: Share['backend'], { node, attribute }: Fid): FsErrno | undefined => {
  if (attribute?.set === undefined) return undefined;
  const { bytes, written, set } = attribute;
  if (written !== bytes.length) return 'EINVAL';
  const result =
    bytes.length === 0
      ? backend.removeExtendedAttribute(node, set.name)
      : backend.setExtendedAttribute(node, set.name, bytes, set.how);
  return isFault(result) ? result : undefined;
};

const qidReply = ({ backend }: Share, made: FsResult<FsEntry>): Outcome => {
  if (isFault(made)) return made;
  const reply = new Reply(QID_SIZE).qid(made.attributes);
  backend.forget(made.node, 1);
  return reply;
};

const symlink: Operation = (share, message) => {
  const fid = nextFid(share, message);
  const [name, target, gid] = [message.name(), message.name(), message.u32()];
  if (message.cut) return 'EINVAL';
  if (fid === undefined) return 'EBADF';
  return qidReply(share, share.backend.makeSymbolicLink(fid.node, name, target, callerOf(fid, gid)));
};

const mknod: Operation = (share, message) => {
  const fid = nextFid(share, message);
  const [name, mode, major, minor, gid] = [message.name(), message.u32(), message.u32(), message.u32(), message.u32()];
  if (message.cut) return 'EINVAL';
  if (fid === undefined) return 'EBADF';
  return qidReply(share, share.backend.makeNode(fid.node, name, mode, deviceOf(major, minor), callerOf(fid, gid)));
};

/** The number of a device in 32 bits, as Linux has it (new_encode_dev). */
const deviceOf = (major: number, minor: number): number =>
  ((minor & 0xff) | ((major & 0xfff) << 8) | ((minor & 0xfff00) << 12)) >>> 0;

const mkdir: Operation = (share, message) => {
  const fid = nextFid(share, message);
  const [name, mode, gid] = [message.name(), message.u32(), message.u32()];
  if (message.cut) return 'EINVAL';
  if (fid === undefined) return 'EBADF';
  return qidReply(share, share.backend.makeDirectory(fid.node, name, mode, callerOf(fid, gid)));
};

const link: Operation = (share, message) => {
  const directory = nextFid(share, message);
  const fid = nextFid(share, message);
  const name = message.name();
  if (message.cut) return 'EINVAL';
  if (directory === undefined || fid === undefined) return 'EBADF';
  const made = share.backend.link(fid.node, directory.node, name);
  if (!isFault(made)) share.backend.forget(made.node, 1);
  return bare(made);
};

const unlinkat: Operation = (share, message) => {
  const fid = nextFid(share, message);
  const [name, flags] = [message.name(), message.u32()];
  if (message.cut || (flags & ~AT_REMOVEDIR) !== 0) return 'EINVAL';
  if (fid === undefined) return 'EBADF';
  const { backend } = share;
  return bare(flags === 0 ? backend.unlink(fid.node, name) : backend.removeDirectory(fid.node, name));
};

const renameat: Operation = (share, message) => {
  const from = nextFid(share, message);
  const name = message.name();
  const to = nextFid(share, message);
  const newName = message.name();
  if (message.cut) return 'EINVAL';
  if (from === undefined || to === undefined) return 'EBADF';
  return bare(share.backend.rename(from.node, name, to.node, newName, 'replace'));
};

/** The place of a fid, if the file is there still: others may have moved it. */
const placeOf = (backend: Share['backend'], { node, place }: Fid): FsResult<NonNullable<Fid['place']>> => {
  if (place === undefined) return 'EBUSY';
  const entry = backend.lookup(place.parent, place.name);
  if (isFault(entry)) return entry;
  backend.forget(entry.node, 1);
  return entry.node === node ? place : 'ENOENT';
};

const rename: Operation = (share, message) => {
  const fid = nextFid(share, message);
  const directory = nextFid(share, message);
  const name = message.name();
  if (message.cut) return 'EINVAL';
  if (fid === undefined || directory === undefined) return 'EBADF';
  const place = placeOf(share.backend, fid);
  if (isFault(place)) return place;
  return bare(share.backend.rename(place.parent, place.name, directory.node, name, 'replace'));
};

/** The fid is gone, also when the file stays. */
const remove: Operation = (share, message) => {
  const number = message.u32();
  const fid = share.fids.get(number);
  if (message.cut) return 'EINVAL';
  if (fid === undefined) return 'EBADF';
  const result = removeFile(share, fid);
  share.fids.remove(number);
  return bare(result);
};

const removeFile = ({ backend }: Share, fid: Fid): FsResult<undefined> => {
  const place = placeOf(backend, fid);
  if (isFault(place)) return place;
  const result = backend.unlink(place.parent, place.name);
  return result === 'EISDIR' ? backend.removeDirectory(place.parent, place.name) : result;
};

const readlink: Operation = (share, message) => {
  const fid = nextFid(share, message);
  if (message.cut) return 'EINVAL';
  if (fid === undefined) return 'EBADF';
  const target = share.backend.readLink(fid.node);
  return isFault(target) ? target : new Reply(2 + target.length).u16(target.length).raw(target);
};

/** Operations on the tree of names. */
export const nameOperations: readonly (readonly [number, (share: Share, message: Message) => Outcome])[] = [
  [T.ATTACH, attach],
  [T.WALK, walk],
  [T.CLUNK, clunk],
  [T.SYMLINK, symlink],
  [T.MKNOD, mknod],
  [T.MKDIR, mkdir],
  [T.LINK, link],
  [T.UNLINKAT, unlinkat],
  [T.RENAMEAT, renameat],
  [T.RENAME, rename],
  [T.REMOVE, remove],
  [T.READLINK, readlink],
];
