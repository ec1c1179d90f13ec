import type { FsErrno, FsName } from '@vivarium/contracts';

/** Longest name in bytes (NAME_MAX of Linux). */
export const LONGEST_NAME = 255;
/** Longest target of a symbolic link in bytes (PATH_MAX of Linux without its NUL). */
export const LONGEST_TARGET = 4095;

/** Why `name` cannot be the name of a directory entry; undefined when it can. */
export const nameFault = (name: FsName): FsErrno | undefined => {
  if (name === '' || name === '.' || name === '..' || name.includes('/') || name.includes('\0')) return 'EINVAL';
  return name.length > LONGEST_NAME ? 'ENAMETOOLONG' : undefined;
};

/** One character for each byte. The bytes may lie in shared memory. */
export const bytesToName = (bytes: Uint8Array): FsName => {
  let name = '';
  for (let at = 0; at < bytes.length; at += LONGEST_TARGET) {
    name += String.fromCharCode(...bytes.subarray(at, at + LONGEST_TARGET));
  }
  return name;
};

/** The bytes of a name; a character beyond 255 gives its low byte. */
export const nameToBytes = (name: FsName): Uint8Array => {
  const bytes = new Uint8Array(name.length);
  for (let at = 0; at < name.length; at++) bytes[at] = name.charCodeAt(at);
  return bytes;
};

/** The name that reads as `text` where names are UTF-8. */
export const textToName = (text: string): FsName => bytesToName(new TextEncoder().encode(text));

/** For people: a name read as UTF-8, with replacement characters for what is none. */
export const nameToText = (name: FsName): string => new TextDecoder().decode(nameToBytes(name));
