import { guestError } from './errors.ts';

/**
 * One member of an archive. Paths are relative, `/`-separated, the directory `.` is the root; owner and group are root, times are the epoch, so that
 * the same entries make the same bytes. `mode` holds the permission bits (0 to 0o7777).
 */
export type CpioEntry =
  | { readonly type: 'directory'; readonly path: string; readonly mode?: number }
  | { readonly type: 'file'; readonly path: string; readonly data: Uint8Array; readonly mode?: number }
  | { readonly type: 'symlink'; readonly path: string; readonly target: string }
  | {
      readonly type: 'character' | 'block';
      readonly path: string;
      readonly major: number;
      readonly minor: number;
      readonly mode?: number;
    };

// File types as stat(2) has them in st_mode, and the permissions an entry gets unless it says otherwise.
const FILE_TYPES = {
  directory: { bits: 0o040000, permissions: 0o755 },
  file: { bits: 0o100000, permissions: 0o644 },
  symlink: { bits: 0o120000, permissions: 0o777 },
  character: { bits: 0o020000, permissions: 0o600 },
  block: { bits: 0o060000, permissions: 0o600 },
} as const;

const MAGIC = '070701';
const HEADER_SIZE = 110;
const TRAILER = 'TRAILER!!!';
/** Linux ignores a name longer than this, its NUL included (init/initramfs.c: PATH_MAX). */
const PATH_MAX = 4096;
const MAX_FIELD = 0xffff_ffff;
/** Blocks of tar heritage; also keeps an archive that is appended to this one aligned. */
const ARCHIVE_ALIGNMENT = 512;

const encoder = new TextEncoder();

const align = (offset: number, to: number): number => Math.ceil(offset / to) * to;

const refuse = (path: string, why: string) =>
  guestError('VIV_CPIO_ENTRY', `cpio entry ${JSON.stringify(path)}: ${why}`);

const checkPath = ({ path, type }: CpioEntry, encoded: Uint8Array, seen: ReadonlySet<string>): void => {
  // `.` is the root directory itself.
  const parts = path === '.' && type === 'directory' ? [] : path.split('/');
  if (path === TRAILER) throw refuse(path, 'the name marks the end of an archive');
  if (path.includes('\0')) throw refuse(path, 'the path contains a NUL character');
  if (parts.some((part) => part === '' || part === '..' || part === '.')) {
    throw refuse(path, 'the path is not relative, or has an empty, `.` or `..` part');
  }
  if (encoded.length >= PATH_MAX)
    throw refuse(path, `the path has ${encoded.length} bytes, the limit is ${PATH_MAX - 1}`);
  if (seen.has(path)) throw refuse(path, 'the path appears twice');
};

const content = (entry: CpioEntry): Uint8Array => {
  if (entry.type === 'file') return entry.data;
  if (entry.type !== 'symlink') return new Uint8Array(0);
  const target = encoder.encode(entry.target);
  if (target.length === 0 || target.length >= PATH_MAX || entry.target.includes('\0')) {
    throw refuse(entry.path, `a link target has 1 to ${PATH_MAX - 1} bytes and no NUL`);
  }
  return target;
};

const checkNumber = (path: string, name: string, value: number, limit: number): number => {
  if (Number.isInteger(value) && value >= 0 && value <= limit) return value;
  throw refuse(path, `${name} ${value} is not a whole number from 0 to ${limit}`);
};

interface Member {
  readonly header: string;
  readonly name: Uint8Array;
  readonly data: Uint8Array;
}

const header = (fields: readonly number[]): string =>
  MAGIC + fields.map((field) => field.toString(16).padStart(8, '0')).join('');

const member = (entry: CpioEntry, inode: number, name: Uint8Array): Member => {
  const { bits, permissions } = FILE_TYPES[entry.type];
  const requested = 'mode' in entry ? entry.mode : undefined;
  const mode = bits | checkNumber(entry.path, 'mode', requested ?? permissions, 0o7777);
  const device = 'major' in entry ? entry : { major: 0, minor: 0 };
  const major = checkNumber(entry.path, 'major', device.major, MAX_FIELD);
  const minor = checkNumber(entry.path, 'minor', device.minor, MAX_FIELD);
  const data = content(entry);
  checkNumber(entry.path, 'size', data.length, MAX_FIELD);
  const links = entry.type === 'directory' ? 2 : 1;
  // ino, mode, uid, gid, nlink, mtime, filesize, devmajor, devminor, rdevmajor, rdevminor, namesize, check
  const fields = [inode, mode, 0, 0, links, 0, data.length, 0, 0, major, minor, name.length + 1, 0];
  return { header: header(fields), name, data };
};

/**
 * Writes an archive in the format `newc` ("new ASCII", magic 070701), the one Linux unpacks as an initramfs.
 * See cpio(5) and Documentation/driver-api/early-userspace/buffer-format.rst of Linux.
 *
 * @param entries in the order they are to be unpacked: a directory before what is in it.
 * @returns the archive, a multiple of 512 bytes, so another archive may follow directly.
 * @throws VIV_CPIO_ENTRY
 */
export const writeCpio = (entries: Iterable<CpioEntry>): Uint8Array => {
  const seen = new Set<string>();
  const members: Member[] = [];
  for (const entry of entries) {
    const name = encoder.encode(entry.path);
    checkPath(entry, name, seen);
    seen.add(entry.path);
    members.push(member(entry, members.length + 1, name));
  }
  const trailer = encoder.encode(TRAILER);
  members.push({
    header: header([0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, trailer.length + 1, 0]),
    name: trailer,
    data: new Uint8Array(0),
  });

  const sizeOf = ({ name, data }: Member): number => align(align(HEADER_SIZE + name.length + 1, 4) + data.length, 4);
  const total = members.reduce((sum, each) => sum + sizeOf(each), 0);
  const archive = new Uint8Array(align(total, ARCHIVE_ALIGNMENT));
  let offset = 0;
  for (const each of members) {
    encoder.encodeInto(each.header, archive.subarray(offset));
    archive.set(each.name, offset + HEADER_SIZE);
    archive.set(each.data, offset + align(HEADER_SIZE + each.name.length + 1, 4));
    offset += sizeOf(each);
  }
  return archive;
};
