import { defineToken, type Token } from './token.ts';

/** How a call failed, by the names of POSIX and Linux. Devices turn them into the numbers of their protocol. */
export type FsErrno =
  | 'E2BIG'
  | 'EACCES'
  | 'EAGAIN'
  | 'EBADF'
  | 'EBUSY'
  | 'EDEADLK'
  | 'EDQUOT'
  | 'EEXIST'
  | 'EFBIG'
  | 'EINTR'
  | 'EINVAL'
  | 'EIO'
  | 'EISDIR'
  | 'ELOOP'
  | 'EMFILE'
  | 'EMLINK'
  | 'ENAMETOOLONG'
  | 'ENFILE'
  | 'ENODATA'
  | 'ENOENT'
  | 'ENOLCK'
  | 'ENOMEM'
  | 'ENOSPC'
  | 'ENOSYS'
  | 'ENOTDIR'
  | 'ENOTEMPTY'
  | 'ENXIO'
  | 'EOPNOTSUPP'
  | 'EOVERFLOW'
  | 'EPERM'
  | 'EPROTO'
  | 'ERANGE'
  | 'EROFS'
  | 'ESTALE'
  | 'ETXTBSY'
  | 'EXDEV';

/** A value, or why there is none. No value is a string, so `typeof result === 'string'` tells them apart. */
export type FsResult<T> = T | FsErrno;

/**
 * A name, a symbolic link's target or the name of an extended attribute: bytes, one in each character (0 to 255), as
 * file systems know no encoding. ASCII reads as itself; other text is its UTF-8 bytes.
 */
export type FsName = string;

/**
 * What a guest holds a file by: a positive integer, never used again for another file while the backend lives. It
 * stays good, whatever happens to the names of the file, until it is forgotten as often as it was given out.
 */
export type FsNode = number;

/** The node of the root directory. Always good; it cannot be forgotten. */
export const FS_ROOT: FsNode = 1;

/** An open file or directory: a positive integer, good until `release`. */
export type FsHandle = number;

/** Who asks, as the guest says. A backend does not protect one user of the guest from another: the guest's kernel does. */
export interface FsCaller {
  readonly uid: number;
  readonly gid: number;
}

/** What `stat` tells. Times are nanoseconds since the Unix epoch. */
export interface FsAttributes {
  /** Inode number; the same for all names of a file. */
  readonly inode: bigint;
  /** Type and permissions as in `st_mode`: for example 0o100644. */
  readonly mode: number;
  readonly links: number;
  readonly uid: number;
  readonly gid: number;
  /** Device number of a device node, as the guest's kernel writes it in 32 bits; 0 for others. */
  readonly rdev: number;
  /** Bytes. */
  readonly size: number;
  /** Space taken, in units of 512 bytes. */
  readonly blocks: number;
  /** Size in bytes that input and output should have. */
  readonly blockSize: number;
  readonly accessed: bigint;
  readonly modified: bigint;
  readonly changed: bigint;
}

/** A node, held once more by the caller, and its attributes. */
export interface FsEntry {
  readonly node: FsNode;
  readonly attributes: FsAttributes;
}

/** What is to change; absent fields stay. `now` is the time of the host. */
export interface FsChanges {
  /** The low 12 bits of `st_mode`. */
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly size?: number;
  readonly accessed?: bigint | 'now';
  readonly modified?: bigint | 'now';
  /** With a change of size: drop set-user-ID, and set-group-ID of an executable. */
  readonly dropPrivileges?: boolean;
}

/** How a file is opened. */
export interface FsOpenMode {
  readonly access: 'read' | 'write' | 'both';
  readonly truncate?: boolean;
  /** Every write goes to the end, whatever its offset. */
  readonly append?: boolean;
  /** With `truncate`: as in {@link FsChanges.dropPrivileges}. */
  readonly dropPrivileges?: boolean;
}

/** One name in a directory. */
export interface FsDirectoryEntry {
  readonly name: FsName;
  readonly inode: bigint;
  /** The type bits of `st_mode`: for example 0o040000. */
  readonly type: number;
  /** Where to go on after this entry: a positive integer, good while the directory is open. */
  readonly cookie: number;
}

export interface FsStatistics {
  /** Bytes of the unit that the next three count in. */
  readonly blockSize: number;
  readonly blocks: number;
  readonly blocksFree: number;
  readonly blocksAvailable: number;
  readonly files: number;
  readonly filesFree: number;
  /** Longest name in bytes. */
  readonly nameLength: number;
}

/** A lock on bytes `start` to `end` inclusive; up to 2^63 - 1 is up to the end, wherever that will be. */
export interface FsLock {
  /** `record` for POSIX locks, `file` for `flock`; they do not see each other. */
  readonly kind: 'record' | 'file';
  /** Locks of one owner never conflict. */
  readonly owner: string;
  readonly type: 'read' | 'write';
  readonly start: bigint;
  readonly end: bigint;
  /** Process in the guest, for `getLock`. */
  readonly pid: number;
}

/**
 * The files behind a file sharing device: a directory of the host, memory. Calls come from a guest: nothing throws,
 * every argument can be nonsense, every call is finished when it returns, and all that a guest can make grow (nodes,
 * handles, locks, attributes, listings) has a cap, beyond which it gets an error. One device for each backend.
 *
 * Names are one component: a backend answers `EINVAL` to an empty one, `.`, `..`, and one with `/` or NUL, and
 * `ENAMETOOLONG` to one of more than 255 bytes. It follows no symbolic link; a guest does that itself. A node that is
 * not held gives `ESTALE`, a handle that is not open `EBADF`; calls that change something give `EROFS` when `readOnly`.
 */
export interface FsBackend {
  readonly readOnly: boolean;

  /** The entry `name` of a directory; its node is held once more. */
  lookup(parent: FsNode, name: FsName): FsResult<FsEntry>;
  /** Gives a node back `count` times. More than it was held is as often as it was held. */
  forget(node: FsNode, count: number): void;
  getAttributes(node: FsNode): FsResult<FsAttributes>;
  /** A change of owner drops privileges, too, as Linux does; a change of owner or content, `security.capability`. */
  setAttributes(node: FsNode, changes: FsChanges): FsResult<FsAttributes>;
  /** May the caller do what `mask` (R_OK 4, W_OK 2, X_OK 1) says, by mode and owner? */
  access(node: FsNode, mask: number, caller: FsCaller): FsResult<undefined>;
  /** The bytes of a symbolic link's target. */
  readLink(node: FsNode): FsResult<Uint8Array>;

  // New entries belong to the caller, or to the group of a parent with set-group-ID. Modes are taken as they are, and
  // the node is held once.
  makeSymbolicLink(parent: FsNode, name: FsName, target: FsName, caller: FsCaller): FsResult<FsEntry>;
  /** A regular file, FIFO, socket or device node; `mode` has the type bits. Nothing is ever opened through it. */
  makeNode(parent: FsNode, name: FsName, mode: number, rdev: number, caller: FsCaller): FsResult<FsEntry>;
  makeDirectory(parent: FsNode, name: FsName, mode: number, caller: FsCaller): FsResult<FsEntry>;
  /** Another name for a file that is no directory. */
  link(node: FsNode, newParent: FsNode, newName: FsName): FsResult<FsEntry>;
  /** Open files go on without a name. */
  unlink(parent: FsNode, name: FsName): FsResult<undefined>;
  removeDirectory(parent: FsNode, name: FsName): FsResult<undefined>;
  rename(
    parent: FsNode,
    name: FsName,
    newParent: FsNode,
    newName: FsName,
    how: 'replace' | 'keep' | 'exchange',
  ): FsResult<undefined>;

  /** Opens a regular file. */
  open(node: FsNode, mode: FsOpenMode): FsResult<FsHandle>;
  /** Makes a regular file and opens it; opens one that is there unless `exclusive`. */
  create(
    parent: FsNode,
    name: FsName,
    permissions: number,
    mode: FsOpenMode & { readonly exclusive?: boolean },
    caller: FsCaller,
  ): FsResult<FsEntry & { readonly handle: FsHandle }>;
  /** Fills `into`, one after the other, from `offset` on; fewer bytes only at the end of the file. Views of guest RAM do. */
  read(handle: FsHandle, offset: number, into: readonly Uint8Array[]): FsResult<number>;
  /** Stores `from`, one after the other; fewer bytes when there is no room for more. */
  write(handle: FsHandle, offset: number, from: readonly Uint8Array[], dropPrivileges?: boolean): FsResult<number>;
  /** One of the guest's descriptors of the file was closed: a chance to report what could not be written. */
  flush(handle: FsHandle): FsResult<undefined>;
  /** After it succeeds, what was written survives a crash of the host; `dataOnly` leaves out what reading needs not. */
  sync(handle: FsHandle, dataOnly: boolean): FsResult<undefined>;
  release(handle: FsHandle): void;
  /**
   * Makes room (`allocate`, which grows the file unless `keepSize`), or zeroes a range: `punch` gives its space back
   * and never grows the file. Absent: the backend can do none of them.
   */
  allocate?(
    handle: FsHandle,
    how: 'allocate' | 'punch' | 'zero',
    offset: number,
    length: number,
    keepSize: boolean,
  ): FsResult<undefined>;
  /** The next offset, from `offset` on, with data or without. `ENXIO` when there is none. */
  seek(handle: FsHandle, offset: number, what: 'data' | 'hole'): FsResult<number>;
  /** Copies between open files and returns how much it did, possibly less than asked for. */
  copyRange?(from: FsHandle, fromOffset: number, to: FsHandle, toOffset: number, length: number): FsResult<number>;

  openDirectory(node: FsNode): FsResult<FsHandle>;
  /**
   * Up to `limit` entries after `cookie`, 0 for all from the start, with `.` and `..` the first two; none at the end.
   * An entry that stays in the directory comes once; from cookie 0 the directory is read again.
   */
  readDirectory(handle: FsHandle, cookie: number, limit: number): FsResult<readonly FsDirectoryEntry[]>;
  statistics(): FsResult<FsStatistics>;
  /** Everything written so far, as `sync`. */
  syncAll(): FsResult<undefined>;

  getExtendedAttribute(node: FsNode, name: FsName): FsResult<Uint8Array>;
  setExtendedAttribute(
    node: FsNode,
    name: FsName,
    value: Uint8Array,
    how: 'any' | 'create' | 'replace',
  ): FsResult<undefined>;
  listExtendedAttributes(node: FsNode): FsResult<readonly FsName[]>;
  removeExtendedAttribute(node: FsNode, name: FsName): FsResult<undefined>;

  /** The first lock that stands in the way of `lock`; undefined when there is none. */
  getLock(node: FsNode, lock: FsLock): FsResult<FsLock | undefined>;
  /** Takes or (`unlock`) gives back; `EAGAIN` when another owner stands in the way. Never waits. */
  setLock(node: FsNode, lock: Omit<FsLock, 'type'> & { readonly type: FsLock['type'] | 'unlock' }): FsResult<undefined>;
  /** Gives back all locks of an owner on a file. */
  releaseLocks(node: FsNode, kind: FsLock['kind'], owner: string): void;

  /** Gives back every node but the root, every handle and every lock, as after a driver is gone. Files stay. */
  reset(): void;
}

/** A file sharing device takes the backend that the machine's spec names under `use`. */
export const FsBackendToken: Token<FsBackend> = defineToken('vivarium/fs-backend', 1);
