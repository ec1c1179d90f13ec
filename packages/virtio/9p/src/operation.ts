import type { FsBackend, FsCaller, FsErrno, FsResult } from '@vivarium/contracts';
import { isFault } from '@vivarium/fs-backend';
import type { Fid, FidTable } from './fid-table.ts';
import type { Message } from './message.ts';
import { Reply } from './reply.ts';

/** What serves a driver that has agreed on a version. */
export interface Share {
  readonly backend: FsBackend;
  readonly fids: FidTable;
  /** Largest message in bytes, either way. */
  readonly msize: number;
}

/** How a request ends: an errno; an answer; or one with `direct` bytes behind it that are in place already. */
export type Outcome = FsErrno | Reply | { readonly reply: Reply; readonly direct: number };

export type Operation = (share: Share, message: Message) => Outcome;

/** The answer without data, or why not. */
export const bare = (result: FsResult<unknown>): Outcome => (isFault(result) ? result : new Reply());

/** Who makes something: the user that attached, with the group that the driver says. */
export const callerOf = ({ uid }: Fid, gid: number): FsCaller => ({ uid, gid });

/** The fid that a message names next; undefined when there is none. */
export const nextFid = ({ fids }: Share, message: Message): Fid | undefined => fids.get(message.u32());

/** Bytes that an answer with data can have behind `header`. */
export const roomFor = ({ msize }: Share, { request }: Message, header: number): number =>
  Math.max(0, Math.min(msize, request.writableLength) - header);
