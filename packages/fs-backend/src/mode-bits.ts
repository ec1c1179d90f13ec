/** Types and permissions in `st_mode`, by the names of POSIX (sys/stat.h); the values are those of Linux. */
export const S_IFMT = 0o170000;
export const S_IFSOCK = 0o140000;
export const S_IFLNK = 0o120000;
export const S_IFREG = 0o100000;
export const S_IFBLK = 0o060000;
export const S_IFDIR = 0o040000;
export const S_IFCHR = 0o020000;
export const S_IFIFO = 0o010000;
export const S_ISUID = 0o4000;
export const S_ISGID = 0o2000;
export const S_ISVTX = 0o1000;
export const S_IXGRP = 0o010;
/** All that `chmod` sets. */
export const PERMISSIONS = 0o7777;

export const typeOf = (mode: number): number => mode & S_IFMT;
export const isDirectory = (mode: number): boolean => (mode & S_IFMT) === S_IFDIR;
export const isRegular = (mode: number): boolean => (mode & S_IFMT) === S_IFREG;
export const isSymbolicLink = (mode: number): boolean => (mode & S_IFMT) === S_IFLNK;
