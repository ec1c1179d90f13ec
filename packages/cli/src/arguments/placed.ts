import { resolve } from 'node:path';
import type { DiskArgument } from './disk-argument.ts';
import type { NetArgument } from './net-argument.ts';

/** A path as it is seen from a folder, where there is one. */
export const within = <Path extends string | undefined>(folder: string, path: Path): Path | string =>
  path === undefined ? path : resolve(folder, path);

/** With absolute paths. */
export const placedDisk = (folder: string, disk: DiskArgument): DiskArgument => ({
  ...disk,
  path: resolve(folder, disk.path),
  backing: within(folder, disk.backing),
});

/** With absolute paths. */
export const placedNetwork = (folder: string, network: NetArgument): NetArgument => ({
  ...network,
  pcap: within(folder, network.pcap),
});
