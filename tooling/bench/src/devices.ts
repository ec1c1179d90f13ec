import { mkdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const DISK_SIZE = 64 * 1024 * 1024;

/** What the machine of one run has on its virtio bus; plain data, as it goes to a process of its own. */
export interface RunDevices {
  /** Raw image of a disk. */
  readonly disk?: string;
  /** Port of the host's server, which a card behind address translation reaches. */
  readonly port?: number;
  /** Directory that is shared. */
  readonly share?: string;
}

/** An empty image and an empty directory for each engine and run, so that all start alike. */
export const freshDevices = (folder: string, name: string, port: number): RunDevices => {
  const disk = join(folder, `${name}.img`);
  writeFileSync(disk, '');
  truncateSync(disk, DISK_SIZE);
  const share = join(folder, name);
  rmSync(share, { recursive: true, force: true });
  mkdirSync(share);
  return { disk, port, share };
};
