import type { FsAttributes, FsName } from '@vivarium/contracts';
import type { ExtendedAttributes } from '../extended-attributes.ts';
import { Content, PAGE } from './content.ts';

export interface Directory {
  readonly entries: Map<FsName, Inode>;
  /** Itself for the root. */
  parent: Inode;
  /** How many of the entries are directories. */
  subdirectories: number;
}

/** What a file of each type has. */
export type Body = Content | Directory | { readonly target: FsName } | undefined;

/** A file of any type. */
export interface Inode {
  /** Node and inode number in one. */
  readonly id: number;
  readonly body: Body;
  readonly extended: ExtendedAttributes;
  readonly rdev: number;
  mode: number;
  uid: number;
  gid: number;
  /** Names. A directory that was removed has none. */
  names: number;
  accessed: bigint;
  modified: bigint;
  changed: bigint;
  /** How often the guest holds it. */
  held: number;
  /** Open handles. */
  open: number;
}

export const contentOf = ({ body }: Inode): Content | undefined => (body instanceof Content ? body : undefined);

export const directoryOf = ({ body }: Inode): Directory | undefined =>
  body !== undefined && 'entries' in body ? body : undefined;

export const targetOf = ({ body }: Inode): FsName | undefined =>
  body !== undefined && 'target' in body ? body.target : undefined;

/** A directory has a name, its own `.`, and `..` in each directory below. */
const linksOf = (inode: Inode, directory: Directory | undefined): number =>
  directory === undefined || inode.names === 0 ? inode.names : 2 + directory.subdirectories;

export const attributesOf = (inode: Inode): FsAttributes => {
  const content = contentOf(inode);
  const directory = directoryOf(inode);
  return {
    inode: BigInt(inode.id),
    mode: inode.mode,
    links: linksOf(inode, directory),
    uid: inode.uid,
    gid: inode.gid,
    rdev: inode.rdev,
    size: content?.size ?? (directory === undefined ? (targetOf(inode)?.length ?? 0) : PAGE),
    blocks: (content?.allocated ?? 0) / 512,
    blockSize: PAGE,
    accessed: inode.accessed,
    modified: inode.modified,
    changed: inode.changed,
  };
};
