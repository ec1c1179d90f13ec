import type { VirtioQueue } from '@vivarium/contracts';
import * as r from './registers.ts';

/** The queues that exist with a feature only. */
export interface OptionalQueues {
  readonly statistics: VirtioQueue | undefined;
  readonly reporting: VirtioQueue | undefined;
}

/**
 * Which queue is which. By the specification the reporting queue is number 4; but Linux, and devices made for it, number
 * the queues that there are, so that without free page hinting it is number 3, and without statistics too number 2.
 * A driver sets up the queues that it uses, and these tell which way it counts.
 */
export const optionalQueues = (features: bigint, queues: readonly (VirtioQueue | undefined)[]): OptionalQueues => {
  const statistics = (features & r.VIRTIO_BALLOON_F_STATS_VQ) === 0n ? undefined : queues[r.STATSQ];
  if ((features & r.VIRTIO_BALLOON_F_PAGE_REPORTING) === 0n) return { statistics, reporting: undefined };
  const packed = (features & r.VIRTIO_BALLOON_F_STATS_VQ) === 0n ? r.STATSQ : r.FREE_PAGE_VQ;
  return { statistics, reporting: queues[r.REPORTING_VQ] ?? queues[packed] };
};
