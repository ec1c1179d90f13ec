/** Stands for the phandle of the node that carries `label`; resolved when the tree is flattened. */
export interface PhandleReference {
  readonly phandle: string;
}

/** One 32-bit cell, or a reference that becomes one. */
export type Cell = number | PhandleReference;

/**
 * Value of a property: `true` is an empty property, a number one cell, a bigint two cells, a string a
 * null-terminated string, a list of strings a string list, a list of cells an array of cells, bytes as they are.
 * (Devicetree Specification 0.4, section 2.2.4.)
 */
export type DeviceTreeValue = true | number | bigint | string | readonly string[] | readonly Cell[] | Uint8Array;

/** A node of a device tree as plain data. */
export interface DeviceTreeNode {
  /** Without the unit address, for example `serial`; who places the node adds `@<address>`. */
  readonly name: string;
  /** Other nodes refer to this node by it. */
  readonly label?: string;
  readonly properties: Readonly<Record<string, DeviceTreeValue>>;
  readonly children?: readonly DeviceTreeNode[];
}
