import type { FsEntry, FsResult } from '@vivarium/contracts';
import type { Call } from './call.ts';
import { OPCODE, RENAME_EXCHANGE, RENAME_NOREPLACE, SIZE } from './fuse-table.ts';
import { bare, entryReply, type Operation, type Outcome, type Share } from './operation.ts';
import { Reply } from './reply.ts';

/** A name that is not there may be remembered, too: an entry without a node (struct fuse_entry_out, nodeid 0). */
const lookup: Operation = (share, call) => {
  const name = call.name();
  if (call.cut) return 'EINVAL';
  const entry = share.backend.lookup(call.node, name);
  const [seconds, nanoseconds] = share.policy.timeout;
  if (entry !== 'ENOENT' || seconds === 0) return entryReply(share, entry);
  const absent = new Reply(SIZE.entry_out).u64(0).u64(0).u64(seconds).u64(seconds).u32(nanoseconds).u32(nanoseconds);
  return absent.skip(SIZE.attr);
};

const forget: Operation = ({ backend }, call) => {
  const count = call.u64();
  if (!call.cut) backend.forget(call.node, count);
  return 'silent';
};

const batchForget: Operation = ({ backend }, call) => {
  const count = call.u32();
  call.skip(4);
  for (let index = 0; index < count && call.left >= 16; index++) {
    const node = call.u64();
    backend.forget(node, call.u64());
  }
  return 'silent';
};

/** Makes an entry once its arguments are all there. */
const making =
  (make: (share: Share, call: Call) => () => FsResult<FsEntry>): Operation =>
  (share, call): Outcome => {
    const act = make(share, call);
    return call.cut ? 'EINVAL' : entryReply(share, act());
  };

const symlink = making(({ backend }, call) => {
  const name = call.name();
  const target = call.name();
  return () => backend.makeSymbolicLink(call.node, name, target, call.caller);
});

const mknod = making(({ backend }, call) => {
  const mode = call.u32();
  const rdev = call.u32();
  // The umask, which the kernel has applied already.
  call.skip(8);
  const name = call.name();
  return () => backend.makeNode(call.node, name, mode, rdev, call.caller);
});

const mkdir = making(({ backend }, call) => {
  const mode = call.u32();
  call.skip(4);
  const name = call.name();
  return () => backend.makeDirectory(call.node, name, mode, call.caller);
});

const link = making(({ backend }, call) => {
  const node = call.u64();
  const name = call.name();
  return () => backend.link(node, call.node, name);
});

const unlink: Operation = ({ backend }, call) => {
  const name = call.name();
  return call.cut ? 'EINVAL' : bare(backend.unlink(call.node, name));
};

const rmdir: Operation = ({ backend }, call) => {
  const name = call.name();
  return call.cut ? 'EINVAL' : bare(backend.removeDirectory(call.node, name));
};

const renameTo = ({ backend }: Share, call: Call, newParent: number, flags: number): Outcome => {
  const name = call.name();
  const newName = call.name();
  if (call.cut) return 'EINVAL';
  // Whiteouts are not known, nor is one flag together with another.
  const ways = new Map<number, 'replace' | 'keep' | 'exchange'>([
    [0, 'replace'],
    [RENAME_NOREPLACE, 'keep'],
    [RENAME_EXCHANGE, 'exchange'],
  ]);
  const how = ways.get(flags);
  return how === undefined ? 'EINVAL' : bare(backend.rename(call.node, name, newParent, newName, how));
};

const rename: Operation = (share, call) => renameTo(share, call, call.u64(), 0);

const rename2: Operation = (share, call) => {
  const newParent = call.u64();
  const flags = call.u32();
  call.skip(4);
  return renameTo(share, call, newParent, flags);
};

const readlink: Operation = ({ backend }, call) => {
  const target = backend.readLink(call.node);
  return typeof target === 'string' ? target : new Reply(target.length).raw(target);
};

/** Operations on the tree of names. */
export const nameOperations: readonly (readonly [number, Operation])[] = [
  [OPCODE.LOOKUP, lookup],
  [OPCODE.FORGET, forget],
  [OPCODE.BATCH_FORGET, batchForget],
  [OPCODE.SYMLINK, symlink],
  [OPCODE.MKNOD, mknod],
  [OPCODE.MKDIR, mkdir],
  [OPCODE.LINK, link],
  [OPCODE.UNLINK, unlink],
  [OPCODE.RMDIR, rmdir],
  [OPCODE.RENAME, rename],
  [OPCODE.RENAME2, rename2],
  [OPCODE.READLINK, readlink],
];
