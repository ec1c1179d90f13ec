/**
 * 9P2000.L as Linux speaks it (include/net/9p/9p.h; diod's protocol.md): messages, flags and layouts. All numbers are
 * little-endian; a message is size[4] type[1] tag[2] and what its type has; an answer has the type of its request plus 1.
 */
export const VERSION = '9P2000.L';
export const UNKNOWN_VERSION = 'unknown';
export const RLERROR = 7;

export const T = {
  STATFS: 8,
  LOPEN: 12,
  LCREATE: 14,
  SYMLINK: 16,
  MKNOD: 18,
  RENAME: 20,
  READLINK: 22,
  GETATTR: 24,
  SETATTR: 26,
  XATTRWALK: 30,
  XATTRCREATE: 32,
  READDIR: 40,
  FSYNC: 50,
  LOCK: 52,
  GETLOCK: 54,
  LINK: 70,
  MKDIR: 72,
  RENAMEAT: 74,
  UNLINKAT: 76,
  VERSION: 100,
  AUTH: 102,
  ATTACH: 104,
  FLUSH: 108,
  WALK: 110,
  READ: 116,
  WRITE: 118,
  CLUNK: 120,
  REMOVE: 122,
} as const;

export const NOFID = 0xffff_ffff;
/** A user that is not told by number. */
export const NONUNAME = 0xffff_ffff;

export const QTDIR = 0x80;
export const QTSYMLINK = 0x02;

/** Names in one walk. */
export const MAXWELEM = 16;
export const HEADER_SIZE = 7;
export const QID_SIZE = 13;
/** What comes before the data of Twrite, and of Rread and Rreaddir. */
export const WRITE_HEADER = HEADER_SIZE + 16;
export const READ_HEADER = HEADER_SIZE + 4;
/** Error: the header and a number. */
export const ERROR_SIZE = HEADER_SIZE + 4;
/** Smallest msize that every message but data fits in. */
export const SMALLEST_MSIZE = 8192;

/** Mask of getattr: all that `stat` has. */
export const GETATTR_BASIC = 0x7ff;
/** Bits of setattr. */
export const SETATTR_MODE = 0x001;
export const SETATTR_UID = 0x002;
export const SETATTR_GID = 0x004;
export const SETATTR_SIZE = 0x008;
export const SETATTR_ATIME = 0x010;
export const SETATTR_MTIME = 0x020;
export const SETATTR_ATIME_SET = 0x080;
export const SETATTR_MTIME_SET = 0x100;

/** Values of Linux that the protocol carries. */
export const O_ACCMODE = 0o3;
export const O_EXCL = 0o200;
export const O_TRUNC = 0o1000;
export const O_APPEND = 0o2000;
export const AT_REMOVEDIR = 0x200;
export const XATTR_CREATE = 1;
export const XATTR_REPLACE = 2;
export const V9FS_MAGIC = 0x0102_1997;

export const LOCK_TYPE_RDLCK = 0;
export const LOCK_TYPE_WRLCK = 1;
export const LOCK_TYPE_UNLCK = 2;
export const LOCK_SUCCESS = 0;
export const LOCK_BLOCKED = 1;
export const LOCK_ERROR = 2;
