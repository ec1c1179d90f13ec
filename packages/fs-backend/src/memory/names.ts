import type { FsCaller, FsEntry, FsErrno, FsName, FsNode, FsResult } from '@vivarium/contracts';
import type { Budget } from '../budget.ts';
import { isFault } from '../fault.ts';
import { S_IFDIR, S_IFLNK, S_IFMT, S_IFREG } from '../mode-bits.ts';
import { LONGEST_TARGET, nameFault } from '../name.ts';
import { Content } from './content.ts';
import { attributesOf, type Body, type Directory, directoryOf, type Inode } from './inode.ts';
import { type InodeTable, removedFault } from './inode-table.ts';

/** A place in a directory, possibly empty. */
interface Place {
  readonly parent: Inode;
  readonly directory: Directory;
  readonly name: FsName;
  readonly inode: Inode | undefined;
}

/** The tree of names. */
export class Names {
  readonly #inodes: InodeTable;
  readonly #pages: Budget;

  constructor(inodes: InodeTable, pages: Budget) {
    this.#inodes = inodes;
    this.#pages = pages;
  }

  lookup(parent: FsNode, name: FsName): FsResult<FsEntry> {
    const place = this.place(parent, name);
    if (isFault(place)) return place;
    return place.inode === undefined ? 'ENOENT' : this.#hold(place.inode);
  }

  /** Makes a file at an empty place; it is held once. */
  make(
    parent: FsNode,
    name: FsName,
    mode: number,
    rdev: number,
    caller: FsCaller,
    body?: Body | 'directory',
  ): FsResult<{ readonly entry: FsEntry; readonly inode: Inode }> {
    const place = this.#emptyPlace(parent, name);
    if (isFault(place)) return place;
    const content = body ?? ((mode & S_IFMT) === S_IFREG ? new Content(this.#pages) : undefined);
    const inode = this.#inodes.make(place.parent, mode, rdev, caller, content);
    if (isFault(inode)) return inode;
    this.#put(place, inode);
    return { entry: this.#hold(inode), inode };
  }

  makeDirectory(parent: FsNode, name: FsName, mode: number, caller: FsCaller): FsResult<FsEntry> {
    const made = this.make(parent, name, S_IFDIR | mode, 0, caller, 'directory');
    return isFault(made) ? made : made.entry;
  }

  makeSymbolicLink(parent: FsNode, name: FsName, target: FsName, caller: FsCaller): FsResult<FsEntry> {
    if (target === '') return 'ENOENT';
    if (target.includes('\0')) return 'EINVAL';
    if (target.length > LONGEST_TARGET) return 'ENAMETOOLONG';
    const made = this.make(parent, name, S_IFLNK | 0o777, 0, caller, { target });
    return isFault(made) ? made : made.entry;
  }

  link(node: FsNode, newParent: FsNode, newName: FsName): FsResult<FsEntry> {
    const inode = this.#inodes.find(node);
    if (isFault(inode)) return inode;
    const place = this.#emptyPlace(newParent, newName);
    if (isFault(place)) return place;
    if (directoryOf(inode) !== undefined) return 'EPERM';
    // A file without a name stays so, as on Linux: it may be gone on the disk already.
    if (inode.names === 0) return 'ENOENT';
    this.#put(place, inode);
    return this.#hold(inode);
  }

  unlink(parent: FsNode, name: FsName): FsResult<undefined> {
    const place = this.place(parent, name);
    if (isFault(place)) return place;
    if (place.inode === undefined) return 'ENOENT';
    if (directoryOf(place.inode) !== undefined) return 'EISDIR';
    this.#take(place);
    this.#inodes.collect(place.inode);
    return undefined;
  }

  removeDirectory(parent: FsNode, name: FsName): FsResult<undefined> {
    const place = this.place(parent, name);
    if (isFault(place)) return place;
    if (place.inode === undefined) return 'ENOENT';
    const directory = directoryOf(place.inode);
    if (directory === undefined) return 'ENOTDIR';
    if (directory.entries.size > 0) return 'ENOTEMPTY';
    this.#take(place);
    this.#inodes.collect(place.inode);
    return undefined;
  }

  rename(
    parent: FsNode,
    name: FsName,
    newParent: FsNode,
    newName: FsName,
    how: 'replace' | 'keep' | 'exchange',
  ): FsResult<undefined> {
    const from = this.place(parent, name);
    if (isFault(from)) return from;
    const to = this.place(newParent, newName);
    if (isFault(to)) return to;
    const moved = from.inode;
    if (moved === undefined) return 'ENOENT';
    const fault = removedFault(to.parent);
    if (fault !== undefined) return fault;
    if (isWithin(to.parent, moved)) return 'EINVAL';
    const other = to.inode;
    if (how === 'exchange') {
      if (other === undefined) return 'ENOENT';
      if (isWithin(from.parent, other)) return 'EINVAL';
      this.#take(from);
      this.#take(to);
      this.#put(from, other);
      this.#put(to, moved);
      return undefined;
    }
    if (other !== undefined) {
      if (how === 'keep') return 'EEXIST';
      // Two names of one file: POSIX says that nothing happens.
      if (other === moved) return undefined;
      // What is replaced has in it what is moved.
      if (isWithin(from.parent, other)) return 'ENOTEMPTY';
      const refusal = replaceFault(moved, other);
      if (refusal !== undefined) return refusal;
      this.#take(to);
    }
    this.#take(from);
    this.#put(to, moved);
    if (other !== undefined) this.#inodes.collect(other);
    return undefined;
  }

  place(parent: FsNode, name: FsName): FsResult<Place> {
    const found = this.#inodes.directory(parent);
    if (isFault(found)) return found;
    const fault = nameFault(name);
    if (fault !== undefined) return fault;
    return { parent: found.inode, directory: found.directory, name, inode: found.directory.entries.get(name) };
  }

  #emptyPlace(parent: FsNode, name: FsName): FsResult<Place> {
    const place = this.place(parent, name);
    if (isFault(place)) return place;
    return place.inode === undefined ? (removedFault(place.parent) ?? place) : 'EEXIST';
  }

  #hold(inode: Inode): FsEntry {
    inode.held++;
    return { node: inode.id, attributes: attributesOf(inode) };
  }

  #put({ parent, directory, name }: Place, inode: Inode): void {
    directory.entries.set(name, inode);
    const own = directoryOf(inode);
    if (own !== undefined) {
      own.parent = parent;
      directory.subdirectories++;
    }
    inode.names++;
    this.#touch(parent, inode);
  }

  #take({ parent, directory, name }: Place): void {
    const inode = directory.entries.get(name);
    if (inode === undefined) return;
    directory.entries.delete(name);
    if (directoryOf(inode) !== undefined) directory.subdirectories--;
    inode.names--;
    this.#touch(parent, inode);
  }

  #touch(parent: Inode, inode: Inode): void {
    const now = this.#inodes.time;
    parent.modified = now;
    parent.changed = now;
    inode.changed = now;
  }
}

/** Whether `inode` is `ancestor` or below it. */
const isWithin = (inode: Inode, ancestor: Inode): boolean => {
  for (let at = inode; ; ) {
    if (at === ancestor) return true;
    const parent = directoryOf(at)?.parent;
    if (parent === undefined || parent === at) return false;
    at = parent;
  }
};

const replaceFault = (moved: Inode, other: Inode): FsErrno | undefined => {
  const directory = directoryOf(other);
  if (directory === undefined) return directoryOf(moved) === undefined ? undefined : 'ENOTDIR';
  if (directoryOf(moved) === undefined) return 'EISDIR';
  return directory.entries.size > 0 ? 'ENOTEMPTY' : undefined;
};
