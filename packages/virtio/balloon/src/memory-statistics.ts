import type { BalloonStatistics } from '@vivarium/contracts';
import { STAT_SIZE } from './registers.ts';

/**
 * Readings by tag: 0 to 9 are VIRTIO_BALLOON_S_SWAP_IN to VIRTIO_BALLOON_S_HTLB_PGFAIL (section 5.5.6.4), the others are
 * what Linux sends since 6.12 (include/uapi/linux/virtio_balloon.h).
 */
const TAGS: readonly Exclude<keyof BalloonStatistics, 'at'>[] = [
  'swappedIn',
  'swappedOut',
  'majorFaults',
  'minorFaults',
  'free',
  'total',
  'available',
  'caches',
  'hugePageAllocations',
  'hugePageFailures',
  'outOfMemoryKills',
  'allocationStalls',
  'asyncScans',
  'directScans',
  'asyncReclaims',
  'directReclaims',
];

/** More than any driver has to say; the rest of a longer buffer is not looked at. */
const MOST_ENTRIES = 64;
/** Bytes of a statistics buffer that are of interest. */
export const STATISTICS_SIZE = MOST_ENTRIES * STAT_SIZE;

/**
 * Reads an array of `virtio_balloon_stat`, in any order. Unknown tags and an incomplete entry at the end are ignored; of a
 * tag that comes twice the last counts; a value that no number can hold exactly, such as the -1 of "unknown", is none.
 */
export const parseStatistics = (bytes: Uint8Array, at: number): BalloonStatistics => {
  const fields = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const readings: Partial<Record<(typeof TAGS)[number], number>> = {};
  const end = Math.min(bytes.length, STATISTICS_SIZE);
  for (let entry = 0; entry + STAT_SIZE <= end; entry += STAT_SIZE) {
    const name = TAGS[fields.getUint16(entry, true)];
    if (name === undefined) continue;
    const value = fields.getBigUint64(entry + 2, true);
    if (value <= BigInt(Number.MAX_SAFE_INTEGER)) readings[name] = Number(value);
    else delete readings[name];
  }
  return { at, ...readings };
};
