import type { BigIntStats } from 'node:fs';
import type { HostStat } from '../host-tree.ts';

/** The numbers of a device as Linux writes them in 32 bits are the low half of how it writes them in 64. */
const deviceOf = (rdev: bigint): number => Number(BigInt.asUintN(32, rdev));

export const hostStat = (stats: BigIntStats): HostStat => ({
  device: stats.dev,
  inode: stats.ino,
  birth: stats.birthtimeNs,
  mode: Number(stats.mode),
  links: Number(stats.nlink),
  uid: Number(stats.uid),
  gid: Number(stats.gid),
  rdev: deviceOf(stats.rdev),
  size: Number(stats.size),
  blocks: Number(stats.blocks),
  blockSize: Number(stats.blksize),
  accessed: stats.atimeNs,
  modified: stats.mtimeNs,
  changed: stats.ctimeNs,
});
