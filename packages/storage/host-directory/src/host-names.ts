import type { FsCaller, FsEntry, FsName, FsNode } from '@vivarium/contracts';
import {
  errnoOf,
  isDirectory,
  LONGEST_TARGET,
  nameFault,
  nameToBytes,
  newOwner,
  S_IFDIR,
  S_IFLNK,
} from '@vivarium/fs-backend';
import { Fault } from './fault.ts';
import { type HostNode, isSame } from './host-node.ts';
import type { Anchor, HostStat, HostTree, OpenFile } from './host-tree.ts';
import type { NodeTable } from './node-table.ts';
import type { Ownership } from './ownership.ts';
import type { RecordTable } from './record-table.ts';

/** How often a free name for the middle of an exchange is looked for. */
const ATTEMPTS = 100;

const checkName = (name: FsName): void => {
  const fault = nameFault(name);
  if (fault !== undefined) throw new Fault(fault);
};

/** The tree of names. Calls throw what the platform throws, or a {@link Fault}. */
export class HostNames {
  readonly #tree: HostTree;
  readonly #nodes: NodeTable;
  readonly #ownership: Ownership;
  readonly #records: RecordTable;

  constructor(tree: HostTree, nodes: NodeTable, ownership: Ownership, records: RecordTable) {
    this.#tree = tree;
    this.#nodes = nodes;
    this.#ownership = ownership;
    this.#records = records;
  }

  /** What is at a place, if anything. */
  seek(parent: FsNode, name: FsName): { readonly directory: HostNode; readonly stat: HostStat | undefined } {
    const directory = this.#nodes.directory(parent);
    checkName(name);
    return { directory, stat: this.#statAt(directory, name) };
  }

  /** The entry of what was just seen at a place, held once more. */
  entry(directory: HostNode, name: FsName, stat: HostStat): FsEntry {
    const node = this.#nodes.hold(directory, name, stat);
    return { node: node.id, attributes: this.#ownership.attributes(stat) };
  }

  /** A new regular file, open; for a special file `mode` has another type, which only the record keeps. */
  makeFile(
    parent: FsNode,
    name: FsName,
    mode: number,
    rdev: number,
    caller: FsCaller,
  ): { readonly entry: FsEntry; readonly file: OpenFile } {
    const directory = this.#nodes.directory(parent);
    checkName(name);
    const file = this.#within(directory, (at) => this.#tree.makeFile(at, name, this.#ownership.hostMode(mode)));
    try {
      const stat = this.#tree.fileStat(file);
      return {
        entry: this.#made(directory, name, stat, mode, rdev, caller, () => this.#unmake(directory, name)),
        file,
      };
    } catch (error) {
      this.#tree.close(file);
      throw error;
    }
  }

  makeDirectory(parent: FsNode, name: FsName, mode: number, caller: FsCaller): FsEntry {
    const directory = this.#nodes.directory(parent);
    checkName(name);
    const whole = S_IFDIR | mode;
    const stat = this.#within(directory, (at) => {
      this.#tree.makeDirectory(at, name, this.#ownership.hostMode(whole));
      return this.#seen(at, name);
    });
    return this.#made(directory, name, stat, whole, 0, caller, () =>
      this.#tree.removeDirectory(this.#nodes.anchorOf(directory), name),
    );
  }

  makeSymbolicLink(parent: FsNode, name: FsName, target: FsName, caller: FsCaller): FsEntry {
    const directory = this.#nodes.directory(parent);
    checkName(name);
    if (target === '' || target.includes('\0')) throw new Fault(target === '' ? 'ENOENT' : 'EINVAL');
    if (target.length > LONGEST_TARGET) throw new Fault('ENAMETOOLONG');
    const stat = this.#within(directory, (at) => {
      this.#tree.makeSymbolicLink(at, name, target);
      return this.#seen(at, name);
    });
    return this.#made(directory, name, stat, S_IFLNK | 0o777, 0, caller, () => this.#unmake(directory, name));
  }

  readLink(node: FsNode): Uint8Array {
    const link = this.#nodes.find(node);
    if (link.type !== S_IFLNK) throw new Fault('EINVAL');
    if (link.parent === undefined) throw new Fault('ESTALE');
    return nameToBytes(this.#tree.readLink(this.#nodes.anchorOf(link.parent), link.name));
  }

  link(node: FsNode, newParent: FsNode, newName: FsName): FsEntry {
    const target = this.#nodes.find(node);
    const directory = this.#nodes.directory(newParent);
    checkName(newName);
    if (this.#statAt(directory, newName) !== undefined) throw new Fault('EEXIST');
    if (isDirectory(target.type)) throw new Fault('EPERM');
    const { parent, name } = target;
    if (parent === undefined) throw new Fault('ENOENT');
    const from = this.#nodes.anchorOf(parent);
    const at = this.#nodes.anchorOf(directory, parent);
    const stat = this.#tree.statAt(from, name);
    if (stat === undefined || !isSame(stat, target)) throw new Fault('ESTALE');
    this.#tree.link(from, name, at, newName);
    return this.entry(directory, newName, this.#seen(at, newName));
  }

  unlink(parent: FsNode, name: FsName): void {
    const { directory, stat } = this.seek(parent, name);
    if (stat === undefined) throw new Fault('ENOENT');
    if (isDirectory(stat.mode)) throw new Fault('EISDIR');
    const node = this.#nodes.pin(directory, name, stat);
    this.#within(directory, (at) => this.#tree.unlink(at, name));
    this.#nodes.unnamed(node, directory, name, stat);
  }

  removeDirectory(parent: FsNode, name: FsName): void {
    const { directory, stat } = this.seek(parent, name);
    if (stat === undefined) throw new Fault('ENOENT');
    if (!isDirectory(stat.mode)) throw new Fault('ENOTDIR');
    const node = this.#nodes.pin(directory, name, stat);
    this.#within(directory, (at) => this.#tree.removeDirectory(at, name));
    this.#nodes.unnamed(node, directory, name, stat);
  }

  rename(parent: FsNode, name: FsName, newParent: FsNode, newName: FsName, how: 'replace' | 'keep' | 'exchange'): void {
    const directory = this.#nodes.directory(parent);
    const newDirectory = this.#nodes.directory(newParent);
    checkName(name);
    checkName(newName);
    const stat = this.#statAt(directory, name);
    const other = this.#statAt(newDirectory, newName);
    if (stat === undefined) throw new Fault('ENOENT');
    if (how === 'exchange') {
      if (other === undefined) throw new Fault('ENOENT');
      if (!isSame(stat, other)) this.#exchange(directory, name, newDirectory, newName);
      this.#nodes.moved(stat, newDirectory, newName);
      this.#nodes.moved(other, directory, name);
      return;
    }
    // Without renameat2(2) there is a moment in which the host could make the name.
    if (how === 'keep' && other !== undefined) throw new Fault('EEXIST');
    // Two names of one file: POSIX says that nothing happens.
    if (other !== undefined && isSame(stat, other)) return;
    const replaced = other === undefined ? undefined : this.#nodes.pin(newDirectory, newName, other);
    this.#move(directory, name, newDirectory, newName);
    if (other !== undefined) this.#nodes.unnamed(replaced, newDirectory, newName, other);
    this.#nodes.moved(stat, newDirectory, newName);
  }

  #move(directory: HostNode, name: FsName, newDirectory: HostNode, newName: FsName): void {
    const rename = (): void => {
      const from = this.#nodes.anchorOf(directory);
      const to = this.#nodes.anchorOf(newDirectory, directory);
      this.#tree.rename(from, name, to, newName);
    };
    this.#granted([directory, newDirectory], rename);
  }

  /** In three steps, as the platform has no call for it; what went wrong is undone. */
  #exchange(directory: HostNode, name: FsName, newDirectory: HostNode, newName: FsName): void {
    const middle = this.#freeName(directory);
    this.#move(directory, name, directory, middle);
    try {
      this.#move(newDirectory, newName, directory, name);
    } catch (error) {
      this.#move(directory, middle, directory, name);
      throw error;
    }
    try {
      this.#move(directory, middle, newDirectory, newName);
    } catch (error) {
      this.#move(directory, name, newDirectory, newName);
      this.#move(directory, middle, directory, name);
      throw error;
    }
  }

  #freeName(directory: HostNode): FsName {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const name = `.vivarium-exchange-${Math.floor(Math.random() * 2 ** 52).toString(36)}`;
      if (this.#statAt(directory, name) === undefined) return name;
    }
    throw new Fault('EBUSY');
  }

  #made(
    directory: HostNode,
    name: FsName,
    stat: HostStat,
    mode: number,
    rdev: number,
    caller: FsCaller,
    undo: () => void,
  ): FsEntry {
    // A file that had this identity before left nothing behind.
    this.#records.remove(this.#nodes.keyOf(stat));
    const node = this.#nodes.hold(directory, name, stat);
    try {
      const owner = newOwner(this.#ownership.attributes(this.#nodes.statOf(directory)), mode, caller);
      const settled = this.#ownership.made(node, stat, { ...owner, rdev });
      return { node: node.id, attributes: this.#ownership.attributes(settled) };
    } catch (error) {
      this.#nodes.forget(node.id, 1);
      undo();
      throw error;
    }
  }

  #unmake(directory: HostNode, name: FsName): void {
    this.#tree.unlink(this.#nodes.anchorOf(directory), name);
  }

  #statAt(directory: HostNode, name: FsName): HostStat | undefined {
    return this.#within(directory, (at) => this.#tree.statAt(at, name));
  }

  #seen(at: Anchor, name: FsName): HostStat {
    const stat = this.#tree.statAt(at, name);
    if (stat === undefined) throw new Fault('ESTALE');
    return stat;
  }

  #within<T>(directory: HostNode, act: (at: Anchor) => T): T {
    return this.#granted([directory], () => act(this.#nodes.anchorOf(directory)));
  }

  /** Acts, and once more where a mode of the guest's stood in the way on the host. */
  #granted<T>(directories: readonly HostNode[], act: () => T): T {
    try {
      return act();
    } catch (error) {
      if (errnoOf(error) !== 'EACCES') throw error;
      const granted = directories.map((directory) => this.#ownership.grant(directory));
      if (!granted.includes(true)) throw error;
      return act();
    }
  }
}
