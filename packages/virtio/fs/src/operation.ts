import type { FsBackend, FsEntry, FsErrno, FsResult } from '@vivarium/contracts';
import { isFault } from '@vivarium/fs-backend';
import type { CachePolicy } from './cache-policy.ts';
import type { Call } from './call.ts';
import { SIZE } from './fuse-table.ts';
import { Reply } from './reply.ts';

/** What a driver and this device agreed on, and what serves it. */
export interface Share {
  readonly backend: FsBackend;
  readonly policy: CachePolicy;
  /** The guest's kernel keeps writes back, so that it reads through files that programs opened for writing. */
  readonly writeback: boolean;
  /** Locks are asked for; else the guest's kernel keeps them to itself. */
  readonly locks: boolean;
}

/**
 * How a request ends: an errno; an answer; undefined for an answer without data; `direct` bytes that are in place
 * already; `silent` for a request that is never answered.
 */
export type Outcome = FsErrno | Reply | undefined | { readonly direct: number } | 'silent';

export type Operation = (share: Share, call: Call) => Outcome;

/** The answer without data, or why not. */
export const bare = (result: FsResult<unknown>): Outcome => (isFault(result) ? result : undefined);

/** struct fuse_entry_out */
export const putEntry = (reply: Reply, { policy }: Share, { node, attributes }: FsEntry): Reply => {
  const [seconds, nanoseconds] = policy.timeout;
  return reply.u64(node).u64(0).u64(seconds).u64(seconds).u32(nanoseconds).u32(nanoseconds).attributes(attributes);
};

export const entryReply = (share: Share, entry: FsResult<FsEntry>): Outcome =>
  isFault(entry) ? entry : putEntry(new Reply(SIZE.entry_out), share, entry);
