import type { DeviceTreeNode } from '@vivarium/contracts';
import { errors } from './errors.ts';
import {
  FDT_BEGIN_NODE,
  FDT_END,
  FDT_END_NODE,
  FDT_MAGIC,
  FDT_NOP,
  FDT_PROP,
  FDT_VERSION,
  HEADER,
  MAXIMUM_DEPTH,
  MAXIMUM_NAME,
  MAXIMUM_SIZE,
  type MemoryReservation,
  RESERVATION_LENGTH,
} from './format.ts';

/** A node as a blob holds it: names carry their unit address, values are bytes. */
export interface FlattenedNode extends DeviceTreeNode {
  readonly properties: Readonly<Record<string, Uint8Array>>;
  readonly children: readonly FlattenedNode[];
}

/** What {@link parse} finds. */
export interface FlattenedTree {
  readonly root: FlattenedNode;
  readonly reservations: readonly MemoryReservation[];
  readonly bootCpu: number;
}

export interface ParseOptions {
  /** Larger blobs are refused. Default 2 MiB. */
  readonly maximumSize?: number;
}

interface OpenNode {
  readonly name: string;
  readonly properties: Map<string, Uint8Array>;
  readonly children: FlattenedNode[];
  readonly childNames: Set<string>;
}

const malformed = (message: string): Error => errors.make('VIV_FDT_MALFORMED', message);

const openNode = (name: string): OpenNode => ({
  name,
  properties: new Map(),
  children: [],
  childNames: new Set(),
});

const closeNode = (node: OpenNode): FlattenedNode => ({
  name: node.name,
  // Not by assignment: a blob may name a property `__proto__`.
  properties: Object.fromEntries(node.properties),
  children: node.children,
});

/** Reads one blob; every position is checked against its block before it is used. */
class BlobReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #structureEnd: number;
  readonly #stringsAt: number;
  readonly #stringsEnd: number;
  #at: number;

  constructor(bytes: Uint8Array, cap: number) {
    if (bytes.length < HEADER.length) {
      throw malformed(`a device tree has a header of ${HEADER.length} bytes, this has ${bytes.length} in all`);
    }
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const magic = view.getUint32(HEADER.magic);
    if (magic !== FDT_MAGIC) {
      throw malformed(`not a flattened device tree: it starts with 0x${magic.toString(16)}, not 0xd00dfeed`);
    }
    const version = view.getUint32(HEADER.version);
    const oldest = view.getUint32(HEADER.last_comp_version);
    if (version < FDT_VERSION || oldest > FDT_VERSION) {
      throw errors.make(
        'VIV_FDT_VERSION',
        `device tree is of version ${version}, readable from version ${oldest} on; this reader knows ${FDT_VERSION}`,
      );
    }
    const total = view.getUint32(HEADER.totalsize);
    if (total > cap) {
      throw errors.make('VIV_FDT_TOO_LARGE', `device tree is ${total} bytes, the cap is ${cap}`);
    }
    if (total > bytes.length || total < HEADER.length) {
      throw malformed(`the header says ${total} bytes, there are ${bytes.length}`);
    }
    this.#bytes = bytes.subarray(0, total);
    this.#view = view;
    this.#at = view.getUint32(HEADER.off_dt_struct);
    this.#structureEnd = this.#at + view.getUint32(HEADER.size_dt_struct);
    this.#stringsAt = view.getUint32(HEADER.off_dt_strings);
    this.#stringsEnd = this.#stringsAt + view.getUint32(HEADER.size_dt_strings);
    if (this.#at % 4 !== 0 || this.#at < HEADER.length || this.#structureEnd > total) {
      throw malformed(`the structure block at ${this.#at}…${this.#structureEnd} is not inside of ${total} bytes`);
    }
    if (this.#stringsAt < HEADER.length || this.#stringsEnd > total) {
      throw malformed(`the strings block at ${this.#stringsAt}…${this.#stringsEnd} is not inside of ${total} bytes`);
    }
  }

  reservations(): MemoryReservation[] {
    const found: MemoryReservation[] = [];
    let at = this.#view.getUint32(HEADER.off_mem_rsvmap);
    if (at % 8 !== 0 || at < HEADER.length) {
      throw malformed(`the memory reservation block is at ${at}, which is no multiple of 8 behind the header`);
    }
    for (;;) {
      if (at + RESERVATION_LENGTH > this.#bytes.length) {
        throw malformed('the memory reservation block has no end');
      }
      const address = this.#view.getBigUint64(at);
      const size = this.#view.getBigUint64(at + 8);
      if (address === 0n && size === 0n) {
        return found;
      }
      found.push({ address, size });
      at += RESERVATION_LENGTH;
    }
  }

  tree(): FlattenedNode {
    const open: OpenNode[] = [];
    let root: FlattenedNode | undefined;
    for (;;) {
      const at = this.#at;
      const token = this.#u32();
      const inner = open.at(-1);
      if (token === FDT_NOP) {
        continue;
      }
      if (token === FDT_END && inner === undefined && root !== undefined) {
        return root;
      }
      if (token === FDT_BEGIN_NODE && root === undefined) {
        open.push(this.#beginNode(inner, open.length));
      } else if (token === FDT_PROP && inner !== undefined) {
        this.#property(inner);
      } else if (token === FDT_END_NODE && inner !== undefined) {
        open.pop();
        const parent = open.at(-1);
        if (parent === undefined) {
          root = closeNode(inner);
        } else {
          parent.children.push(closeNode(inner));
        }
      } else {
        throw malformed(`unexpected token ${token} at offset ${at}`);
      }
    }
  }

  #u32(): number {
    if (this.#at + 4 > this.#structureEnd) {
      throw malformed(`the structure block ends inside of a token at offset ${this.#at}`);
    }
    const value = this.#view.getUint32(this.#at);
    this.#at += 4;
    return value;
  }

  #beginNode(parent: OpenNode | undefined, depth: number): OpenNode {
    if (depth >= MAXIMUM_DEPTH) {
      throw errors.make('VIV_FDT_TOO_DEEP', `device tree is deeper than ${MAXIMUM_DEPTH} levels at offset ${this.#at}`);
    }
    const at = this.#at;
    const name = this.#text(at, this.#structureEnd);
    this.#skip(name.length + 1);
    if (parent === undefined) {
      if (name !== '') {
        throw malformed(`the root node is called ${JSON.stringify(name)}, it must have the empty name`);
      }
    } else if (name === '' || parent.childNames.has(name)) {
      throw malformed(`a node at offset ${at} has ${name === '' ? 'no name' : `the name ${name} of a sibling`}`);
    }
    parent?.childNames.add(name);
    return openNode(name);
  }

  #property(node: OpenNode): void {
    const length = this.#u32();
    const nameAt = this.#u32();
    const start = this.#at;
    if (length > this.#structureEnd - start) {
      throw malformed(`a property of ${length} bytes at offset ${start} leaves the structure block`);
    }
    if (nameAt >= this.#stringsEnd - this.#stringsAt) {
      throw malformed(`a property's name at ${nameAt} is outside of the strings block`);
    }
    const name = this.#text(this.#stringsAt + nameAt, this.#stringsEnd);
    if (name === '' || node.properties.has(name)) {
      throw malformed(`a property at offset ${start} ${name === '' ? 'has no name' : `repeats ${name} of its node`}`);
    }
    node.properties.set(name, this.#bytes.slice(start, start + length));
    this.#skip(length);
  }

  #skip(length: number): void {
    this.#at = Math.min(this.#at + Math.ceil(length / 4) * 4, this.#structureEnd);
  }

  /** A printable, NUL-terminated name; looks at no more than the cap, so that names shared by many stay cheap. */
  #text(at: number, end: number): string {
    const limit = Math.min(end, at + MAXIMUM_NAME + 1);
    let text = '';
    for (let position = at; position < limit; position += 1) {
      const byte = this.#bytes[position] ?? 0;
      if (byte === 0) {
        return text;
      }
      if (byte <= 0x20 || byte >= 0x7f) {
        throw malformed(`a name at offset ${at} has the byte 0x${byte.toString(16)}`);
      }
      text += String.fromCharCode(byte);
    }
    throw malformed(`a name at offset ${at} has no end within ${MAXIMUM_NAME} bytes of its block`);
  }
}

/**
 * Reads a flattened device tree from an untrusted blob, in time linear in its length. Bytes behind `totalsize` are
 * ignored. Throws `VIV_FDT_MALFORMED`, `VIV_FDT_VERSION`, `VIV_FDT_TOO_DEEP` and `VIV_FDT_TOO_LARGE`, nothing else.
 */
export const parse = (blob: Uint8Array, options: ParseOptions = {}): FlattenedTree => {
  const reader = new BlobReader(blob, options.maximumSize ?? MAXIMUM_SIZE);
  return {
    root: reader.tree(),
    reservations: reader.reservations(),
    bootCpu: new DataView(blob.buffer, blob.byteOffset).getUint32(HEADER.boot_cpuid_phys),
  };
};
