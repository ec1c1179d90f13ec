import type { Call } from './call.ts';
import * as f from './fuse-table.ts';
import { LARGEST_TRANSFER } from './file-operations.ts';
import { Reply } from './reply.ts';

/** What came out of an INIT. */
export interface Initialized {
  readonly reply: Reply;
  /** Undefined while no version is agreed on: the driver asks again. */
  readonly flags: number | undefined;
}

const ALWAYS =
  f.FUSE_ASYNC_READ |
  f.FUSE_ATOMIC_O_TRUNC |
  f.FUSE_BIG_WRITES |
  f.FUSE_DO_READDIRPLUS |
  f.FUSE_READDIRPLUS_AUTO |
  f.FUSE_ASYNC_DIO |
  f.FUSE_PARALLEL_DIROPS |
  f.FUSE_MAX_PAGES |
  f.FUSE_HANDLE_KILLPRIV_V2;
const PAGE = 4096;
/** Requests that the kernel has under way at once in the background, and from how many on it slows writers down. */
const MAX_BACKGROUND = 64;
const CONGESTION_THRESHOLD = 48;

/**
 * INIT: the lower of both minor versions counts, and a newer major version asks again with ours (the header's comment
 * on FUSE_KERNEL_VERSION).
 */
export const initialize = (call: Call, offered: number, offered2: number): Initialized | 'EPROTO' | 'EINVAL' => {
  const major = call.u32();
  const minor = call.u32();
  if (call.cut) return 'EINVAL';
  const reply = new Reply(f.SIZE.init_out).u32(f.FUSE_KERNEL_VERSION).u32(f.FUSE_KERNEL_MINOR_VERSION);
  if (major > f.FUSE_KERNEL_VERSION) return { reply: reply.skip(f.SIZE.init_out - 8), flags: undefined };
  if (major < f.FUSE_KERNEL_VERSION || minor < f.OLDEST_MINOR_VERSION) return 'EPROTO';
  const readahead = call.u32();
  const asked = call.u32();
  if (call.cut) return 'EINVAL';
  const extended = (asked & f.FUSE_INIT_EXT) !== 0 && call.left >= 4;
  const flags2 = extended ? call.u32() & offered2 : 0;
  const flags = (asked & (ALWAYS | offered | (flags2 === 0 ? 0 : f.FUSE_INIT_EXT))) >>> 0;
  reply
    .u32(Math.min(readahead, LARGEST_TRANSFER))
    .u32(flags)
    .u16(MAX_BACKGROUND)
    .u16(CONGESTION_THRESHOLD)
    .u32(LARGEST_TRANSFER)
    // Granularity of times in nanoseconds.
    .u32(1)
    .u16(LARGEST_TRANSFER / PAGE)
    .skip(2)
    .u32(flags2)
    .skip(28);
  return { reply, flags };
};
