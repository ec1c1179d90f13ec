/** First two names of busybox's table of applets, which is sorted. */
const TABLE_START = '[\0[[\0';
const APPLET = /^[a-z0-9[][a-z0-9._[-]*$/;

/**
 * Names of the applets in a busybox binary, from the table the binary itself looks them up in (`applet_names` in
 * busybox's libbb/appletlib.c: sorted names, each ended by NUL, the table by an empty one). The binary is for another
 * instruction set, so it cannot be asked.
 *
 * @returns undefined when there is no such table.
 */
export const busyboxApplets = (binary: Uint8Array): readonly string[] | undefined => {
  const bytes = Buffer.from(binary.buffer, binary.byteOffset, binary.length);
  const found = bytes.indexOf(TABLE_START, 0, 'latin1');
  const end = found < 0 ? -1 : bytes.indexOf('\0\0', found, 'latin1');
  if (end < 0) return undefined;
  const names = bytes.toString('latin1', found, end).split('\0');
  return names.every((name) => APPLET.test(name)) && names.includes('sh') ? names : undefined;
};
