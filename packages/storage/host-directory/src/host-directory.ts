import type {
  FsAttributes,
  FsBackend,
  FsCaller,
  FsChanges,
  FsDirectoryEntry,
  FsEntry,
  FsErrno,
  FsHandle,
  FsLock,
  FsName,
  FsNode,
  FsOpenMode,
  FsResult,
  FsStatistics,
} from '@vivarium/contracts';
import {
  Budget,
  errnoOf,
  isDirectory,
  isRegular,
  isSymbolicLink,
  type LockRequest,
  LockTable,
  PERMISSIONS,
  permits,
  S_IFBLK,
  S_IFCHR,
  S_IFIFO,
  S_IFMT,
  S_IFREG,
  S_IFSOCK,
  typeOf,
  withoutPrivileges,
} from '@vivarium/fs-backend';
import { Fault } from './fault.ts';
import { HostFiles } from './host-files.ts';
import { HostNames } from './host-names.ts';
import type { HostNode } from './host-node.ts';
import type { HostTree } from './host-tree.ts';
import { NodeTable } from './node-table.ts';
import { Ownership, type OwnershipKind } from './ownership.ts';
import { type RecordStore, RecordTable } from './record-table.ts';

/** What {@link HostDirectory} is made of. */
export interface HostDirectorySettings {
  readonly tree: HostTree;
  /** Refuse changes even when the tree takes them. */
  readonly readOnly: boolean;
  readonly ownership: OwnershipKind;
  /** With `mapped`: what the user of this process is in the guest. */
  readonly uid: number;
  readonly gid: number;
  /** Extended attributes are kept in records; else there are none. */
  readonly extendedAttributes: boolean;
  /** Files that a guest can hold. */
  readonly nodes: number;
  /** Files and directories that a guest has open. */
  readonly handles: number;
  /** Anchors kept for speed, and as many again for files without a name. */
  readonly anchors: number;
  /** Files with records. */
  readonly records: number;
  readonly store?: RecordStore;
}

const NODE_TYPES: readonly number[] = [S_IFREG, S_IFIFO, S_IFSOCK, S_IFCHR, S_IFBLK];
const LOCKS = 65_536;
const ATTRIBUTE_BYTES = 64 * 1024 * 1024;
/** Names in open directories, together. */
const LISTED_NAMES = 4 * 1024 * 1024;

/** A directory of the host as a file system backend. */
export class HostDirectory implements FsBackend {
  readonly readOnly: boolean;
  readonly #tree: HostTree;
  readonly #extended: boolean;
  readonly #nodes: NodeTable;
  readonly #records: RecordTable;
  readonly #ownership: Ownership;
  readonly #names: HostNames;
  readonly #files: HostFiles;
  readonly #locks = new LockTable(LOCKS);

  constructor(settings: HostDirectorySettings) {
    const { tree, readOnly, ownership, nodes, handles, anchors, records, store } = settings;
    this.#tree = tree;
    this.readOnly = readOnly || tree.readOnly;
    this.#extended = settings.extendedAttributes;
    this.#records = new RecordTable(records, ATTRIBUTE_BYTES, store);
    this.#nodes = new NodeTable({ tree, nodes, anchors, gone: (key) => this.#gone(key) });
    this.#ownership = new Ownership(ownership, tree, this.#nodes, this.#records, settings);
    this.#names = new HostNames(tree, this.#nodes, this.#ownership, this.#records);
    const limits = { handles, names: new Budget(LISTED_NAMES) };
    this.#files = new HostFiles(tree, this.#nodes, this.#ownership, this.#records, limits);
  }

  lookup(parent: FsNode, name: FsName): FsResult<FsEntry> {
    const seen = this.#files.seen(parent, name);
    return attempt(() => {
      if (seen !== undefined) return this.#names.entry(this.#nodes.directory(parent), name, seen);
      const { directory, stat } = this.#names.seek(parent, name);
      // No exception: a guest asks for much that is not there.
      return stat === undefined ? 'ENOENT' : this.#names.entry(directory, name, stat);
    });
  }

  forget(node: FsNode, count: number): void {
    this.#nodes.forget(node, count);
    if (this.#locks.count > 0 && typeof attempt(() => this.#nodes.find(node)) === 'string') this.#locks.forget(node);
  }

  getAttributes(node: FsNode): FsResult<FsAttributes> {
    return attempt(() => this.#ownership.attributes(this.#nodes.statOf(this.#nodes.find(node))));
  }

  setAttributes(id: FsNode, changes: FsChanges): FsResult<FsAttributes> {
    return this.#change(() => {
      const node = this.#nodes.find(id);
      if (changes.size !== undefined) this.#files.truncate(node, changes.size, changes.dropPrivileges === true);
      this.#setOwnerAndMode(node, changes);
      if (changes.accessed !== undefined || changes.modified !== undefined) this.#setTimes(node, changes);
      return this.#ownership.attributes(this.#nodes.statOf(node));
    });
  }

  access(id: FsNode, mask: number, caller: FsCaller): FsResult<undefined> {
    return attempt(() => {
      const attributes = this.#ownership.attributes(this.#nodes.statOf(this.#nodes.find(id)));
      if (!permits(attributes, mask & 7, caller)) return 'EACCES';
      const changesFile = (mask & 2) !== 0 && (isRegular(attributes.mode) || isDirectory(attributes.mode));
      return this.readOnly && changesFile ? 'EROFS' : undefined;
    });
  }

  readLink(node: FsNode): FsResult<Uint8Array> {
    return attempt(() => this.#names.readLink(node));
  }

  makeSymbolicLink(parent: FsNode, name: FsName, target: FsName, caller: FsCaller): FsResult<FsEntry> {
    return this.#change(() => this.#names.makeSymbolicLink(parent, name, target, caller));
  }

  makeNode(parent: FsNode, name: FsName, mode: number, rdev: number, caller: FsCaller): FsResult<FsEntry> {
    return this.#change(() => {
      if (!NODE_TYPES.includes(mode & S_IFMT)) throw new Fault('EINVAL');
      const isDevice = typeOf(mode) === S_IFCHR || typeOf(mode) === S_IFBLK;
      const whole = typeOf(mode) | (mode & PERMISSIONS);
      const { entry, file } = this.#names.makeFile(parent, name, whole, isDevice ? rdev >>> 0 : 0, caller);
      this.#tree.close(file);
      return entry;
    });
  }

  makeDirectory(parent: FsNode, name: FsName, mode: number, caller: FsCaller): FsResult<FsEntry> {
    return this.#change(() => this.#names.makeDirectory(parent, name, mode & PERMISSIONS, caller));
  }

  link(node: FsNode, newParent: FsNode, newName: FsName): FsResult<FsEntry> {
    return this.#change(() => this.#names.link(node, newParent, newName));
  }

  unlink(parent: FsNode, name: FsName): FsResult<undefined> {
    return this.#change(() => {
      this.#names.unlink(parent, name);
      return undefined;
    });
  }

  removeDirectory(parent: FsNode, name: FsName): FsResult<undefined> {
    return this.#change(() => {
      this.#names.removeDirectory(parent, name);
      return undefined;
    });
  }

  rename(
    parent: FsNode,
    name: FsName,
    newParent: FsNode,
    newName: FsName,
    how: 'replace' | 'keep' | 'exchange',
  ): FsResult<undefined> {
    return this.#change(() => {
      this.#names.rename(parent, name, newParent, newName, how);
      return undefined;
    });
  }

  open(node: FsNode, mode: FsOpenMode): FsResult<FsHandle> {
    const act = (): FsHandle => this.#files.open(node, mode);
    return mode.access === 'read' && mode.truncate !== true ? this.#fresh(act) : this.#change(act);
  }

  create(
    parent: FsNode,
    name: FsName,
    permissions: number,
    mode: FsOpenMode & { readonly exclusive?: boolean },
    caller: FsCaller,
  ): FsResult<FsEntry & { readonly handle: FsHandle }> {
    return this.#fresh(() => {
      const { directory, stat } = this.#names.seek(parent, name);
      const changes = stat === undefined || mode.access !== 'read' || mode.truncate === true;
      if (changes && this.readOnly) throw new Fault('EROFS');
      if (stat !== undefined && mode.exclusive === true) throw new Fault('EEXIST');
      if (this.#files.full) throw new Fault('ENFILE');
      if (stat === undefined) return this.#makeAndOpen(parent, name, permissions, mode, caller);
      const { node } = this.#names.entry(directory, name, stat);
      try {
        const handle = this.#files.open(node, mode);
        return { node, attributes: this.#ownership.attributes(this.#nodes.statOf(this.#nodes.find(node))), handle };
      } catch (error) {
        this.#nodes.forget(node, 1);
        throw error;
      }
    });
  }

  read(handle: FsHandle, offset: number, into: readonly Uint8Array[]): FsResult<number> {
    return attempt(() => this.#files.read(handle, offset, into));
  }

  write(handle: FsHandle, offset: number, from: readonly Uint8Array[], dropPrivileges = false): FsResult<number> {
    return this.#fresh(() => this.#files.write(handle, offset, from, dropPrivileges));
  }

  flush(handle: FsHandle): FsResult<undefined> {
    return attempt(() => {
      this.#files.flush(handle);
      return undefined;
    });
  }

  sync(handle: FsHandle, dataOnly: boolean): FsResult<undefined> {
    return attempt(() => {
      this.#files.sync(handle, dataOnly);
      return undefined;
    });
  }

  release(handle: FsHandle): void {
    this.#files.release(handle);
  }

  seek(handle: FsHandle, offset: number, what: 'data' | 'hole'): FsResult<number> {
    return attempt(() => this.#files.seek(handle, offset, what));
  }

  copyRange(from: FsHandle, fromOffset: number, to: FsHandle, toOffset: number, length: number): FsResult<number> {
    return this.#fresh(() => this.#files.copyRange(from, fromOffset, to, toOffset, length));
  }

  openDirectory(node: FsNode): FsResult<FsHandle> {
    return attempt(() => this.#files.openDirectory(node));
  }

  readDirectory(handle: FsHandle, cookie: number, limit: number): FsResult<readonly FsDirectoryEntry[]> {
    return attempt(() => this.#files.readDirectory(handle, cookie, limit));
  }

  statistics(): FsResult<FsStatistics> {
    return attempt(() => this.#tree.statistics());
  }

  syncAll(): FsResult<undefined> {
    return attempt(() => {
      this.#files.syncAll();
      return undefined;
    });
  }

  getExtendedAttribute(id: FsNode, name: FsName): FsResult<Uint8Array> {
    return attempt(() => {
      const { key } = this.#nodes.find(id);
      if (!this.#extended) return 'ENOSYS';
      return this.#records.extended(key)?.get(name) ?? 'ENODATA';
    });
  }

  setExtendedAttribute(
    id: FsNode,
    name: FsName,
    value: Uint8Array,
    how: 'any' | 'create' | 'replace',
  ): FsResult<undefined> {
    return this.#changeExtended(id, (key) =>
      this.#records.changeExtended(key, (extended) => extended.set(name, value, how)),
    );
  }

  listExtendedAttributes(id: FsNode): FsResult<readonly FsName[]> {
    return attempt(() => {
      const { key } = this.#nodes.find(id);
      return this.#extended ? (this.#records.extended(key)?.list() ?? []) : 'ENOSYS';
    });
  }

  removeExtendedAttribute(id: FsNode, name: FsName): FsResult<undefined> {
    return this.#changeExtended(id, (key) => this.#records.changeExtended(key, (extended) => extended.remove(name)));
  }

  getLock(node: FsNode, lock: FsLock): FsResult<FsLock | undefined> {
    return attempt(() => this.#locks.conflict(this.#nodes.find(node).id, lock));
  }

  setLock(node: FsNode, lock: LockRequest): FsResult<undefined> {
    return attempt(() => this.#locks.set(this.#nodes.find(node).id, lock));
  }

  releaseLocks(node: FsNode, kind: FsLock['kind'], owner: string): void {
    this.#locks.release(node, kind, owner);
  }

  reset(): void {
    this.#files.reset();
    this.#nodes.reset();
    this.#locks.clear();
  }

  /** A file is gone for good. */
  #gone(key: string): void {
    this.#records.remove(key);
  }

  #setOwnerAndMode(node: HostNode, { uid, gid, mode }: FsChanges): void {
    const owner = { ...(uid === undefined ? {} : { uid }), ...(gid === undefined ? {} : { gid }) };
    const ownerChanges = uid !== undefined || gid !== undefined;
    if (!ownerChanges && mode === undefined) return;
    const seen = this.#ownership.attributes(this.#nodes.statOf(node)).mode;
    if (ownerChanges) this.#files.dropCapability(node);
    if (isSymbolicLink(seen) && mode === undefined) this.#ownership.change(node, owner);
    else {
      const wanted = mode === undefined ? withoutPrivileges(seen) : typeOf(seen) | (mode & PERMISSIONS);
      this.#ownership.change(node, { ...owner, mode: wanted });
    }
  }

  #setTimes(node: HostNode, { accessed, modified }: FsChanges): void {
    const stat = this.#nodes.statOf(node);
    const now = BigInt(Date.now()) * 1_000_000n;
    const time = (change: bigint | 'now' | undefined, old: bigint): bigint =>
      change === 'now' ? now : (change ?? old);
    const times = [time(accessed, stat.accessed), time(modified, stat.modified)] as const;
    if (!isSymbolicLink(stat.mode)) this.#tree.setTimes(this.#nodes.heldOf(node), ...times);
    else if (node.parent === undefined) throw new Fault('ESTALE');
    else this.#tree.setLinkTimes(this.#nodes.anchorOf(node.parent), node.name, ...times);
  }

  #makeAndOpen(parent: FsNode, name: FsName, permissions: number, mode: FsOpenMode, caller: FsCaller) {
    const { entry, file } = this.#names.makeFile(parent, name, S_IFREG | (permissions & PERMISSIONS), 0, caller);
    return { ...entry, handle: this.#files.adopt(this.#nodes.find(entry.node), file, mode) };
  }

  #changeExtended(id: FsNode, act: (key: string) => FsErrno | undefined): FsResult<undefined> {
    return this.#change(() => {
      const { key } = this.#nodes.find(id);
      return this.#extended ? act(key) : 'ENOSYS';
    });
  }

  #change<T>(act: () => FsResult<T>): FsResult<T> {
    return this.readOnly ? 'EROFS' : this.#fresh(act);
  }

  /** Acts; what a listing saw may not be so any more. */
  #fresh<T>(act: () => FsResult<T>): FsResult<T> {
    this.#files.forgetSeen();
    return attempt(act);
  }
}

/** What is thrown becomes what the guest is told. */
const attempt = <T>(act: () => FsResult<T>): FsResult<T> => {
  try {
    return act();
  } catch (error) {
    return errnoOf(error);
  }
};
