import type { DeviceTreeNode } from '@vivarium/contracts';
import { ByteWriter } from './byte-writer.ts';
import { errors } from './errors.ts';
import {
  FDT_BEGIN_NODE,
  FDT_END,
  FDT_END_NODE,
  FDT_LAST_COMPATIBLE_VERSION,
  FDT_MAGIC,
  FDT_PROP,
  FDT_VERSION,
  HEADER,
  MAXIMUM_NAME,
  MAXIMUM_SIZE,
  type MemoryReservation,
  RESERVATION_LENGTH,
} from './format.ts';
import { assignPhandles, type Phandles } from './labels.ts';
import { encodeValue } from './value.ts';

export interface FlattenOptions {
  /** Ranges the guest must leave alone. Default none. */
  readonly reservations?: readonly MemoryReservation[];
  /** `boot_cpuid_phys`: the hart that starts. Default 0. */
  readonly bootCpu?: number;
  /** Cap of the blob in bytes. Default 2 MiB. */
  readonly maximumSize?: number;
}

const NODE_NAME = /^[0-9a-zA-Z,._+-]+(@[0-9a-zA-Z,._+-]+)?$/;
const PROPERTY_NAME = /^[0-9a-zA-Z,._+?#-]+$/;
const encoder = new TextEncoder();

const checkName = (name: string, pattern: RegExp, what: string): void => {
  if (name.length > MAXIMUM_NAME || !pattern.test(name)) {
    const shown = name.length > 64 ? `${name.slice(0, 64)}…` : name;
    throw errors.make('VIV_FDT_NAME', `${what} has the invalid name ${JSON.stringify(shown)}`);
  }
};

/** The strings block: each property name once (section 5.5). */
class StringTable {
  readonly writer: ByteWriter;
  readonly #offsets = new Map<string, number>();

  constructor(writer: ByteWriter) {
    this.writer = writer;
  }

  offset(name: string): number {
    const known = this.#offsets.get(name);
    if (known !== undefined) {
      return known;
    }
    const offset = this.writer.length;
    this.writer.put(encoder.encode(`${name}\0`));
    this.#offsets.set(name, offset);
    return offset;
  }
}

class StructureWriter {
  readonly #structure: ByteWriter;
  readonly #strings: StringTable;
  readonly #phandles: Phandles;

  constructor(structure: ByteWriter, strings: StringTable, phandles: Phandles) {
    this.#structure = structure;
    this.#strings = strings;
    this.#phandles = phandles;
  }

  /** Depth is bounded already: `assignPhandles` has walked the tree. */
  node(node: DeviceTreeNode, name: string, path: string): void {
    this.#structure.u32(FDT_BEGIN_NODE);
    this.#structure.put(encoder.encode(`${name}\0`));
    this.#structure.align(4);
    for (const [property, value] of Object.entries(node.properties)) {
      checkName(property, PROPERTY_NAME, `a property of ${path}`);
      const place = `${path}:${property}`;
      this.#property(
        property,
        encodeValue(value, place, (label) => this.#phandleOf(label, place)),
      );
    }
    const phandle = this.#phandles.byNode.get(node);
    if (phandle !== undefined) {
      this.#property(
        'phandle',
        encodeValue(phandle, path, () => phandle),
      );
    }
    const names = new Set<string>();
    for (const child of node.children ?? []) {
      const childPath = `${path === '/' ? '' : path}/${child.name}`;
      checkName(child.name, NODE_NAME, `a child of ${path}`);
      if (names.has(child.name)) {
        throw errors.make('VIV_FDT_DUPLICATE', `two nodes are called ${childPath}`);
      }
      names.add(child.name);
      this.node(child, child.name, childPath);
    }
    this.#structure.u32(FDT_END_NODE);
  }

  #property(name: string, value: Uint8Array): void {
    this.#structure.u32(FDT_PROP);
    this.#structure.u32(value.length);
    this.#structure.u32(this.#strings.offset(name));
    this.#structure.put(value);
    this.#structure.align(4);
  }

  #phandleOf(label: string, place: string): number {
    const phandle = this.#phandles.byLabel.get(label);
    if (phandle === undefined) {
      throw errors.make('VIV_FDT_REFERENCE', `${place} refers to label ${label}, which no node has`);
    }
    return phandle;
  }
}

/**
 * Flattens a tree: header, memory reservations, structure, strings, in the order of section 5.1. The root's own name
 * does not count: it is the empty string in the blob. Throws `VIV_FDT_NAME`, `VIV_FDT_VALUE`, `VIV_FDT_DUPLICATE`,
 * `VIV_FDT_REFERENCE`, `VIV_FDT_TOO_DEEP` and `VIV_FDT_TOO_LARGE`.
 */
export const flatten = (root: DeviceTreeNode, options: FlattenOptions = {}): Uint8Array => {
  const cap = options.maximumSize ?? MAXIMUM_SIZE;
  const overflow = (): Error => errors.make('VIV_FDT_TOO_LARGE', `device tree is larger than its cap of ${cap} bytes`);
  const structure = new ByteWriter(cap, overflow);
  const strings = new StringTable(new ByteWriter(cap, overflow));
  new StructureWriter(structure, strings, assignPhandles(root)).node(root, '', '/');
  structure.u32(FDT_END);

  const reservations = options.reservations ?? [];
  const reservationsAt = HEADER.length;
  const structureAt = reservationsAt + (reservations.length + 1) * RESERVATION_LENGTH;
  const stringsAt = structureAt + structure.length;
  const total = stringsAt + strings.writer.length;

  const blob = new ByteWriter(cap, overflow);
  for (const field of [
    FDT_MAGIC,
    total,
    structureAt,
    stringsAt,
    reservationsAt,
    FDT_VERSION,
    FDT_LAST_COMPATIBLE_VERSION,
    options.bootCpu ?? 0,
    strings.writer.length,
    structure.length,
  ]) {
    blob.u32(field);
  }
  for (const { address, size } of reservations) {
    blob.u64(address);
    blob.u64(size);
  }
  blob.u64(0n);
  blob.u64(0n);
  blob.put(structure.finish());
  blob.put(strings.writer.finish());
  return blob.finish();
};
