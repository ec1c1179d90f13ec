/** What `qemu-img check` looks for, found another way: the specification, read for a second time. */
export interface ImageCheck {
  /** What makes data wrong, now or later. */
  readonly corruptions: readonly string[];
  /** Clusters that are counted more often than anything refers to them. */
  readonly leaks: number;
}

const MASK = 0x00ff_ffff_ffff_fe00n;
/** Bits that must be 0. */
const RESERVED_L1 = 0x7f00_0000_0000_01ffn;
const RESERVED_L2 = 0x3f00_0000_0000_01fen;
const RESERVED_TABLE = 0x1ffn;

/** Counts the references of an image of any kind that this package opens. */
export const checkImage = (image: Uint8Array): ImageCheck => {
  const bytes = Buffer.from(image.buffer, image.byteOffset, image.byteLength);
  const corruptions: string[] = [];
  const long = (offset: number): bigint => (offset + 8 <= bytes.length ? bytes.readBigUInt64BE(offset) : 0n);
  const version = bytes.readUInt32BE(4);
  const clusterBits = bytes.readUInt32BE(20);
  const size = 1 << clusterBits;
  const references = new Map<number, number>();
  const refer = (offset: number, length: number, what: string): void => {
    if (offset + length - bytes.length >= size) corruptions.push(`${what} at ${offset} is beyond the end of the file`);
    for (let cluster = Math.floor(offset / size); cluster * size < offset + length; cluster++) {
      references.set(cluster, (references.get(cluster) ?? 0) + 1);
    }
  };

  const order = version === 2 ? 4 : bytes.readUInt32BE(96);
  const tableOffset = Number(long(48));
  const tableClusters = bytes.readUInt32BE(56);
  const perBlock = (size * 8) >> order;
  const countOf = (cluster: number): bigint => {
    const index = Math.floor(cluster / perBlock);
    if (index >= (tableClusters * size) / 8) return 0n;
    const block = Number(long(tableOffset + index * 8));
    if (block === 0) return 0n;
    const entry = cluster % perBlock;
    if (order >= 3) {
      const width = 2 ** (order - 3);
      const at = block + entry * width;
      return at + width > bytes.length ? 0n : BigInt(`0x${bytes.subarray(at, at + width).toString('hex')}`);
    }
    const bit = entry * 2 ** order;
    return BigInt(((bytes[block + (bit >> 3)] ?? 0) >> (bit & 7)) & (2 ** (2 ** order) - 1));
  };

  refer(0, size, 'the header');
  refer(tableOffset, tableClusters * size, 'the refcount table');
  for (let index = 0; index < (tableClusters * size) / 8; index++) {
    const block = long(tableOffset + index * 8);
    if (block === 0n) continue;
    if ((block & RESERVED_TABLE) !== 0n) corruptions.push(`refcount table entry ${index} has reserved bits`);
    if (block % BigInt(size) !== 0n) corruptions.push(`refcount block ${index} is not at a cluster`);
    refer(Number(block), size, 'a refcount block');
  }

  /** References by flag: what says that it is the only one must be, and the other way round. */
  const flagged: { readonly cluster: number; readonly isOnly: boolean; readonly what: string }[] = [];
  const walk = (offset: number, entries: number, isActive: boolean): void => {
    if (entries > 0) refer(offset, entries * 8, 'an L1 table');
    for (let l1 = 0; l1 < entries; l1++) {
      const l1Entry = long(offset + l1 * 8);
      const table = Number(l1Entry & MASK);
      if (table === 0) continue;
      if ((l1Entry & RESERVED_L1) !== 0n) corruptions.push(`L1 entry ${l1} has reserved bits`);
      if (table % size !== 0) corruptions.push(`L2 table ${l1} is not at a cluster`);
      refer(table, size, 'an L2 table');
      if (isActive) flagged.push({ cluster: table / size, isOnly: l1Entry >> 63n === 1n, what: 'L2 table' });
      for (let l2 = 0; l2 < size / 8; l2++) {
        const entry = long(table + l2 * 8);
        if ((entry >> 62n) & 1n) {
          const shift = BigInt(62 - (clusterBits - 8));
          const place = Number(entry & ((1n << shift) - 1n));
          const sectors = Number((entry & ((1n << 62n) - 1n)) >> shift) + 1;
          refer(place, sectors * 512 - (place % 512), 'compressed data');
          if (entry >> 63n === 1n) corruptions.push('compressed data is flagged as the only reference');
        } else if ((entry & MASK) !== 0n) {
          if ((entry & RESERVED_L2) !== 0n) corruptions.push(`L2 entry ${l2} has reserved bits`);
          const place = Number(entry & MASK);
          if (place % size !== 0) corruptions.push(`data at ${place} is not at a cluster`);
          refer(place, size, 'data');
          if (isActive) flagged.push({ cluster: place / size, isOnly: entry >> 63n === 1n, what: 'data' });
          if (version === 2 && (entry & 1n) === 1n) corruptions.push('zeroes in version 2');
        }
      }
    }
  };
  walk(Number(long(40)), bytes.readUInt32BE(36), true);
  const snapshots = bytes.readUInt32BE(60);
  let at = Number(long(64));
  const first = at;
  for (let index = 0; index < snapshots; index++) {
    walk(Number(long(at)), bytes.readUInt32BE(at + 8), false);
    const length = 40 + bytes.readUInt16BE(at + 12) + bytes.readUInt16BE(at + 14) + bytes.readUInt32BE(at + 36);
    at += Math.ceil(length / 8) * 8;
  }
  if (snapshots > 0) refer(first, at - first, 'the snapshot table');

  for (const { cluster, isOnly, what } of flagged) {
    if (isOnly !== (countOf(cluster) === 1n)) corruptions.push(`flag of ${what} in cluster ${cluster} is wrong`);
  }
  let leaks = 0;
  const last = Math.ceil(bytes.length / size);
  for (const [cluster, count] of references) {
    if (countOf(cluster) < BigInt(count)) {
      corruptions.push(`cluster ${cluster} has ${count} references and a count of ${countOf(cluster)}`);
    }
  }
  for (let cluster = 0; cluster < last; cluster++) {
    if (countOf(cluster) > BigInt(references.get(cluster) ?? 0)) leaks++;
  }
  return { corruptions, leaks };
};
