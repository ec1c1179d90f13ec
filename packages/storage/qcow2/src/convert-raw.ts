import type { HostFile } from '@vivarium/contracts';
import { createQcow2 } from './create-qcow2.ts';
import { errors } from './errors.ts';
import { openQcow2 } from './open-qcow2.ts';

/** Bytes that are read at once. */
const CHUNK = 4 * 1024 * 1024;
/** Pieces of so many zeroes take no room. */
const PIECE = 64 * 1024;
const SECTOR = 512;

/** `bytes` starts and ends at multiples of four. */
const isZero = (bytes: Uint8Array): boolean => {
  const words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  for (const word of words) if (word !== 0) return false;
  return true;
};

/**
 * Makes a QCOW2 image with the contents of a raw one, in an empty file; zeroes take no room. Throws what
 * {@link createQcow2} throws, `VIV_QCOW2_FLUSH` when the image cannot be written, and the errors of the files.
 */
export const convertToQcow2 = (raw: HostFile, file: HostFile): void => {
  const size = Math.ceil(raw.size / SECTOR) * SECTOR;
  createQcow2({ file, size });
  const disk = openQcow2({ file });
  const failed = (fault: unknown): Error =>
    errors.make('VIV_QCOW2_FLUSH', `${file.name} could not be written: ${String(fault)}`);
  try {
    const chunk = new Uint8Array(CHUNK);
    for (let offset = 0; offset < size; offset += CHUNK) {
      const length = Math.min(CHUNK, size - offset);
      const count = raw.read(offset, chunk.subarray(0, length));
      chunk.fill(0, count, length);
      for (let at = 0; at < length; at += PIECE) {
        const piece = chunk.subarray(at, Math.min(at + PIECE, length));
        if (isZero(piece)) continue;
        const fault = disk.write(offset + at, [piece]);
        if (fault !== undefined) throw failed(fault);
      }
    }
  } catch (error) {
    disk.close();
    throw error;
  }
  const fault = disk.close();
  if (fault !== undefined) throw failed(fault);
};
