import type { FsName, FsNode } from '@vivarium/contracts';
import type { Anchor, HostStat, OpenFile } from './host-tree.ts';

/** What makes a file the same file. */
export type Identity = Pick<HostStat, 'device' | 'inode' | 'birth'>;

/** A file that the guest knows. */
export interface HostNode extends Identity {
  readonly id: FsNode;
  /** Identity as text, the same in each run while the directory is on the same file system. */
  readonly key: string;
  /** Type bits of its mode on the host. */
  readonly type: number;
  /** Where it was seen last; undefined for the root, and when it has no name that is known. */
  parent: HostNode | undefined;
  name: FsName;
  anchor: Anchor | undefined;
  /** It has no name that is known: the anchor is all there is. */
  pinned: boolean;
  /** Its last name is gone. */
  removed: boolean;
  /** How often the guest holds it. */
  held: number;
  /** Open handles. */
  open: number;
  /** The files of those that are open for reading, and for writing. */
  readonly files: OpenFile[];
  readonly writable: OpenFile[];
  /** Nodes that were last seen in it. */
  children: number;
}

export const isSame = (left: Identity, right: Identity): boolean =>
  left.inode === right.inode && left.device === right.device && left.birth === right.birth;
