import type { DeviceTreeNode, DeviceTreeValue, PhandleReference } from '@vivarium/contracts';
import { errors } from './errors.ts';
import { MAXIMUM_DEPTH } from './format.ts';

/** The phandles of a tree: what each label stands for, and what each labelled node's property will be. */
export interface Phandles {
  readonly byLabel: ReadonlyMap<string, number>;
  readonly byNode: ReadonlyMap<DeviceTreeNode, number>;
}

export const isReference = (value: unknown): value is PhandleReference =>
  typeof value === 'object' && value !== null && 'phandle' in value;

/** Calls `visit` for each node, parents first, with its path for messages. Throws `VIV_FDT_TOO_DEEP`. */
export const walk = (root: DeviceTreeNode, visit: (node: DeviceTreeNode, path: string) => void): void => {
  const descend = (node: DeviceTreeNode, path: string, depth: number): void => {
    if (depth > MAXIMUM_DEPTH) {
      throw errors.make('VIV_FDT_TOO_DEEP', `device tree is deeper than ${MAXIMUM_DEPTH} levels at ${path}`);
    }
    visit(node, path);
    for (const child of node.children ?? []) {
      descend(child, `${path === '/' ? '' : path}/${child.name}`, depth + 1);
    }
  };
  descend(root, '/', 1);
};

const references = (value: DeviceTreeValue): readonly string[] =>
  Array.isArray(value) ? value.filter(isReference).map((cell) => cell.phandle) : [];

/**
 * Gives each node that something refers to a phandle of its own (section 2.3.3), from 1 up in the order of the tree,
 * leaving those alone that already have one.
 */
export const assignPhandles = (root: DeviceTreeNode): Phandles => {
  const labelled = new Map<string, DeviceTreeNode>();
  const wanted = new Map<string, string>();
  const taken = new Map<number, string>();
  walk(root, (node, path) => {
    if (node.label !== undefined) {
      if (labelled.has(node.label)) {
        throw errors.make('VIV_FDT_DUPLICATE', `label ${node.label} is on two nodes, the second is ${path}`);
      }
      labelled.set(node.label, node);
    }
    for (const [name, value] of Object.entries(node.properties)) {
      for (const label of references(value)) {
        wanted.set(label, `${path}:${name}`);
      }
    }
    const explicit = node.properties['phandle'];
    if (typeof explicit === 'number') {
      const other = taken.get(explicit);
      if (other !== undefined) {
        throw errors.make('VIV_FDT_DUPLICATE', `phandle ${explicit} is on both ${other} and ${path}`);
      }
      taken.set(explicit, path);
    }
  });
  for (const [label, place] of wanted) {
    if (!labelled.has(label)) {
      throw errors.make('VIV_FDT_REFERENCE', `${place} refers to label ${label}, which no node has`);
    }
  }
  const byLabel = new Map<string, number>();
  const byNode = new Map<DeviceTreeNode, number>();
  let next = 1;
  for (const [label, node] of labelled) {
    const explicit = node.properties['phandle'];
    if (typeof explicit === 'number') {
      byLabel.set(label, explicit);
    } else if (wanted.has(label)) {
      while (taken.has(next)) {
        next += 1;
      }
      byLabel.set(label, next);
      byNode.set(node, next);
      next += 1;
    }
  }
  return { byLabel, byNode };
};
