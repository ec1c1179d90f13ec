import type { BootImage } from '@vivarium/contracts';
import { errors } from './errors.ts';
import { LittleEndian } from './little-endian.ts';
import { signatureOf } from './signature.ts';

/** Larger results are refused: they are mistakes or bombs. */
export const MAXIMUM_INFLATED = 512 * 1024 * 1024;

/** `struct linux_efi_zboot_header` (drivers/firmware/efi/libstub/zboot-header.S of Linux), byte offsets. */
const ZBOOT = { payload_offset: 8, payload_size: 12, compression: 24, compression_length: 32 } as const;

const gunzip = async (name: string, bytes: Uint8Array, cap: number): Promise<Uint8Array> => {
  const chunks: Uint8Array[] = [];
  let length = 0;
  // A copy, because a stream wants bytes that are not in shared memory.
  const reader = new Blob([new Uint8Array(bytes)]).stream().pipeThrough(new DecompressionStream('gzip')).getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) {
        break;
      }
      length += value.length;
      if (length > cap) {
        throw errors.make('VIV_IMAGE_TOO_LARGE', `${name} inflates to more than ${cap} bytes`);
      }
      chunks.push(value);
    }
  } catch (error) {
    await reader.cancel().catch(() => undefined);
    if (error instanceof TypeError) {
      throw errors.make('VIV_IMAGE_TRUNCATED', `${name} is a gzip file that is damaged or cut off`, { cause: error });
    }
    throw error;
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
};

/** The compressed kernel inside of an EFI zboot image, and how it is compressed. */
const zbootPayload = ({ name, bytes }: BootImage): Uint8Array => {
  const fields = new LittleEndian(bytes);
  const offset = fields.u32(ZBOOT.payload_offset);
  const size = fields.u32(ZBOOT.payload_size);
  if (offset === undefined || size === undefined || offset + size > bytes.length) {
    throw errors.make('VIV_IMAGE_TRUNCATED', `${name} is an EFI zboot image that ends before its payload does`);
  }
  const label = bytes.subarray(ZBOOT.compression, ZBOOT.compression + ZBOOT.compression_length);
  const [format = ''] = String.fromCharCode(...label).split('\0');
  if (format !== 'gzip') {
    throw errors.make(
      'VIV_IMAGE_COMPRESSED',
      `${name} is an EFI zboot image compressed with ${JSON.stringify(format)}`,
    );
  }
  return bytes.subarray(offset, offset + size);
};

/**
 * Undoes gzip, plain or inside of an EFI zboot image; other images come back as they are. Uses the platform's
 * `DecompressionStream`. Throws `VIV_IMAGE_TRUNCATED`, `_COMPRESSED` (a zboot image that is not gzip) and
 * `_TOO_LARGE` beyond `cap` bytes.
 */
export const inflate = async (image: BootImage, cap: number = MAXIMUM_INFLATED): Promise<BootImage> => {
  switch (signatureOf(image.bytes).kind) {
    case 'gzip':
      return { name: image.name, bytes: await gunzip(image.name, image.bytes, cap) };
    case 'zboot':
      return { name: image.name, bytes: await gunzip(image.name, zbootPayload(image), cap) };
    default:
      return image;
  }
};
