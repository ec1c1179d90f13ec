import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { inflate } from '../src/index.ts';
import { linuxImage } from './image-bytes.ts';

const plain = linuxImage({}, 200_000);
const packed = new Uint8Array(gzipSync(plain));

const zboot = (payload: Uint8Array, format: string, size = payload.length): Uint8Array => {
  const bytes = new Uint8Array(64 + payload.length);
  const view = new DataView(bytes.buffer);
  bytes.set(new TextEncoder().encode('MZ\0\0zimg'));
  view.setUint32(8, 64, true);
  view.setUint32(12, size, true);
  bytes.set(new TextEncoder().encode(format), 24);
  bytes.set(payload, 64);
  return bytes;
};

const file = (bytes: Uint8Array) => ({ name: 'vmlinuz', bytes });

describe('inflate', () => {
  it('undoes gzip, alone and inside of an EFI zboot image', async () => {
    expect((await inflate(file(packed))).bytes).toEqual(plain);
    expect((await inflate(file(zboot(packed, 'gzip')))).bytes).toEqual(plain);
  });

  it('leaves other images alone', async () => {
    expect((await inflate(file(plain))).bytes).toBe(plain);
  });

  it('reads from shared memory', async () => {
    const shared = new Uint8Array(new SharedArrayBuffer(packed.length));
    shared.set(packed);
    expect((await inflate(file(shared))).bytes).toEqual(plain);
  });

  it('stops at its cap', async () => {
    await expect(inflate(file(packed), 100_000)).rejects.toMatchObject({ code: 'VIV_IMAGE_TOO_LARGE' });
  });

  it.each([
    ['VIV_IMAGE_TRUNCATED', packed.subarray(0, packed.length - 20)],
    ['VIV_IMAGE_TRUNCATED', packed.with(20, packed[20] ^ 0xff)],
    ['VIV_IMAGE_TRUNCATED', zboot(packed, 'gzip', packed.length + 1)],
    ['VIV_IMAGE_COMPRESSED', zboot(packed, 'zstd22')],
  ])('refuses with %s', async (code, bytes) => {
    await expect(inflate(file(bytes))).rejects.toMatchObject({ code });
  });
});
