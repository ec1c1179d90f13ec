import * as fs from 'node:fs';
import type { FsName } from '@vivarium/contracts';
import { Fault } from '../fault.ts';
import { type Identity, isSame } from '../host-node.ts';
import type { Descriptor, Anchor } from '../host-tree.ts';
import { hostStat } from './host-stat.ts';
import { type BytePath, bytesOf, confined, NodeTree, seconds } from './node-tree.ts';

interface Held {
  readonly path: BytePath;
  readonly identity: Identity;
}

/** Of a file that is open, which may have no name any more. */
const changeOpen = (change: () => void): void => {
  if (confined) throw new Fault('EPERM');
  change();
};

/**
 * The tree of platforms without `/proc`: an anchor is a path with what was there. Before each use all of the path must be
 * free of symbolic links and lead to the same file. A guest cannot come in between, as its calls are served one by one;
 * another program of the host that swaps directories for links can. Files without a name are lost to those who have not
 * opened them. Anchors are negative, and files are descriptors.
 */
export class PathTree extends NodeTree {
  readonly root: Anchor = -1;
  readonly #held = new Map<Anchor, Held>();
  #next = -2;

  constructor(path: string, readOnly: boolean) {
    super(path, readOnly);
    const real = fs.realpathSync.native(path, { encoding: 'latin1' });
    const stats = fs.statSync(bytesOf(real), { bigint: true });
    if (!stats.isDirectory()) throw new Fault('ENOTDIR');
    this.#held.set(this.root, { path: real, identity: hostStat(stats) });
  }

  anchor(parent: Anchor, name: FsName): Anchor {
    const path = `${this.pathOf(parent)}/${name}`;
    const identity = hostStat(fs.lstatSync(bytesOf(path), { bigint: true }));
    const anchor = this.#next--;
    this.#held.set(anchor, { path, identity });
    return anchor;
  }

  drop(anchor: Anchor): void {
    this.#held.delete(anchor);
  }

  holds(anchor: Anchor): boolean {
    try {
      this.pathOf(anchor);
      return true;
    } catch {
      return false;
    }
  }

  /** What was below a directory is below it still. */
  override rename(parent: Anchor, name: FsName, newParent: Anchor, newName: FsName): void {
    const from = `${this.pathOf(parent)}/${name}`;
    const to = `${this.pathOf(newParent)}/${newName}`;
    super.rename(parent, name, newParent, newName);
    for (const [anchor, { path, identity }] of this.#held) {
      if (path === from || path.startsWith(`${from}/`))
        this.#held.set(anchor, { path: `${to}${path.slice(from.length)}`, identity });
    }
  }

  override setMode(held: Descriptor, mode: number): void {
    if (held < 0) super.setMode(held, mode);
    else changeOpen(() => fs.fchmodSync(held, mode));
  }

  override setOwner(held: Descriptor, uid: number, gid: number): void {
    if (held < 0) super.setOwner(held, uid, gid);
    else changeOpen(() => fs.fchownSync(held, uid, gid));
  }

  override setTimes(held: Descriptor, accessed: bigint, modified: bigint): void {
    if (held < 0) super.setTimes(held, accessed, modified);
    else changeOpen(() => fs.futimesSync(held, seconds(accessed), seconds(modified)));
  }

  dispose(): void {
    this.#held.clear();
  }

  protected pathOf(anchor: Anchor): BytePath {
    // A file that is open: a way to open it again, for the same access, that every such platform has.
    if (anchor >= 0) return `/dev/fd/${anchor}`;
    const held = this.#held.get(anchor);
    if (held === undefined) throw new Fault('ESTALE');
    const { path, identity } = held;
    const stats = fs.lstatSync(bytesOf(path), { bigint: true, throwIfNoEntry: false });
    if (stats === undefined || !isSame(hostStat(stats), identity)) throw new Fault('ESTALE');
    const end = stats.isSymbolicLink() ? path.slice(0, path.lastIndexOf('/')) : path;
    if (fs.realpathSync.native(bytesOf(end), { encoding: 'latin1' }) !== end) throw new Fault('ESTALE');
    return path;
  }
}
