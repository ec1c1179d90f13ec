import { splitArgument } from './argument-fields.ts';

/** A `--disk` argument taken apart. */
export interface DiskArgument {
  readonly path: string;
  readonly format: 'raw' | 'qcow2';
  /** The name of the file alone says the format. */
  readonly formatByName: boolean;
  readonly readOnly: boolean;
  /** What the guest writes goes with the machine. */
  readonly temporary: boolean;
  /** Folder of the files that the image may be based on; by default its own. */
  readonly backing: string | undefined;
  readonly serial: string | undefined;
}

const SERIAL = /^[\x20-\x7e]{1,20}$/;
const FIELDS = { flags: ['ro', 'temporary'], values: ['serial', 'format', 'backing'] };

/**
 * Reads `FILE[,ro][,temporary][,format=raw|qcow2][,backing=DIR][,serial=TEXT]`. A comma that is not followed by one of
 * these belongs to the file's name. Gives what is wrong as text.
 */
export const parseDiskArgument = (text: string): DiskArgument | string => {
  const parts = splitArgument(text, FIELDS);
  const path = parts.head;
  if (path === '') return 'names no file';
  const serial = parts.value('serial');
  if (serial !== undefined && !SERIAL.test(serial))
    return `has the serial number '${serial}'; it takes 1 to 20 characters of ASCII`;
  const given = parts.value('format');
  if (given !== undefined && given !== 'raw' && given !== 'qcow2')
    return `has the format '${given}'; there are raw and qcow2`;
  const format = given ?? (/\.qcow2?$/i.test(path) ? 'qcow2' : 'raw');
  const backing = parts.value('backing');
  if (backing !== undefined && format !== 'qcow2') return 'is a raw image, which is based on no other';
  return {
    path,
    format,
    formatByName: given === undefined,
    readOnly: parts.has('ro'),
    temporary: parts.has('temporary'),
    backing,
    serial,
  };
};
