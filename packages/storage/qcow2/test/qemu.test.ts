import { describe, it } from 'vitest';
import { expectCompressedImage, expectOwnImage, expectSharedImage, MEBIBYTE } from './qemu-cases.ts';

describe('beside QEMU', () => {
  it('reads and writes the image that qemu-img makes', () =>
    expectSharedImage({ compat: '1.1', clusterSize: 65_536, refcountBits: 16, preallocation: 'off' }));
  it('reads and writes a compressed one', () => expectCompressedImage(65_536, '1.1'));
  it('makes images that QEMU finds sound', () => expectOwnImage({}, 8 * MEBIBYTE));
});
