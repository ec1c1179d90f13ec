import type {
  FsAttributes,
  FsBackend,
  FsCaller,
  FsChanges,
  FsDirectoryEntry,
  FsEntry,
  FsHandle,
  FsLock,
  FsName,
  FsNode,
  FsOpenMode,
  FsResult,
  FsStatistics,
} from '@vivarium/contracts';
import { Budget } from '../budget.ts';
import { isFault } from '../fault.ts';
import { LockTable, type LockRequest } from '../lock-table.ts';
import { PERMISSIONS, S_IFBLK, S_IFCHR, S_IFIFO, S_IFMT, S_IFREG, S_IFSOCK, typeOf } from '../mode-bits.ts';
import { LONGEST_NAME, nameToBytes } from '../name.ts';
import { permits, withoutPrivileges } from '../permission.ts';
import { PAGE } from './content.ts';
import { attributesOf, contentOf, directoryOf, type Inode, targetOf } from './inode.ts';
import { InodeTable } from './inode-table.ts';
import { Names } from './names.ts';
import { isOffset, OpenFiles } from './open-files.ts';

/** What {@link MemoryFiles} is made of. */
export interface MemoryFilesSettings {
  /** Bytes of content. */
  readonly capacity: number;
  /** Files of all types. */
  readonly inodes: number;
  /** Files and directories that a guest has open. */
  readonly handles: number;
  /** Nanoseconds since the Unix epoch. */
  readonly now: () => bigint;
}

const NODE_TYPES: readonly number[] = [S_IFREG, S_IFIFO, S_IFSOCK, S_IFCHR, S_IFBLK];
const LOCKS = 65_536;
const ATTRIBUTE_BYTES = 16 * 1024 * 1024;
/** Names in open directories, together, for each inode: a directory can be open more than once. */
const LISTINGS = 4;

/** A file system in memory. */
export class MemoryFiles implements FsBackend {
  readonly #capacity: number;
  readonly #pages: Budget;
  readonly #inodes: InodeTable;
  readonly #names: Names;
  readonly #open: OpenFiles;
  readonly #locks = new LockTable(LOCKS);
  #readOnly = false;

  constructor({ capacity, inodes, handles, now }: MemoryFilesSettings) {
    this.#capacity = Math.floor(capacity / PAGE);
    this.#pages = new Budget(this.#capacity);
    this.#inodes = new InodeTable({ inodes, attributeBytes: ATTRIBUTE_BYTES, now });
    this.#names = new Names(this.#inodes, this.#pages);
    this.#open = new OpenFiles(this.#inodes, handles, new Budget(inodes * LISTINGS));
  }

  get readOnly(): boolean {
    return this.#readOnly;
  }

  /** From now on nothing can be changed. */
  protect(): void {
    this.#readOnly = true;
  }

  lookup(parent: FsNode, name: FsName): FsResult<FsEntry> {
    return this.#names.lookup(parent, name);
  }

  forget(node: FsNode, count: number): void {
    this.#inodes.forget(node, count);
    if (isFault(this.#inodes.find(node))) this.#locks.forget(node);
  }

  getAttributes(node: FsNode): FsResult<FsAttributes> {
    const inode = this.#inodes.find(node);
    return isFault(inode) ? inode : attributesOf(inode);
  }

  setAttributes(node: FsNode, changes: FsChanges): FsResult<FsAttributes> {
    const inode = this.#changeable(node);
    if (isFault(inode)) return inode;
    if (changes.size !== undefined) {
      const content = contentOf(inode);
      if (content === undefined) return directoryOf(inode) === undefined ? 'EINVAL' : 'EISDIR';
      const fault = isOffset(changes.size) ? content.truncate(changes.size) : 'EINVAL';
      if (fault !== undefined) return fault;
      this.#open.written(inode, changes.dropPrivileges === true);
    }
    const now = this.#inodes.time;
    if (changes.uid !== undefined || changes.gid !== undefined) {
      inode.uid = changes.uid ?? inode.uid;
      inode.gid = changes.gid ?? inode.gid;
      inode.mode = withoutPrivileges(inode.mode);
      inode.extended.remove('security.capability');
    }
    // The mode comes last: what the guest says it shall be, it is.
    if (changes.mode !== undefined) inode.mode = typeOf(inode.mode) | (changes.mode & PERMISSIONS);
    const time = (change: bigint | 'now' | undefined, old: bigint): bigint =>
      change === 'now' ? now : (change ?? old);
    inode.accessed = time(changes.accessed, inode.accessed);
    inode.modified = time(changes.modified, inode.modified);
    inode.changed = now;
    return attributesOf(inode);
  }

  access(node: FsNode, mask: number, caller: FsCaller): FsResult<undefined> {
    const inode = this.#inodes.find(node);
    if (isFault(inode)) return inode;
    if (!permits(attributesOf(inode), mask & 7, caller)) return 'EACCES';
    const changesFile = (mask & 2) !== 0 && (contentOf(inode) ?? directoryOf(inode)) !== undefined;
    return this.readOnly && changesFile ? 'EROFS' : undefined;
  }

  readLink(node: FsNode): FsResult<Uint8Array> {
    const inode = this.#inodes.find(node);
    if (isFault(inode)) return inode;
    const target = targetOf(inode);
    return target === undefined ? 'EINVAL' : nameToBytes(target);
  }

  makeSymbolicLink(parent: FsNode, name: FsName, target: FsName, caller: FsCaller): FsResult<FsEntry> {
    return this.readOnly ? 'EROFS' : this.#names.makeSymbolicLink(parent, name, target, caller);
  }

  makeNode(parent: FsNode, name: FsName, mode: number, rdev: number, caller: FsCaller): FsResult<FsEntry> {
    if (this.readOnly) return 'EROFS';
    if (!NODE_TYPES.includes(mode & S_IFMT)) return 'EINVAL';
    const isDevice = typeOf(mode) === S_IFCHR || typeOf(mode) === S_IFBLK;
    const whole = typeOf(mode) | (mode & PERMISSIONS);
    const made = this.#names.make(parent, name, whole, isDevice ? rdev >>> 0 : 0, caller);
    return isFault(made) ? made : made.entry;
  }

  makeDirectory(parent: FsNode, name: FsName, mode: number, caller: FsCaller): FsResult<FsEntry> {
    return this.readOnly ? 'EROFS' : this.#names.makeDirectory(parent, name, mode & PERMISSIONS, caller);
  }

  link(node: FsNode, newParent: FsNode, newName: FsName): FsResult<FsEntry> {
    return this.readOnly ? 'EROFS' : this.#names.link(node, newParent, newName);
  }

  unlink(parent: FsNode, name: FsName): FsResult<undefined> {
    return this.readOnly ? 'EROFS' : this.#names.unlink(parent, name);
  }

  removeDirectory(parent: FsNode, name: FsName): FsResult<undefined> {
    return this.readOnly ? 'EROFS' : this.#names.removeDirectory(parent, name);
  }

  rename(
    parent: FsNode,
    name: FsName,
    newParent: FsNode,
    newName: FsName,
    how: 'replace' | 'keep' | 'exchange',
  ): FsResult<undefined> {
    return this.readOnly ? 'EROFS' : this.#names.rename(parent, name, newParent, newName, how);
  }

  open(node: FsNode, mode: FsOpenMode): FsResult<FsHandle> {
    const changes = mode.access !== 'read' || mode.truncate === true;
    return this.readOnly && changes ? 'EROFS' : this.#open.open(node, mode);
  }

  create(
    parent: FsNode,
    name: FsName,
    permissions: number,
    mode: FsOpenMode & { readonly exclusive?: boolean },
    caller: FsCaller,
  ): FsResult<FsEntry & { readonly handle: FsHandle }> {
    const present = this.#names.place(parent, name);
    if (isFault(present)) return present;
    if (this.readOnly && present.inode === undefined) return 'EROFS';
    if (this.#open.full) return 'ENFILE';
    if (mode.exclusive === true && present.inode !== undefined) return 'EEXIST';
    const entry =
      present.inode === undefined
        ? this.makeNode(parent, name, S_IFREG | (permissions & PERMISSIONS), 0, caller)
        : this.lookup(parent, name);
    if (isFault(entry)) return entry;
    const handle = this.open(entry.node, mode);
    if (isFault(handle)) {
      this.forget(entry.node, 1);
      return handle;
    }
    const attributes = this.getAttributes(entry.node);
    return { node: entry.node, attributes: isFault(attributes) ? entry.attributes : attributes, handle };
  }

  read(handle: FsHandle, offset: number, into: readonly Uint8Array[]): FsResult<number> {
    return this.#open.read(handle, offset, into);
  }

  write(handle: FsHandle, offset: number, from: readonly Uint8Array[], dropPrivileges = false): FsResult<number> {
    return this.#open.write(handle, offset, from, dropPrivileges);
  }

  flush(handle: FsHandle): FsResult<undefined> {
    return this.#open.has(handle) ? undefined : 'EBADF';
  }

  sync(handle: FsHandle): FsResult<undefined> {
    return this.#open.has(handle) ? undefined : 'EBADF';
  }

  release(handle: FsHandle): void {
    this.#open.release(handle);
  }

  allocate(
    handle: FsHandle,
    how: 'allocate' | 'punch' | 'zero',
    offset: number,
    length: number,
    keepSize: boolean,
  ): FsResult<undefined> {
    const file = this.#open.file(handle, 'write');
    if (isFault(file)) return file;
    if (!isOffset(offset) || !isOffset(length) || length === 0) return 'EINVAL';
    const { content, inode } = file;
    const fault = how === 'allocate' ? content.allocate(offset, length) : content.punch(offset, length);
    if (fault !== undefined) return fault;
    const end = offset + length;
    const grown = how !== 'punch' && !keepSize && end > content.size ? content.truncate(end) : undefined;
    if (grown !== undefined) return grown;
    this.#open.written(inode, true);
    return undefined;
  }

  seek(handle: FsHandle, offset: number, what: 'data' | 'hole'): FsResult<number> {
    const file = this.#open.file(handle);
    if (isFault(file)) return file;
    if (!isOffset(offset)) return 'EINVAL';
    return (what === 'data' ? file.content.nextData(offset) : file.content.nextHole(offset)) ?? 'ENXIO';
  }

  copyRange(from: FsHandle, fromOffset: number, to: FsHandle, toOffset: number, length: number): FsResult<number> {
    return this.#open.copyRange(from, fromOffset, to, toOffset, length);
  }

  openDirectory(node: FsNode): FsResult<FsHandle> {
    return this.#open.openDirectory(node);
  }

  readDirectory(handle: FsHandle, cookie: number, limit: number): FsResult<readonly FsDirectoryEntry[]> {
    return this.#open.readDirectory(handle, cookie, limit);
  }

  statistics(): FsResult<FsStatistics> {
    return {
      blockSize: PAGE,
      blocks: this.#capacity,
      blocksFree: this.#pages.left,
      blocksAvailable: this.#pages.left,
      files: this.#inodes.capacity,
      filesFree: this.#inodes.capacity - this.#inodes.count,
      nameLength: LONGEST_NAME,
    };
  }

  syncAll(): FsResult<undefined> {
    return undefined;
  }

  getExtendedAttribute(node: FsNode, name: FsName): FsResult<Uint8Array> {
    const inode = this.#inodes.find(node);
    return isFault(inode) ? inode : inode.extended.get(name);
  }

  setExtendedAttribute(
    node: FsNode,
    name: FsName,
    value: Uint8Array,
    how: 'any' | 'create' | 'replace',
  ): FsResult<undefined> {
    const inode = this.#changeable(node);
    if (isFault(inode)) return inode;
    inode.changed = this.#inodes.time;
    return inode.extended.set(name, value, how);
  }

  listExtendedAttributes(node: FsNode): FsResult<readonly FsName[]> {
    const inode = this.#inodes.find(node);
    return isFault(inode) ? inode : inode.extended.list();
  }

  removeExtendedAttribute(node: FsNode, name: FsName): FsResult<undefined> {
    const inode = this.#changeable(node);
    if (isFault(inode)) return inode;
    inode.changed = this.#inodes.time;
    return inode.extended.remove(name);
  }

  getLock(node: FsNode, lock: FsLock): FsResult<FsLock | undefined> {
    const inode = this.#inodes.find(node);
    return isFault(inode) ? inode : this.#locks.conflict(node, lock);
  }

  setLock(node: FsNode, lock: LockRequest): FsResult<undefined> {
    const inode = this.#inodes.find(node);
    return isFault(inode) ? inode : this.#locks.set(node, lock);
  }

  releaseLocks(node: FsNode, kind: FsLock['kind'], owner: string): void {
    this.#locks.release(node, kind, owner);
  }

  reset(): void {
    this.#open.reset();
    this.#inodes.reset();
    this.#locks.clear();
  }

  #changeable(node: FsNode): FsResult<Inode> {
    return this.readOnly ? 'EROFS' : this.#inodes.find(node);
  }
}
