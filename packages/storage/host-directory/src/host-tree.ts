import type { FsName, FsStatistics } from '@vivarium/contracts';

/** What `stat` of the host tells. Times are nanoseconds since the Unix epoch. */
export interface HostStat {
  readonly device: bigint;
  readonly inode: bigint;
  /** When the file was made, where the host knows; it tells files apart that have the same inode number by turns. */
  readonly birth: bigint;
  readonly mode: number;
  readonly links: number;
  readonly uid: number;
  readonly gid: number;
  readonly rdev: number;
  readonly size: number;
  readonly blocks: number;
  readonly blockSize: number;
  readonly accessed: bigint;
  readonly modified: bigint;
  readonly changed: bigint;
}

/** A file of any type that the host holds for us, whatever happens to its name; never the target of a symbolic link. */
export type Anchor = number;

/** A regular file that is open. No number is both an anchor and a file. */
export type OpenFile = number;
/** An anchor or an open file. */
export type Descriptor = number;

/**
 * A directory of a host and all below it, one name at a time: what openat(2) and its kin are for. No call follows a
 * symbolic link or takes a path. Calls finish before they return, and throw on failure; the error's `code` is that of
 * the platform, for example `ENOSPC`.
 */
export interface HostTree {
  /** For messages. */
  readonly name: string;
  readonly readOnly: boolean;
  /** Whether files are changed by what is open of them. */
  readonly changesOpen: boolean;
  /** Whom files that this process makes belong to. */
  readonly user: { readonly uid: number; readonly gid: number };
  readonly root: Anchor;

  anchor(parent: Anchor, name: FsName): Anchor;
  drop(anchor: Anchor): void;
  /** False when the host moved the file away from where it can be had: another anchor is needed. */
  holds(anchor: Anchor): boolean;
  stat(anchor: Anchor): HostStat;
  /** Undefined when there is no such entry. */
  statAt(parent: Anchor, name: FsName): HostStat | undefined;
  list(directory: Anchor): readonly FsName[];
  readLink(parent: Anchor, name: FsName): FsName;

  makeDirectory(parent: Anchor, name: FsName, mode: number): void;
  makeSymbolicLink(parent: Anchor, name: FsName, target: FsName): void;
  link(parent: Anchor, name: FsName, newParent: Anchor, newName: FsName): void;
  unlink(parent: Anchor, name: FsName): void;
  removeDirectory(parent: Anchor, name: FsName): void;
  rename(parent: Anchor, name: FsName, newParent: Anchor, newName: FsName): void;

  setMode(held: Descriptor, mode: number): void;
  setOwner(held: Descriptor, uid: number, gid: number): void;
  /** As exact as the host's interface is: with Node, to a quarter of a microsecond. */
  setTimes(held: Descriptor, accessed: bigint, modified: bigint): void;
  // The same for symbolic links, which have no anchors that these calls work on.
  setLinkOwner(parent: Anchor, name: FsName, uid: number, gid: number): void;
  setLinkTimes(parent: Anchor, name: FsName, accessed: bigint, modified: bigint): void;

  /** Opens what is known to be a regular file, or opens one once more. */
  open(held: Descriptor, access: 'read' | 'write' | 'both'): OpenFile;
  openAt(parent: Anchor, name: FsName, access: 'read' | 'write' | 'both'): OpenFile;
  /** Makes a regular file, which must not be there, and opens it for both. */
  makeFile(parent: Anchor, name: FsName, mode: number): OpenFile;
  fileStat(file: OpenFile): HostStat;
  /** Fills `into` from `offset` on; fewer bytes only at the end of the file. */
  read(file: OpenFile, offset: number, into: readonly Uint8Array[]): number;
  /** Stores all of `from`, or what there is room for. */
  write(file: OpenFile, offset: number, from: readonly Uint8Array[]): number;
  truncate(file: OpenFile, size: number): void;
  sync(file: OpenFile, dataOnly: boolean): void;
  close(file: OpenFile): void;
  syncDirectory(directory: Anchor): void;
  statistics(): FsStatistics;
}
