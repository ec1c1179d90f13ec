import type { FsAttributes, FsCaller } from '@vivarium/contracts';
import { isDirectory, isRegular, S_ISGID, S_ISUID, S_IXGRP } from './mode-bits.ts';

const X_OK = 1;

/** Whether owner and mode let `caller` do what `mask` says, root with the rights that Linux gives it. */
export const permits = (attributes: FsAttributes, mask: number, { uid, gid }: FsCaller): boolean => {
  const { mode } = attributes;
  if (uid === 0) return (mask & X_OK) === 0 || isDirectory(mode) || (mode & 0o111) !== 0;
  const shift = uid === attributes.uid ? 6 : gid === attributes.gid ? 3 : 0;
  return ((mode >> shift) & mask) === mask;
};

/** A mode without the bits that a change of content or owner takes from a file. */
export const withoutPrivileges = (mode: number): number => {
  if (!isRegular(mode)) return mode;
  // Set-group-ID without group execution means mandatory locking and gives no privilege.
  return mode & ~(S_ISUID | ((mode & S_IXGRP) === 0 ? 0 : S_ISGID));
};

/** Owner and mode of a new entry: a parent with set-group-ID gives its group, and to directories the bit itself. */
export const newOwner = (
  parent: Pick<FsAttributes, 'mode' | 'gid'>,
  mode: number,
  caller: FsCaller,
): { readonly uid: number; readonly gid: number; readonly mode: number } => {
  if ((parent.mode & S_ISGID) === 0) return { uid: caller.uid, gid: caller.gid, mode };
  return { uid: caller.uid, gid: parent.gid, mode: isDirectory(mode) ? mode | S_ISGID : mode };
};
