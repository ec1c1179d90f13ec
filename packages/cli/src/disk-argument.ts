/** A `--disk` argument taken apart. */
export interface DiskArgument {
  readonly path: string;
  readonly readOnly: boolean;
  readonly serial: string | undefined;
}

const SERIAL = /^[\x20-\x7e]{1,20}$/;

/**
 * Reads `FILE[,ro][,serial=TEXT]`. A comma that is not followed by one of these belongs to the file's name. Gives what
 * is wrong as text.
 */
export const parseDiskArgument = (text: string): DiskArgument | string => {
  const [path = '', ...parts] = text.split(/,(?=(?:ro|serial=[^,]*)(?:,|$))/);
  if (path === '') return 'names no file';
  const serial = parts.find((part) => part.startsWith('serial='))?.slice('serial='.length);
  if (serial !== undefined && !SERIAL.test(serial))
    return `has the serial number '${serial}'; it takes 1 to 20 characters of ASCII`;
  return { path, readOnly: parts.includes('ro'), serial };
};
