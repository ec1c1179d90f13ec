import type { FsDirectoryEntry, FsHandle, FsName, FsNode, FsOpenMode, FsResult } from '@vivarium/contracts';
import type { Budget } from '../budget.ts';
import { isFault } from '../fault.ts';
import { IdTable } from '../id-table.ts';
import { OpenListing } from '../listing.ts';
import { typeOf } from '../mode-bits.ts';
import { withoutPrivileges } from '../permission.ts';
import type { Content } from './content.ts';
import { contentOf, type Directory, directoryOf, type Inode, targetOf } from './inode.ts';
import type { InodeTable } from './inode-table.ts';

/** An open file or directory. */
export type Open =
  | { readonly inode: Inode; readonly content: Content; readonly mode: FsOpenMode }
  | { readonly inode: Inode; readonly directory: Directory; readonly listing: OpenListing };

/** One `copyRange` does not hold the machine up for longer than this many bytes take. */
const LONGEST_COPY = 1024 * 1024;

/** What the guest has open. */
export class OpenFiles {
  readonly #inodes: InodeTable;
  readonly #handles: IdTable<Open>;
  readonly #names: Budget;

  /** @param names how many names all listings hold together */
  constructor(inodes: InodeTable, handles: number, names: Budget) {
    this.#inodes = inodes;
    this.#handles = new IdTable(handles);
    this.#names = names;
  }

  open(node: FsNode, mode: FsOpenMode): FsResult<FsHandle> {
    const inode = this.#inodes.find(node);
    if (isFault(inode)) return inode;
    const content = contentOf(inode);
    if (content === undefined) {
      if (directoryOf(inode) !== undefined) return 'EISDIR';
      return targetOf(inode) === undefined ? 'ENXIO' : 'ELOOP';
    }
    const handle = this.#add({ inode, content, mode });
    if (mode.truncate === true && !isFault(handle)) {
      content.truncate(0);
      this.written(inode, mode.dropPrivileges === true);
    }
    return handle;
  }

  openDirectory(node: FsNode): FsResult<FsHandle> {
    const found = this.#inodes.directory(node);
    if (isFault(found)) return found;
    return this.#add({ ...found, listing: new OpenListing(this.#names) });
  }

  readDirectory(handle: FsHandle, cookie: number, limit: number): FsResult<readonly FsDirectoryEntry[]> {
    const open = this.#handles.get(handle);
    if (open === undefined) return 'EBADF';
    if (!('listing' in open)) return 'ENOTDIR';
    const { inode, directory, listing } = open;
    if (cookie === 0) {
      const fault = listing.list([...directory.entries.keys()]);
      if (fault !== undefined) return fault;
    }
    const look = (name: FsName): Inode | undefined => {
      if (name === '.') return inode;
      return name === '..' ? directory.parent : directory.entries.get(name);
    };
    return listing.entries(cookie, limit, (name) => {
      const entry = look(name);
      return entry && { inode: BigInt(entry.id), type: typeOf(entry.mode) };
    });
  }

  /** An open regular file. */
  file(handle: FsHandle, to?: 'read' | 'write'): FsResult<Open & { readonly content: Content }> {
    const open = this.#handles.get(handle);
    if (open === undefined) return 'EBADF';
    if (!('content' in open)) return 'EISDIR';
    return to === undefined || open.mode.access === to || open.mode.access === 'both' ? open : 'EBADF';
  }

  has(handle: FsHandle): boolean {
    return this.#handles.get(handle) !== undefined;
  }

  read(handle: FsHandle, offset: number, into: readonly Uint8Array[]): FsResult<number> {
    const file = this.file(handle, 'read');
    if (isFault(file)) return file;
    if (!isOffset(offset)) return 'EINVAL';
    file.inode.accessed = this.#inodes.time;
    return file.content.read(offset, into);
  }

  write(handle: FsHandle, offset: number, from: readonly Uint8Array[], dropPrivileges: boolean): FsResult<number> {
    const file = this.file(handle, 'write');
    if (isFault(file)) return file;
    if (!isOffset(offset)) return 'EINVAL';
    const append = 'mode' in file && file.mode.append === true;
    const written = file.content.write(append ? file.content.size : offset, from);
    if (!isFault(written) && written > 0) this.written(file.inode, dropPrivileges);
    return written;
  }

  copyRange(from: FsHandle, fromOffset: number, to: FsHandle, toOffset: number, length: number): FsResult<number> {
    const source = this.file(from, 'read');
    if (isFault(source)) return source;
    if (!isOffset(fromOffset) || !isOffset(toOffset) || !isOffset(length)) return 'EINVAL';
    const piece = new Uint8Array(Math.min(length, LONGEST_COPY));
    const count = source.content.read(fromOffset, [piece]);
    return this.write(to, toOffset, [piece.subarray(0, count)], true);
  }

  /** The content of a file changed. */
  written(inode: Inode, dropPrivileges: boolean): void {
    const now = this.#inodes.time;
    inode.modified = now;
    inode.changed = now;
    if (dropPrivileges) inode.mode = withoutPrivileges(inode.mode);
    inode.extended.remove('security.capability');
  }

  release(handle: FsHandle): void {
    const open = this.#handles.remove(handle);
    if (open === undefined) return;
    if ('listing' in open) open.listing.close();
    open.inode.open--;
    this.#inodes.collect(open.inode);
  }

  /** Everything is closed; the inodes are reset by whoever calls this. */
  reset(): void {
    for (const open of this.#handles.values()) if ('listing' in open) open.listing.close();
    this.#handles.clear();
  }

  get full(): boolean {
    return this.#handles.full;
  }

  #add(open: Open): FsResult<FsHandle> {
    const handle = this.#handles.add(open);
    if (handle === undefined) return 'ENFILE';
    open.inode.open++;
    return handle;
  }
}

/** A place in a file, or a length. */
export const isOffset = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;
