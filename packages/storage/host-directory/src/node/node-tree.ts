// Hot: each request of a guest's files ends here.
import * as fs from 'node:fs';
import type { FsName, FsStatistics } from '@vivarium/contracts';
import { LONGEST_NAME } from '@vivarium/fs-backend';
import { Fault } from '../fault.ts';
import type { Descriptor, Anchor, HostStat, HostTree, OpenFile } from '../host-tree.ts';
import { hostStat } from './host-stat.ts';

const { O_CREAT, O_DIRECTORY, O_DSYNC, O_EXCL, O_NOCTTY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_RDWR, O_WRONLY } =
  fs.constants;
/** Node's permission model, as in a process cell: it refuses to sync and to change what is open, whatever else it allows. */
export const confined = (process.permission as NodeJS.ProcessPermission | undefined) !== undefined;
/** There, each write is durable when it returns. */
const DURABLE = confined ? O_DSYNC : 0;
const ACCESS = { read: O_RDONLY, write: O_WRONLY | DURABLE, both: O_RDWR | DURABLE } as const;
/** What was no regular file any more when it was opened does not hold us up, and does nothing to us. */
const CAREFUL = O_NONBLOCK | O_NOCTTY;
/** Most buffers that the platform takes in one call (IOV_MAX of Linux, macOS and the BSDs). */
const MOST_BUFFERS = 1024;

/** A path of bytes, one in each character. */
export type BytePath = string;

/** Paths of any bytes go to the platform as bytes. */
export const bytesOf = (path: BytePath): Buffer => Buffer.from(path, 'latin1');

/** What node:fs takes for a time. */
export const seconds = (time: bigint): number => Number(time / 1_000_000_000n) + Number(time % 1_000_000_000n) / 1e9;

const lengthOf = (pieces: readonly Uint8Array[]): number => pieces.reduce((total, piece) => total + piece.length, 0);

/** A tree of the host through node:fs. How to name a file that is held is left to those who know the platform. */
export abstract class NodeTree implements HostTree {
  readonly name: string;
  readonly readOnly: boolean;
  readonly changesOpen = !confined;
  readonly user = { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 };
  abstract readonly root: Anchor;

  constructor(name: string, readOnly: boolean) {
    this.name = name;
    this.readOnly = readOnly;
  }

  abstract anchor(parent: Anchor, name: FsName): Anchor;
  abstract drop(anchor: Anchor): void;
  abstract holds(anchor: Anchor): boolean;
  /** A path that leads to the file itself, not past it. */
  protected abstract pathOf(anchor: Anchor): BytePath;

  stat(anchor: Anchor): HostStat {
    return hostStat(fs.lstatSync(bytesOf(this.pathOf(anchor)), { bigint: true }));
  }

  statAt(parent: Anchor, name: FsName): HostStat | undefined {
    const stats = fs.lstatSync(this.#at(parent, name), { bigint: true, throwIfNoEntry: false });
    return stats && hostStat(stats);
  }

  list(directory: Anchor): readonly FsName[] {
    // The slash has a path that ends in a link lead to the directory.
    return fs.readdirSync(bytesOf(`${this.pathOf(directory)}/`), { encoding: 'latin1' });
  }

  readLink(parent: Anchor, name: FsName): FsName {
    return fs.readlinkSync(this.#at(parent, name), { encoding: 'latin1' });
  }

  makeDirectory(parent: Anchor, name: FsName, mode: number): void {
    fs.mkdirSync(this.#at(parent, name), { mode });
  }

  makeSymbolicLink(parent: Anchor, name: FsName, target: FsName): void {
    if (confined) throw new Fault('EPERM');
    fs.symlinkSync(bytesOf(target), this.#at(parent, name));
  }

  link(parent: Anchor, name: FsName, newParent: Anchor, newName: FsName): void {
    fs.linkSync(this.#at(parent, name), this.#at(newParent, newName));
  }

  unlink(parent: Anchor, name: FsName): void {
    fs.unlinkSync(this.#at(parent, name));
  }

  removeDirectory(parent: Anchor, name: FsName): void {
    fs.rmdirSync(this.#at(parent, name));
  }

  rename(parent: Anchor, name: FsName, newParent: Anchor, newName: FsName): void {
    fs.renameSync(this.#at(parent, name), this.#at(newParent, newName));
  }

  setMode(held: Descriptor, mode: number): void {
    fs.chmodSync(bytesOf(this.pathOf(held)), mode);
  }

  setOwner(held: Descriptor, uid: number, gid: number): void {
    fs.chownSync(bytesOf(this.pathOf(held)), uid, gid);
  }

  setTimes(held: Descriptor, accessed: bigint, modified: bigint): void {
    fs.utimesSync(bytesOf(this.pathOf(held)), seconds(accessed), seconds(modified));
  }

  setLinkOwner(parent: Anchor, name: FsName, uid: number, gid: number): void {
    fs.lchownSync(this.#at(parent, name), uid, gid);
  }

  setLinkTimes(parent: Anchor, name: FsName, accessed: bigint, modified: bigint): void {
    fs.lutimesSync(this.#at(parent, name), seconds(accessed), seconds(modified));
  }

  open(held: Descriptor, access: 'read' | 'write' | 'both'): OpenFile {
    return fs.openSync(bytesOf(this.pathOf(held)), ACCESS[access] | CAREFUL);
  }

  openAt(parent: Anchor, name: FsName, access: 'read' | 'write' | 'both'): OpenFile {
    return fs.openSync(this.#at(parent, name), ACCESS[access] | CAREFUL | O_NOFOLLOW);
  }

  makeFile(parent: Anchor, name: FsName, mode: number): OpenFile {
    return fs.openSync(this.#at(parent, name), ACCESS.both | O_CREAT | O_EXCL | O_NOFOLLOW | O_NOCTTY, mode);
  }

  fileStat(file: OpenFile): HostStat {
    return hostStat(fs.fstatSync(file, { bigint: true }));
  }

  read(file: OpenFile, offset: number, into: readonly Uint8Array[]): number {
    const [only] = into;
    if (into.length === 1 && only !== undefined) return fs.readSync(file, only, 0, only.length, offset);
    let done = 0;
    for (let first = 0; first < into.length; first += MOST_BUFFERS) {
      const batch = into.slice(first, first + MOST_BUFFERS);
      const count = fs.readvSync(file, batch, offset + done);
      done += count;
      if (count < lengthOf(batch)) break;
    }
    return done;
  }

  write(file: OpenFile, offset: number, from: readonly Uint8Array[]): number {
    const [only] = from;
    if (from.length === 1 && only !== undefined) return fs.writeSync(file, only, 0, only.length, offset);
    let done = 0;
    for (let first = 0; first < from.length; first += MOST_BUFFERS) {
      const batch = from.slice(first, first + MOST_BUFFERS);
      const count = fs.writevSync(file, batch, offset + done);
      done += count;
      if (count < lengthOf(batch)) break;
    }
    return done;
  }

  truncate(file: OpenFile, size: number): void {
    fs.ftruncateSync(file, size);
  }

  sync(file: OpenFile, dataOnly: boolean): void {
    if (confined) return;
    if (dataOnly) fs.fdatasyncSync(file);
    else fs.fsyncSync(file);
  }

  close(file: OpenFile): void {
    fs.closeSync(file);
  }

  syncDirectory(directory: Anchor): void {
    // What programs expect where directories cannot be synced.
    if (confined) throw new Fault('EINVAL');
    const opened = fs.openSync(bytesOf(`${this.pathOf(directory)}/`), O_RDONLY | O_DIRECTORY);
    try {
      fs.fsyncSync(opened);
    } finally {
      fs.closeSync(opened);
    }
  }

  statistics(): FsStatistics {
    const { bsize, blocks, bfree, bavail, files, ffree } = fs.statfsSync(bytesOf(this.pathOf(this.root)));
    return {
      blockSize: bsize,
      blocks,
      blocksFree: bfree,
      blocksAvailable: bavail,
      files,
      filesFree: ffree,
      nameLength: LONGEST_NAME,
    };
  }

  /** Gives back the root. */
  abstract dispose(): void;

  /** Whoever asks has checked the name; a slash that came here all the same would lead elsewhere. */
  #at(parent: Anchor, name: FsName): Buffer {
    if (name === '' || name === '.' || name === '..' || name.includes('/') || name.includes('\0'))
      throw new Fault('EINVAL');
    return bytesOf(`${this.pathOf(parent)}/${name}`);
  }
}
