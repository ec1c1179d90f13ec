import * as fs from 'node:fs';
import type { FsName } from '@vivarium/contracts';
import type { Anchor, HostStat } from '../host-tree.ts';
import { hostStat } from './host-stat.ts';
import { type BytePath, bytesOf, NodeTree } from './node-tree.ts';

/** Opens nothing, not even what it names: a handle on the file (open(2) of Linux). node:fs has no name for it. */
const O_PATH = 0o10000000;
const { O_DIRECTORY, O_NOFOLLOW } = fs.constants;

/**
 * The tree of Linux: an anchor is a descriptor, and `/proc/self/fd/N/name` is the entry of the directory that it is open
 * on, wherever that is by now; which is openat(2), as far as node:fs can say it.
 */
export class DescriptorTree extends NodeTree {
  readonly root: Anchor;

  /** @param path where the root is; the path itself may lead through symbolic links. */
  constructor(path: string, readOnly: boolean) {
    super(path, readOnly);
    this.root = fs.openSync(path, O_PATH | O_DIRECTORY);
  }

  anchor(parent: Anchor, name: FsName): Anchor {
    return fs.openSync(bytesOf(`${this.pathOf(parent)}/${name}`), O_PATH | O_NOFOLLOW);
  }

  drop(anchor: Anchor): void {
    fs.closeSync(anchor);
  }

  holds(): boolean {
    return true;
  }

  override stat(anchor: Anchor): HostStat {
    return hostStat(fs.fstatSync(anchor, { bigint: true }));
  }

  dispose(): void {
    fs.closeSync(this.root);
  }

  protected pathOf(anchor: Anchor): BytePath {
    return `/proc/self/fd/${anchor}`;
  }
}
