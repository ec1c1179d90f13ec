import type { StartBackgroundThread } from '@vivarium/contracts';
import type { CellOptions } from './cell.ts';

/** Cores that a guest, its devices and the engine's own compiler keep busy. */
const BUSY_CORES = 2;

/** Background threads where there are cores for them. Where there are not, a guest waits for what they do, and longer. */
export const backgroundOn = (
  cores: number,
  startBackgroundThread: StartBackgroundThread,
): Pick<CellOptions, 'startBackgroundThread'> => (cores > BUSY_CORES ? { startBackgroundThread } : {});
