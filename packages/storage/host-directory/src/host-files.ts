// Hot: reads and writes of guests.
import type { FsDirectoryEntry, FsHandle, FsName, FsNode, FsOpenMode } from '@vivarium/contracts';
import {
  type Budget,
  errnoOf,
  IdTable,
  isDirectory,
  isRegular,
  isSymbolicLink,
  OpenListing,
  typeOf,
  withoutPrivileges,
} from '@vivarium/fs-backend';
import { Fault } from './fault.ts';
import { type HostNode, isSame } from './host-node.ts';
import type { HostStat, HostTree, OpenFile } from './host-tree.ts';
import type { NodeTable } from './node-table.ts';
import type { Ownership } from './ownership.ts';
import type { RecordTable } from './record-table.ts';

/** An open file or directory. */
type Handle =
  | { readonly node: HostNode; readonly file: OpenFile; readonly mode: FsOpenMode }
  | { readonly node: HostNode; readonly listing: OpenListing };

const CAPABILITY = 'security.capability';
/** One `copyRange` does not hold the machine up for longer than this many bytes take. */
const LONGEST_COPY = 1024 * 1024;

/** What the guest has open. Calls throw what the platform throws, or a {@link Fault}. */
export class HostFiles {
  readonly #tree: HostTree;
  readonly #nodes: NodeTable;
  readonly #ownership: Ownership;
  readonly #records: RecordTable;
  readonly #handles: IdTable<Handle>;
  readonly #names: Budget;
  /** What the last page of a listing looked at, which the guest is about to look up. */
  #seen: { readonly directory: HostNode; readonly stats: Map<FsName, HostStat> } | undefined;

  constructor(
    tree: HostTree,
    nodes: NodeTable,
    ownership: Ownership,
    records: RecordTable,
    limits: { readonly handles: number; readonly names: Budget },
  ) {
    this.#tree = tree;
    this.#nodes = nodes;
    this.#ownership = ownership;
    this.#records = records;
    this.#handles = new IdTable(limits.handles);
    this.#names = limits.names;
  }

  get full(): boolean {
    return this.#handles.full;
  }

  open(id: FsNode, mode: FsOpenMode): FsHandle {
    const node = this.#nodes.find(id);
    const { mode: seen } = this.#ownership.attributes(this.#nodes.statOf(node));
    if (!isRegular(seen)) throw new Fault(isDirectory(seen) ? 'EISDIR' : isSymbolicLink(seen) ? 'ELOOP' : 'ENXIO');
    if (this.full) throw new Fault('ENFILE');
    const handle = this.adopt(node, this.#openFile(node, mode.access), mode);
    if (mode.truncate === true) this.truncate(node, 0, mode.dropPrivileges === true);
    return handle;
  }

  /** Makes a handle of a file that is open. */
  adopt(node: HostNode, file: OpenFile, mode: FsOpenMode): FsHandle {
    const handle = this.#handles.add({ node, file, mode });
    if (handle === undefined) {
      this.#tree.close(file);
      throw new Fault('ENFILE');
    }
    node.open++;
    filesOf(node, mode).push(file);
    return handle;
  }

  openDirectory(id: FsNode): FsHandle {
    const node = this.#nodes.directory(id);
    const handle = this.#handles.add({ node, listing: new OpenListing(this.#names) });
    if (handle === undefined) throw new Fault('ENFILE');
    node.open++;
    return handle;
  }

  readDirectory(id: FsHandle, cookie: number, limit: number): readonly FsDirectoryEntry[] {
    const handle = this.#handle(id);
    if (!('listing' in handle)) throw new Fault('ENOTDIR');
    const { node, listing } = handle;
    const list = (): readonly FsName[] => this.#tree.list(this.#nodes.anchorOf(node));
    const fault = cookie === 0 ? listing.list(this.#granted(node, list)) : undefined;
    if (fault !== undefined) throw new Fault(fault);
    const anchor = this.#nodes.anchorOf(node);
    const stats = new Map<FsName, HostStat>();
    const look = (name: FsName): HostStat | undefined => {
      if (name === '.') return this.#tree.stat(anchor);
      // The directory above a removed one, and above the root, is none of the guest's business.
      if (name === '..') return this.#nodes.statOf(node.parent ?? this.#nodes.root);
      const stat = this.#tree.statAt(anchor, name);
      if (stat !== undefined) stats.set(name, stat);
      return stat;
    };
    const entries = listing.entries(cookie, limit, (name) => {
      const stat = look(name);
      if (stat === undefined) return undefined;
      const { inode, mode } = this.#ownership.attributes(stat);
      return { inode, type: typeOf(mode) };
    });
    if (typeof entries === 'string') throw new Fault(entries);
    this.#seen = { directory: node, stats };
    return entries;
  }

  /** What a listing has just looked at; asking for anything else forgets it. */
  seen(directory: FsNode, name: FsName): HostStat | undefined {
    return this.#seen?.directory.id === directory ? this.#seen.stats.get(name) : undefined;
  }

  forgetSeen(): void {
    this.#seen = undefined;
  }

  read(id: FsHandle, offset: number, into: readonly Uint8Array[]): number {
    const { file } = this.#file(id, 'read');
    checkOffset(offset);
    return this.#tree.read(file, offset, into);
  }

  write(id: FsHandle, offset: number, from: readonly Uint8Array[], dropPrivileges: boolean): number {
    const { file, node, mode } = this.#file(id, 'write');
    checkOffset(offset);
    if (dropPrivileges || this.#records.extended(node.key) !== undefined) this.#dropPrivileges(node, dropPrivileges);
    return this.#tree.write(file, mode.append === true ? this.#tree.fileStat(file).size : offset, from);
  }

  copyRange(from: FsHandle, fromOffset: number, to: FsHandle, toOffset: number, length: number): number {
    const { file } = this.#file(from, 'read');
    for (const value of [fromOffset, toOffset, length]) checkOffset(value);
    const piece = new Uint8Array(Math.min(length, LONGEST_COPY));
    const count = this.#tree.read(file, fromOffset, [piece]);
    return this.write(to, toOffset, [piece.subarray(0, count)], true);
  }

  /** All of the file counts as data: the platform does not tell its holes. */
  seek(id: FsHandle, offset: number, what: 'data' | 'hole'): number {
    const { file } = this.#file(id);
    checkOffset(offset);
    const { size } = this.#tree.fileStat(file);
    if (offset >= size) throw new Fault('ENXIO');
    return what === 'data' ? offset : size;
  }

  truncate(node: HostNode, size: number, dropPrivileges: boolean): void {
    checkOffset(size);
    const { mode } = this.#ownership.attributes(this.#nodes.statOf(node));
    if (!isRegular(mode)) throw new Fault(isDirectory(mode) ? 'EISDIR' : 'EINVAL');
    const [open] = node.writable;
    const file = open ?? this.#openFile(node, 'write');
    try {
      this.#tree.truncate(file, size);
    } finally {
      if (open === undefined) this.#tree.close(file);
    }
    this.#dropPrivileges(node, dropPrivileges);
  }

  flush(id: FsHandle): void {
    this.#handle(id);
  }

  sync(id: FsHandle, dataOnly: boolean): void {
    const handle = this.#handle(id);
    if ('listing' in handle) this.#tree.syncDirectory(this.#nodes.anchorOf(handle.node));
    else this.#tree.sync(handle.file, dataOnly);
  }

  /** Every open file, and the root. */
  syncAll(): void {
    for (const handle of this.#handles.values()) if ('file' in handle) this.#tree.sync(handle.file, false);
    this.#tree.syncDirectory(this.#nodes.anchorOf(this.#nodes.root));
  }

  release(id: FsHandle): void {
    const handle = this.#handles.remove(id);
    if (handle === undefined) return;
    this.#close(handle);
    handle.node.open--;
    if ('file' in handle) {
      const files = filesOf(handle.node, handle.mode);
      files.splice(files.indexOf(handle.file), 1);
    }
    this.#nodes.collect(handle.node);
  }

  /** Everything is closed; the nodes are reset by whoever calls this. */
  reset(): void {
    for (const handle of this.#handles.values()) this.#close(handle);
    this.#handles.clear();
    this.#seen = undefined;
  }

  #close(handle: Handle): void {
    if ('listing' in handle) handle.listing.close();
    else this.#tree.close(handle.file);
  }

  #handle(id: FsHandle): Handle {
    const handle = this.#handles.get(id);
    if (handle === undefined) throw new Fault('EBADF');
    return handle;
  }

  #file(id: FsHandle, to?: 'read' | 'write'): Handle & { readonly file: OpenFile; readonly mode: FsOpenMode } {
    const handle = this.#handle(id);
    if (!('file' in handle)) throw new Fault('EISDIR');
    if (to !== undefined && handle.mode.access !== to && handle.mode.access !== 'both') throw new Fault('EBADF');
    return handle;
  }

  /** Opens a node that is a regular file on the host. */
  #openFile(node: HostNode, access: FsOpenMode['access']): OpenFile {
    const open = (): OpenFile => {
      if (node.anchor !== undefined || node.parent === undefined) {
        return this.#tree.open(this.#nodes.heldOf(node), access);
      }
      const file = this.#tree.openAt(this.#nodes.anchorOf(node.parent), node.name, access);
      if (isSame(this.#tree.fileStat(file), node)) return file;
      this.#tree.close(file);
      throw new Fault('ESTALE');
    };
    return this.#granted(node, open);
  }

  /** Acts, and once more where a mode of the guest's stood in the way on the host. */
  #granted<T>(node: HostNode, act: () => T): T {
    try {
      return act();
    } catch (error) {
      if (errnoOf(error) !== 'EACCES' || !this.#ownership.grant(node)) throw error;
      return act();
    }
  }

  /** What a change of owner takes from a file. */
  dropCapability(node: HostNode): void {
    const extended = this.#records.extended(node.key);
    if (extended !== undefined && typeof extended.get(CAPABILITY) !== 'string')
      this.#records.changeExtended(node.key, (attributes) => attributes.remove(CAPABILITY));
  }

  /** What a change of content takes from a file. */
  #dropPrivileges(node: HostNode, also: boolean): void {
    this.dropCapability(node);
    if (!also) return;
    const { mode } = this.#ownership.attributes(this.#nodes.statOf(node));
    const without = withoutPrivileges(mode);
    if (without !== mode) this.#ownership.change(node, { mode: without });
  }
}

const filesOf = (node: HostNode, { access }: FsOpenMode): OpenFile[] =>
  access === 'read' ? node.files : node.writable;

const checkOffset = (value: number): void => {
  if (!Number.isSafeInteger(value) || value < 0) throw new Fault('EINVAL');
};
