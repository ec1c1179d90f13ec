import { FS_ROOT, type FsName, type FsNode } from '@vivarium/contracts';
import { IdTable, isDirectory, typeOf } from '@vivarium/fs-backend';
import { Fault } from './fault.ts';
import { type HostNode, isSame } from './host-node.ts';
import type { Descriptor, Anchor, HostStat, HostTree } from './host-tree.ts';

export interface NodeTableSettings {
  readonly tree: HostTree;
  /** Nodes that a guest can hold. */
  readonly nodes: number;
  /** Anchors that are kept for speed, and as many again for files without a name. */
  readonly anchors: number;
  /** A file without a name is gone. */
  readonly gone: (key: string) => void;
}

/** Longest way up from a node: enough for any tree, and an end where the host moved directories into each other. */
const DEEPEST = 4096;

/** The files that the guest knows, by number and by what they are, and the way to each. */
export class NodeTable {
  readonly root: HostNode;
  readonly #tree: HostTree;
  readonly #gone: (key: string) => void;
  readonly #nodes: IdTable<HostNode>;
  readonly #byKey = new Map<string, HostNode>();
  readonly #mostAnchors: number;
  /** Nodes whose anchor can be had again; the one used last is the last. */
  readonly #anchored = new Set<HostNode>();
  readonly #device: bigint;
  #pinned = 0;

  constructor({ tree, nodes, anchors, gone }: NodeTableSettings) {
    this.#tree = tree;
    this.#gone = gone;
    this.#nodes = new IdTable(nodes, FS_ROOT + 1);
    this.#mostAnchors = anchors;
    const stat = tree.stat(tree.root);
    this.#device = stat.device;
    this.root = { ...newNode(FS_ROOT, this.keyOf(stat), stat), anchor: tree.root };
    this.#byKey.set(this.root.key, this.root);
  }

  /** A node that the guest holds. */
  find(id: FsNode): HostNode {
    if (id === FS_ROOT) return this.root;
    const node = this.#nodes.get(id);
    if (node === undefined || node.held === 0) throw new Fault('ESTALE');
    return node;
  }

  directory(id: FsNode): HostNode {
    const node = this.find(id);
    if (!isDirectory(node.type)) throw new Fault('ENOTDIR');
    return node;
  }

  /** The node of what was just seen at a place, held once more. */
  hold(parent: HostNode, name: FsName, stat: HostStat): HostNode {
    const node = this.known(stat) ?? this.#add(stat);
    if (node !== this.root && (node.parent !== parent || node.name !== name)) this.#place(node, parent, name);
    node.held++;
    return node;
  }

  /** The node of a file, if the guest knows it. */
  known(stat: HostStat): HostNode | undefined {
    return this.#byKey.get(this.keyOf(stat));
  }

  keyOf({ device, inode, birth }: HostStat): string {
    // The numbers of devices are not the same after the host was started again.
    return device === this.#device ? `${inode}.${birth}` : `${inode}.${birth}.${device}`;
  }

  /** Whether a file is on the same file system as the root. */
  isHome({ device }: HostStat): boolean {
    return device === this.#device;
  }

  forget(id: FsNode, count: number): void {
    const node = this.#nodes.get(id);
    if (node === undefined || !(count > 0)) return;
    node.held = Math.max(0, node.held - count);
    this.collect(node);
  }

  /** Lets go of a node that nobody holds, has open, or is reached through. */
  collect(node: HostNode): void {
    for (let at: HostNode | undefined = node; at !== undefined && at !== this.root; ) {
      if (at.held > 0 || at.open > 0 || at.children > 0) return;
      this.#nodes.remove(at.id);
      this.#byKey.delete(at.key);
      this.#dropAnchor(at);
      if (at.removed) this.#gone(at.key);
      const { parent }: HostNode = at;
      at.parent = undefined;
      if (parent !== undefined) parent.children--;
      at = parent;
    }
  }

  /** The guest is gone. */
  reset(): void {
    for (const node of this.#nodes.values()) {
      this.#dropAnchor(node);
      if (node.removed) this.#gone(node.key);
    }
    this.#nodes.clear();
    this.#byKey.clear();
    this.root.held = 0;
    this.root.open = 0;
    this.root.children = 0;
    this.#byKey.set(this.root.key, this.root);
  }

  /** The anchor of a node, good until another is asked for; then only if its node is given as `keep`. */
  anchorOf(node: HostNode, keep?: HostNode): Anchor {
    const way: HostNode[] = [];
    let at: HostNode = node;
    while (!this.#isAnchored(at)) {
      if (at.parent === undefined || way.length >= DEEPEST) throw new Fault('ESTALE');
      way.push(at);
      at = at.parent;
    }
    let anchor = this.#use(at);
    for (let next = way.pop(); next !== undefined; next = way.pop()) anchor = this.#openAnchor(next, anchor, keep);
    return anchor;
  }

  /** What changes of attributes go through: an open file, or the anchor. */
  heldOf(node: HostNode): Descriptor {
    const file = node.files[0] ?? node.writable[0];
    const byName = !this.#tree.changesOpen && node.parent !== undefined;
    return file === undefined || byName ? this.anchorOf(node) : file;
  }

  /** What the host says of a node now. */
  statOf(node: HostNode): HostStat {
    const file = node.files[0] ?? node.writable[0];
    if (file !== undefined) return this.#tree.fileStat(file);
    if (this.#isAnchored(node)) return this.#tree.stat(this.#use(node));
    if (node.parent === undefined) throw new Fault('ESTALE');
    const stat = this.#tree.statAt(this.anchorOf(node.parent), node.name);
    if (stat === undefined || !isSame(stat, node)) throw new Fault('ESTALE');
    return stat;
  }

  /** Before a name of a file goes: makes sure of the file itself, if the guest knows it by that name. */
  pin(parent: HostNode, name: FsName, stat: HostStat): HostNode | undefined {
    const node = this.known(stat);
    if (node === undefined || node.parent !== parent || node.name !== name) return node;
    this.anchorOf(node);
    return node;
  }

  /** A name of a file is gone; `links` were left before. */
  unnamed(node: HostNode | undefined, parent: HostNode, name: FsName, stat: HostStat): void {
    const last = isDirectory(stat.mode) || stat.links <= 1;
    if (node === undefined) {
      if (last) this.#gone(this.keyOf(stat));
      return;
    }
    node.removed = last;
    if (node.parent !== parent || node.name !== name) return;
    this.#leave(node);
    if (node.anchor === undefined || this.#pinned >= this.#mostAnchors) this.#dropAnchor(node);
    else {
      this.#anchored.delete(node);
      node.pinned = true;
      this.#pinned++;
    }
    this.collect(node);
  }

  /** A file has another name now. */
  moved(stat: HostStat, parent: HostNode, name: FsName): void {
    const node = this.known(stat);
    if (node !== undefined && node !== this.root) this.#place(node, parent, name);
  }

  #add(stat: HostStat): HostNode {
    const node = newNode(0, this.keyOf(stat), stat);
    const id = this.#nodes.add(node);
    if (id === undefined) throw new Fault('ENFILE');
    node.id = id;
    this.#byKey.set(node.key, node);
    return node;
  }

  #place(node: HostNode, parent: HostNode, name: FsName): void {
    parent.children++;
    this.#leave(node);
    node.parent = parent;
    node.name = name;
    node.removed = false;
    if (!node.pinned) return;
    node.pinned = false;
    this.#pinned--;
    this.#anchored.add(node);
  }

  #leave(node: HostNode): void {
    const { parent } = node;
    node.parent = undefined;
    if (parent === undefined) return;
    parent.children--;
    this.collect(parent);
  }

  #openAnchor(node: HostNode, parent: Anchor, keep: HostNode | undefined): Anchor {
    const anchor = this.#tree.anchor(parent, node.name);
    if (!isSame(this.#tree.stat(anchor), node)) {
      this.#tree.drop(anchor);
      throw new Fault('ESTALE');
    }
    node.anchor = anchor;
    this.#anchored.add(node);
    if (this.#anchored.size > this.#mostAnchors) this.#evict(node, keep);
    return anchor;
  }

  /** Drops the anchor that was not used for longest. */
  #evict(used: HostNode, keep: HostNode | undefined): void {
    for (const node of this.#anchored) {
      if (node === used || node === keep) continue;
      this.#dropAnchor(node);
      return;
    }
  }

  /** Whether a node has an anchor that is still good. */
  #isAnchored(node: HostNode): node is HostNode & { readonly anchor: Anchor } {
    if (node.anchor === undefined) return false;
    if (this.#tree.holds(node.anchor)) return true;
    this.#dropAnchor(node);
    return node.anchor !== undefined;
  }

  #use(node: HostNode & { readonly anchor: Anchor }): Anchor {
    if (!node.pinned && this.#anchored.delete(node)) this.#anchored.add(node);
    return node.anchor;
  }

  #dropAnchor(node: HostNode): void {
    const { anchor } = node;
    if (anchor === undefined || node === this.root) return;
    node.anchor = undefined;
    this.#anchored.delete(node);
    if (node.pinned) this.#pinned--;
    node.pinned = false;
    this.#tree.drop(anchor);
  }
}

const newNode = (id: FsNode, key: string, { mode, device, inode, birth }: HostStat) => ({
  ...{ id, key, type: typeOf(mode), device, inode, birth, parent: undefined, name: '', anchor: undefined },
  ...{ pinned: false, removed: false, held: 0, open: 0, files: [], writable: [], children: 0 },
});
