import type { FsAttributes, FsErrno } from '@vivarium/contracts';
import { errnoOf, isDirectory, isSymbolicLink, PERMISSIONS, S_IFMT, S_IFREG, typeOf } from '@vivarium/fs-backend';
import { Fault } from './fault.ts';
import type { HostNode } from './host-node.ts';
import type { HostStat, HostTree } from './host-tree.ts';
import type { NodeTable } from './node-table.ts';
import type { Overrides, RecordTable } from './record-table.ts';

/**
 * Who owns files. `mapped`: what the guest says of owners and modes is kept in records, and on the host everything stays
 * with the user of this process, readable and writable, never with set-user-ID. `host`: owners and modes are those of
 * the host, which takes a privileged process.
 */
export type OwnershipKind = 'mapped' | 'host';

/** What a file is to have, type bits of the mode included. */
export interface Wanted {
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly rdev?: number;
}

const OWNER_FILE = 0o600;
const OWNER_DIRECTORY = 0o700;
const PERMISSION_BITS = 0o777;

/** Owners, modes and device numbers, between what the host keeps and what the guest sees. */
export class Ownership {
  readonly #kind: OwnershipKind;
  readonly #tree: HostTree;
  readonly #nodes: NodeTable;
  readonly #records: RecordTable;
  /** What the user of this process is in the guest. */
  readonly #self: { readonly uid: number; readonly gid: number };
  /** Devices beside that of the root, so that inode numbers differ. */
  readonly #devices = new Map<bigint, bigint>();

  constructor(
    kind: OwnershipKind,
    tree: HostTree,
    nodes: NodeTable,
    records: RecordTable,
    self: { readonly uid: number; readonly gid: number },
  ) {
    this.#kind = kind;
    this.#tree = tree;
    this.#nodes = nodes;
    this.#records = records;
    this.#self = self;
  }

  /** What the guest sees of a file. */
  attributes(stat: HostStat): FsAttributes {
    const overrides = this.#records.overrides(this.#nodes.keyOf(stat));
    const mode = modeOf(stat, overrides);
    const special = typeOf(mode) !== typeOf(stat.mode);
    return {
      inode: this.#inode(stat),
      mode,
      links: stat.links,
      uid: overrides?.uid ?? this.#uid(stat),
      gid: overrides?.gid ?? this.#gid(stat),
      rdev: special ? (overrides?.rdev ?? 0) : stat.rdev,
      size: special ? 0 : stat.size,
      blocks: special ? 0 : stat.blocks,
      blockSize: stat.blockSize,
      accessed: stat.accessed,
      modified: stat.modified,
      changed: stat.changed,
    };
  }

  /** The mode that a new file gets on the host. */
  hostMode(mode: number): number {
    if (this.#kind === 'host') return typeOf(mode) === S_IFREG || isDirectory(mode) ? mode & PERMISSIONS : OWNER_FILE;
    return (mode & PERMISSION_BITS) | (isDirectory(mode) ? OWNER_DIRECTORY : OWNER_FILE);
  }

  /** Gives a file that was just made what the guest wants of it. Where the host does not let us, it is the host's. */
  made(node: HostNode, stat: HostStat, wanted: Required<Wanted>): HostStat {
    if (this.#kind === 'host') {
      if (stat.uid !== wanted.uid || stat.gid !== wanted.gid)
        this.#try(() => this.#chown(node, wanted.uid, wanted.gid));
    }
    const isLink = isSymbolicLink(stat.mode);
    const mode = this.hostMode(wanted.mode);
    const now = this.#kind === 'host' ? this.#nodes.statOf(node) : stat;
    if (!isLink && (now.mode & PERMISSIONS) !== mode) this.#tree.setMode(this.#nodes.heldOf(node), mode);
    const settled = now === stat && (isLink || (now.mode & PERMISSIONS) === mode) ? stat : this.#nodes.statOf(node);
    this.#record(settled, isLink ? { uid: wanted.uid, gid: wanted.gid } : wanted);
    return settled;
  }

  /** Changes owner or mode of a file. */
  change(node: HostNode, wanted: Wanted): void {
    const before = this.#nodes.statOf(node);
    const isLink = isSymbolicLink(before.mode);
    if (wanted.mode !== undefined && isLink) throw new Fault('EOPNOTSUPP');
    const { uid, gid } = wanted;
    if (this.#kind === 'host' && (uid !== undefined || gid !== undefined))
      this.#chown(node, uid ?? before.uid, gid ?? before.gid);
    if (wanted.mode !== undefined) {
      const mode = this.hostMode(wanted.mode);
      const set = (): void => {
        if ((before.mode & PERMISSIONS) !== mode || this.#kind === 'host')
          this.#tree.setMode(this.#nodes.heldOf(node), mode);
      };
      if (this.#kind === 'host') set();
      else this.#try(set);
    }
    this.#record(this.#nodes.statOf(node), wanted);
  }

  /**
   * Makes a file of ours usable for this process, whatever its mode: in the guest somebody may use it. True when that
   * may help.
   */
  grant(node: HostNode): boolean {
    if (this.#kind === 'host') return false;
    const stat = this.#nodes.statOf(node);
    const needed = isDirectory(stat.mode) ? OWNER_DIRECTORY : OWNER_FILE;
    if (stat.uid !== this.#tree.user.uid || (stat.mode & needed) === needed) return false;
    const { mode } = this.attributes(stat);
    if (this.#try(() => this.#tree.setMode(this.#nodes.heldOf(node), (stat.mode & PERMISSIONS) | needed)) !== undefined)
      return false;
    this.#record(this.#nodes.statOf(node), { mode });
    return true;
  }

  #chown(node: HostNode, uid: number, gid: number): void {
    if (isSymbolicLink(node.type)) {
      if (node.parent === undefined) throw new Fault('ESTALE');
      this.#tree.setLinkOwner(this.#nodes.anchorOf(node.parent), node.name, uid, gid);
    } else this.#tree.setOwner(this.#nodes.heldOf(node), uid, gid);
  }

  /** Keeps what the guest is to see and the host does not have. */
  #record(stat: HostStat, wanted: Wanted): void {
    const key = this.#nodes.keyOf(stat);
    const old = this.#records.overrides(key);
    const mode = wanted.mode ?? modeOf(stat, old);
    const uid = wanted.uid ?? old?.uid;
    const gid = wanted.gid ?? old?.gid;
    const rdev = wanted.rdev ?? old?.rdev ?? 0;
    const mapped = this.#kind === 'mapped';
    const overrides: Overrides = {
      ...(mapped && uid !== undefined && uid !== this.#uid(stat) ? { uid } : {}),
      ...(mapped && gid !== undefined && gid !== this.#gid(stat) ? { gid } : {}),
      ...(mode === stat.mode || isSymbolicLink(stat.mode) ? {} : { mode, hostMode: stat.mode }),
      ...(typeOf(mode) === typeOf(stat.mode) || rdev === 0 ? {} : { rdev }),
    };
    const fault = this.#records.override(key, overrides);
    if (fault !== undefined) throw new Fault(fault);
  }

  #uid({ uid }: HostStat): number {
    return this.#kind === 'mapped' && uid === this.#tree.user.uid ? this.#self.uid : uid;
  }

  #gid({ gid }: HostStat): number {
    return this.#kind === 'mapped' && gid === this.#tree.user.gid ? this.#self.gid : gid;
  }

  #inode(stat: HostStat): bigint {
    if (this.#nodes.isHome(stat)) return stat.inode;
    const index = this.#devices.get(stat.device) ?? BigInt(this.#devices.size + 1);
    this.#devices.set(stat.device, index);
    return BigInt.asUintN(64, stat.inode ^ (index << 48n));
  }

  /** What the host refused, if it did so for want of a right; everything else is thrown. */
  #try(act: () => void): FsErrno | undefined {
    try {
      act();
      return undefined;
    } catch (error) {
      const code = errnoOf(error);
      if (code !== 'EPERM' && code !== 'EACCES') throw error;
      return code;
    }
  }
}

/** The mode of a record, or of the host where that changed since: its permissions, and the type that is recorded. */
const modeOf = (stat: HostStat, overrides: Overrides | undefined): number => {
  const recorded = overrides?.mode;
  if (recorded === undefined) return stat.mode;
  return overrides?.hostMode === stat.mode ? recorded : (recorded & S_IFMT) | (stat.mode & PERMISSIONS);
};
