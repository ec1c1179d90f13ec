import type { FsErrno } from '@vivarium/contracts';

/** Error numbers of Linux on every architecture that has a virtio driver (asm-generic/errno.h), which FUSE and 9P2000.L carry. */
export const ERRNO: Readonly<Record<FsErrno, number>> = {
  EPERM: 1,
  ENOENT: 2,
  EINTR: 4,
  EIO: 5,
  ENXIO: 6,
  E2BIG: 7,
  EBADF: 9,
  EAGAIN: 11,
  ENOMEM: 12,
  EACCES: 13,
  EBUSY: 16,
  EEXIST: 17,
  EXDEV: 18,
  ENOTDIR: 20,
  EISDIR: 21,
  EINVAL: 22,
  ENFILE: 23,
  EMFILE: 24,
  ETXTBSY: 26,
  EFBIG: 27,
  ENOSPC: 28,
  EROFS: 30,
  EMLINK: 31,
  ERANGE: 34,
  EDEADLK: 35,
  ENAMETOOLONG: 36,
  ENOLCK: 37,
  ENOSYS: 38,
  ENOTEMPTY: 39,
  ELOOP: 40,
  ENODATA: 61,
  EPROTO: 71,
  EOVERFLOW: 75,
  EOPNOTSUPP: 95,
  ESTALE: 116,
  EDQUOT: 122,
};

// Other platforms, and libuv, call these by another name.
const SYNONYMS: Readonly<Record<string, FsErrno>> = {
  ENOTSUP: 'EOPNOTSUPP',
  ENOATTR: 'ENODATA',
  EWOULDBLOCK: 'EAGAIN',
  EFTYPE: 'EINVAL',
  EMEDIUMTYPE: 'EIO',
};

/** What a guest is told of an error that the platform threw: its `code` where it has a known one, else `EIO`. */
export const errnoOf = (error: unknown): FsErrno => {
  const code: unknown = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  if (typeof code !== 'string') return 'EIO';
  if (Object.hasOwn(ERRNO, code)) return code as FsErrno;
  return Object.hasOwn(SYNONYMS, code) ? (SYNONYMS[code] ?? 'EIO') : 'EIO';
};
