import { FS_ROOT, type FsCaller, type FsErrno, type FsNode, type FsResult } from '@vivarium/contracts';
import { Budget } from '../budget.ts';
import { ExtendedAttributes } from '../extended-attributes.ts';
import { IdTable } from '../id-table.ts';
import { S_IFDIR } from '../mode-bits.ts';
import { newOwner } from '../permission.ts';
import { contentOf, type Body, type Directory, directoryOf, type Inode } from './inode.ts';

export interface InodeTableSettings {
  /** Files of all types. */
  readonly inodes: number;
  /** Bytes in the extended attributes of all files. */
  readonly attributeBytes: number;
  readonly now: () => bigint;
}

/** Every file: those with a name, and those that the guest holds or has open all the same. */
export class InodeTable {
  readonly #inodes: IdTable<Inode>;
  readonly #capacity: number;
  readonly #attributeBudget: Budget;
  readonly #now: () => bigint;

  constructor({ inodes, attributeBytes, now }: InodeTableSettings) {
    this.#inodes = new IdTable(inodes, FS_ROOT);
    this.#capacity = inodes;
    this.#attributeBudget = new Budget(attributeBytes);
    this.#now = now;
    const made = this.#add(S_IFDIR | 0o755, 0, { uid: 0, gid: 0 }, (self): Directory => emptyDirectory(self));
    if (made !== undefined) made.names = 1;
  }

  get count(): number {
    return this.#inodes.size;
  }

  get capacity(): number {
    return this.#capacity;
  }

  get time(): bigint {
    return this.#now();
  }

  find(node: FsNode): FsResult<Inode> {
    const inode = this.#inodes.get(node);
    // What has a name but is not held was never told, or given back.
    return inode !== undefined && (inode.held > 0 || node === FS_ROOT) ? inode : 'ESTALE';
  }

  /** A held node that is a directory. */
  directory(node: FsNode): FsResult<{ readonly inode: Inode; readonly directory: Directory }> {
    const inode = this.find(node);
    if (typeof inode === 'string') return inode;
    const directory = directoryOf(inode);
    return directory === undefined ? 'ENOTDIR' : { inode, directory };
  }

  /** A new file without a name yet. */
  make(parent: Inode, mode: number, rdev: number, caller: FsCaller, body: Body | 'directory'): FsResult<Inode> {
    const owner = newOwner(parent, mode, caller);
    const made = this.#add(owner.mode, rdev, owner, (self) => (body === 'directory' ? emptyDirectory(self) : body));
    return made ?? 'ENOSPC';
  }

  forget(node: FsNode, count: number): void {
    const inode = this.#inodes.get(node);
    if (inode === undefined || !(count > 0)) return;
    inode.held = Math.max(0, inode.held - count);
    this.collect(inode);
  }

  /** The guest is gone: nothing is held or open. */
  reset(): void {
    for (const inode of [...this.#inodes.values()]) {
      inode.held = 0;
      inode.open = 0;
      this.collect(inode);
    }
  }

  /** Frees a file that has no name, and that nobody holds or has open. */
  collect(inode: Inode): void {
    if (inode.names > 0 || inode.held > 0 || inode.open > 0) return;
    if (this.#inodes.remove(inode.id) === undefined) return;
    contentOf(inode)?.truncate(0);
    inode.extended.clear();
  }

  #add(mode: number, rdev: number, { uid, gid }: FsCaller, makeBody: (self: Inode) => Body): Inode | undefined {
    const now = this.#now();
    const inode = {
      id: 0,
      body: undefined as Body,
      extended: new ExtendedAttributes(this.#attributeBudget),
      ...{ mode, rdev, uid, gid, names: 0, accessed: now, modified: now, changed: now, held: 0, open: 0 },
    };
    const id = this.#inodes.add(inode);
    if (id === undefined) return undefined;
    inode.id = id;
    inode.body = makeBody(inode);
    return inode;
  }
}

const emptyDirectory = (self: Inode): Directory => ({ entries: new Map(), parent: self, subdirectories: 0 });

/** Why nothing can be made in a directory: it was removed. */
export const removedFault = (inode: Inode): FsErrno | undefined => (inode.names === 0 ? 'ENOENT' : undefined);
