import { VivariumError } from '@vivarium/contracts';
import { DISK_PATH, type DiskDescription } from '../disk-description.ts';
import { errors } from '../errors.ts';

/** The disk that the server has. */
export type ReadyDisk = DiskDescription & { readonly state: 'ready' };

/** Milliseconds between two questions while the server makes its disk. */
const ASK_AGAIN = 500;

/** The server's disk, once it is made. Throws `VIV_SHELL_SERVER`, and the server's own error when that failed. */
export const findDisk = async (): Promise<ReadyDisk> => {
  for (;;) {
    const response = await fetch(DISK_PATH).catch((cause: unknown) => {
      throw errors.make('VIV_SHELL_SERVER', `the server cannot be reached for ${DISK_PATH}`, { cause });
    });
    if (!response.ok) throw errors.make('VIV_SHELL_SERVER', `the server answered ${response.status} for ${DISK_PATH}`);
    const disk = (await response.json().catch((cause: unknown) => {
      throw errors.make('VIV_SHELL_SERVER', 'what the server says of its disk makes no sense', { cause });
    })) as DiskDescription;
    if (disk.state === 'ready') return disk;
    if (disk.state === 'failed') {
      const { code, message, hint } = disk.problem;
      throw new VivariumError(code, message, hint === undefined ? {} : { hint });
    }
    await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN));
  }
};
