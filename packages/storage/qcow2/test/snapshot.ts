import { type MemoryFile, memoryFile } from '@vivarium/host-file';

const MASK = 0x00ff_ffff_ffff_fe00n;
const COPIED = 1n << 63n;

/**
 * The image with an internal snapshot of its disk: a second L1 table, every L2 table and cluster counted once more,
 * and no flag that says that there is one reference only (specification, "Snapshots"). Reference counts of 2 bits or
 * more; no compressed clusters.
 */
export const withSnapshot = (image: Uint8Array): Uint8Array => {
  const old = Buffer.from(image);
  const size = 1 << old.readUInt32BE(20);
  const order = old.readUInt32BE(4) === 2 ? 4 : old.readUInt32BE(96);
  const l1Entries = old.readUInt32BE(36);
  const l1Length = Math.ceil((l1Entries * 8) / size) * size;
  const end = Math.ceil(old.length / size) * size;
  // With room at the end for blocks that count what is new.
  const bytes = Buffer.alloc(end + l1Length + 5 * size);
  let used = end + l1Length + size;
  old.copy(bytes);
  const tableOffset = Number(bytes.readBigUInt64BE(48));
  const perBlock = (size * 8) >> order;

  const count = (cluster: number): void => {
    const at = tableOffset + Math.floor(cluster / perBlock) * 8;
    let block = Number(bytes.readBigUInt64BE(at));
    if (block === 0) {
      block = used;
      used += size;
      bytes.writeBigUInt64BE(BigInt(block), at);
      count(block / size);
    }
    const entry = cluster % perBlock;
    if (order >= 3) {
      const last = block + (entry + 1) * 2 ** (order - 3) - 1;
      bytes[last] = (bytes[last] ?? 0) + 1;
    } else {
      const bit = entry * 2 ** order;
      const byte = block + (bit >> 3);
      bytes[byte] = (bytes[byte] ?? 0) + (1 << (bit & 7));
    }
  };

  const l1 = Number(bytes.readBigUInt64BE(40));
  for (let index = 0; index < l1Entries; index++) {
    const entry = bytes.readBigUInt64BE(l1 + index * 8);
    const table = Number(entry & MASK);
    if (table === 0) continue;
    bytes.writeBigUInt64BE(entry & ~COPIED, l1 + index * 8);
    count(table / size);
    for (let at = table; at < table + size; at += 8) {
      const cluster = bytes.readBigUInt64BE(at);
      if ((cluster & MASK) === 0n) continue;
      bytes.writeBigUInt64BE(cluster & ~COPIED, at);
      count(Number(cluster & MASK) / size);
    }
  }
  const newL1 = end;
  const directory = end + l1Length;
  bytes.copy(bytes, newL1, l1, l1 + l1Entries * 8);
  for (let at = newL1; at < directory + size; at += size) count(at / size);
  bytes.writeUInt32BE(1, 60);
  bytes.writeBigUInt64BE(BigInt(directory), 64);
  bytes.writeBigUInt64BE(BigInt(newL1), directory);
  bytes.writeUInt32BE(l1Entries, directory + 8);
  bytes.writeUInt16BE(1, directory + 12);
  bytes.writeUInt16BE(4, directory + 14);
  bytes.writeUInt32BE(16, directory + 36);
  bytes.writeBigUInt64BE(bytes.readBigUInt64BE(24), directory + 48);
  bytes.write('1once', directory + 56, 'latin1');
  return bytes.subarray(0, used);
};

/** The image as it was when its one snapshot was taken, for reading. */
export const snapshotOf = (image: Uint8Array): MemoryFile => {
  const bytes = Buffer.from(image);
  const directory = Number(bytes.readBigUInt64BE(64));
  bytes.writeBigUInt64BE(bytes.readBigUInt64BE(directory), 40);
  return memoryFile({ name: 'snapshot', bytes, readOnly: true });
};
