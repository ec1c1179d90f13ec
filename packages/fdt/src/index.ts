/**
 * Flattened device trees: a writer, a reader that takes hostile input, a source printer, and the composer that makes
 * a machine's tree of its parts. Devicetree Specification 0.4 (https://www.devicetree.org/specifications/): chapter 5
 * is the flattened format (version 17), chapter 6 the source.
 *
 * @example
 * import type { DeviceTreeNode } from '@vivarium/contracts';
 * import { flatten, parse, toSource } from '@vivarium/fdt';
 *
 * const root: DeviceTreeNode = {
 *   name: '',
 *   properties: { '#address-cells': 1, '#size-cells': 1, compatible: 'example,board' },
 *   children: [
 *     { name: 'pic', label: 'pic', properties: { 'interrupt-controller': true, '#interrupt-cells': 1 } },
 *     { name: 'serial@1000', properties: { reg: [0x1000, 0x100], 'interrupt-parent': [{ phandle: 'pic' }], interrupts: 3 } },
 *   ],
 * };
 * const blob = flatten(root); // what a kernel takes in a1
 * console.log(toSource(parse(blob).root));
 *
 * @module
 */
import { errors } from './errors.ts';

export { type FlattenOptions, flatten } from './flatten.ts';
export { MAXIMUM_DEPTH, MAXIMUM_SIZE, type MemoryReservation } from './format.ts';
export { type ChosenInput, type InitrdRange, type MachineTreeInput, machineTree } from './machine-tree.ts';
export { type FlattenedNode, type FlattenedTree, type ParseOptions, parse } from './parse.ts';
export { toSource } from './source.ts';

/** Every error of this package. */
export const errorTable = errors.table;
