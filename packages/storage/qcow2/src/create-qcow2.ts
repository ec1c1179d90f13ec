import { type HostFile, SECTOR_SIZE } from '@vivarium/contracts';
import { errors } from './errors.ts';
import {
  ENTRY,
  EXTENSION_BACKING_FORMAT,
  HEADER,
  HEADER_LENGTH_2,
  HEADER_LENGTH_3,
  MAGIC,
  MAX_BACKING_NAME,
  MAX_CLUSTER_BITS,
  MAX_L1_BYTES,
  MAX_REFCOUNT_ORDER,
  MAX_REFCOUNT_TABLE_BYTES,
  MIN_CLUSTER_BITS,
  REFCOUNT_ORDER_2,
  UPPER,
} from './format.ts';
import type { BackingFormat } from './open-qcow2.ts';
import { RefcountWidth } from './refcount-width.ts';
import { Table } from './table.ts';

declare const TextEncoder: new () => { encode(text: string): Uint8Array };

/** What is made. */
export interface CreateQcow2Settings {
  /** Is emptied first. */
  readonly file: HostFile;
  /** Of the disk that the guest sees in bytes, a multiple of 512. */
  readonly size: number;
  /** Bytes, a power of two from 512 to 2 MiB. Default 64 KiB. */
  readonly clusterSize?: number;
  /** Default 3. */
  readonly version?: 2 | 3;
  /** Bits of a reference count, a power of two from 1 to 64. Default 16, the one that version 2 has. */
  readonly refcountBits?: number;
  /** The image that this one is based on. */
  readonly backing?: { readonly name: string; readonly format: BackingFormat };
}

/**
 * Makes an empty image: header, refcount table, refcount blocks, L1 table, in this order. It is an image only at the
 * very end. Throws `VIV_QCOW2_CREATE` and `VIV_QCOW2_READ`.
 */
export const createQcow2 = (settings: CreateQcow2Settings): void => {
  const layout = layOut(settings);
  const { file } = settings;
  const { clusterSize, width, clusters } = layout;
  try {
    file.truncate(0);
    file.truncate(clusters * clusterSize);
    const table = new Table(clusterSize, new Uint8Array(layout.tableClusters * clusterSize), true);
    const perBlock = width.entriesIn(clusterSize);
    for (let index = 0; index < layout.blocks; index++) {
      const offset = (1 + layout.tableClusters + index) * clusterSize;
      table.view.setUint32(index * ENTRY, Math.floor(offset / UPPER));
      table.view.setUint32(index * ENTRY + 4, offset % UPPER);
      const block = new Table(offset, new Uint8Array(clusterSize), true);
      const counted = Math.min(perBlock, clusters - index * perBlock);
      for (let entry = 0; entry < counted; entry++) width.add(block, entry, 1);
      file.write(offset, block.bytes);
    }
    file.write(table.offset, table.bytes);
    file.sync();
    file.write(0, headerOf(settings, layout));
    file.sync();
  } catch (cause) {
    throw errors.make('VIV_QCOW2_READ', `${file.name} cannot be written: ${String(cause)}`, { cause });
  }
};

interface Layout {
  readonly version: 2 | 3;
  readonly clusterBits: number;
  readonly clusterSize: number;
  readonly refcountOrder: number;
  readonly width: RefcountWidth;
  readonly l1Entries: number;
  readonly l1Offset: number;
  readonly tableClusters: number;
  readonly blocks: number;
  /** All that the image begins with. */
  readonly clusters: number;
}

const refuse = (what: string): Error => errors.make('VIV_QCOW2_CREATE', what);

const layOut = ({
  size,
  clusterSize = 65_536,
  version = 3,
  refcountBits = 16,
  backing,
}: CreateQcow2Settings): Layout => {
  const clusterBits = Math.log2(clusterSize);
  if (!Number.isInteger(clusterBits) || clusterBits < MIN_CLUSTER_BITS || clusterBits > MAX_CLUSTER_BITS) {
    throw refuse(`a cluster has ${clusterSize} bytes; a power of two from 512 to 2 MiB is needed`);
  }
  const refcountOrder = Math.log2(refcountBits);
  if (!Number.isInteger(refcountOrder) || refcountOrder < 0 || refcountOrder > MAX_REFCOUNT_ORDER) {
    throw refuse(`a reference count has ${refcountBits} bits; a power of two from 1 to 64 is needed`);
  }
  if (version === 2 && refcountOrder !== REFCOUNT_ORDER_2) throw refuse('a reference count of version 2 has 16 bits');
  if (!Number.isSafeInteger(size) || size < 0 || size % SECTOR_SIZE !== 0) {
    throw refuse(`a disk has ${size} bytes; a multiple of ${SECTOR_SIZE} is needed`);
  }
  const l1Entries = Math.ceil(size / (clusterSize * (clusterSize / ENTRY)));
  if (l1Entries * ENTRY > MAX_L1_BYTES) {
    throw refuse(`a disk of ${size} bytes needs clusters larger than ${clusterSize} bytes`);
  }
  const name = backing === undefined ? 0 : new TextEncoder().encode(backing.name).length;
  const room = clusterSize - (version === 2 ? HEADER_LENGTH_2 : HEADER_LENGTH_3) - 32;
  if (backing !== undefined && (name === 0 || name > Math.min(MAX_BACKING_NAME, room) || backing.name.includes('\0'))) {
    throw refuse(`the name of the backing file has ${name} bytes`);
  }

  const width = new RefcountWidth(refcountOrder);
  const l1Clusters = Math.ceil((l1Entries * ENTRY) / clusterSize);
  // Blocks count themselves, so both numbers grow until they are enough.
  let blocks = 1;
  let tableClusters = 1;
  for (;;) {
    const clusters = 1 + tableClusters + blocks + l1Clusters;
    const neededBlocks = Math.ceil(clusters / width.entriesIn(clusterSize));
    const neededTable = Math.ceil((neededBlocks * ENTRY) / clusterSize);
    if (neededBlocks <= blocks && neededTable <= tableClusters) break;
    blocks = Math.max(blocks, neededBlocks);
    tableClusters = Math.max(tableClusters, neededTable);
  }
  if (tableClusters * clusterSize > MAX_REFCOUNT_TABLE_BYTES)
    throw refuse(`a disk of ${size} bytes needs larger clusters`);
  const before = 1 + tableClusters + blocks;
  return {
    version,
    clusterBits,
    clusterSize,
    refcountOrder,
    width,
    l1Entries,
    l1Offset: before * clusterSize,
    tableClusters,
    blocks,
    clusters: before + l1Clusters,
  };
};

const headerOf = ({ size, backing }: CreateQcow2Settings, layout: Layout): Uint8Array => {
  const bytes = new Uint8Array(layout.clusterSize);
  const view = new DataView(bytes.buffer);
  const long = (offset: number, value: number): void => {
    view.setUint32(offset, Math.floor(value / UPPER));
    view.setUint32(offset + 4, value % UPPER);
  };
  view.setUint32(HEADER.magic, MAGIC);
  view.setUint32(HEADER.version, layout.version);
  view.setUint32(HEADER.cluster_bits, layout.clusterBits);
  long(HEADER.size, size);
  view.setUint32(HEADER.l1_size, layout.l1Entries);
  long(HEADER.l1_table_offset, layout.l1Offset);
  long(HEADER.refcount_table_offset, layout.clusterSize);
  view.setUint32(HEADER.refcount_table_clusters, layout.tableClusters);
  let at = HEADER_LENGTH_2;
  if (layout.version === 3) {
    view.setUint32(HEADER.refcount_order, layout.refcountOrder);
    view.setUint32(HEADER.header_length, HEADER_LENGTH_3);
    at = HEADER_LENGTH_3;
  }
  if (backing === undefined) return bytes;
  const format = new TextEncoder().encode(backing.format);
  view.setUint32(at, EXTENSION_BACKING_FORMAT);
  view.setUint32(at + 4, format.length);
  bytes.set(format, at + 8);
  // The end of the extensions is eight zeroes.
  at += 8 + Math.ceil(format.length / 8) * 8 + 8;
  const name = new TextEncoder().encode(backing.name);
  bytes.set(name, at);
  long(HEADER.backing_file_offset, at);
  view.setUint32(HEADER.backing_file_size, name.length);
  return bytes;
};
