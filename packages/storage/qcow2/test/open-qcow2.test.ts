import type { HostFile } from '@vivarium/contracts';
import { memoryFile } from '@vivarium/host-file';
import { fakeHostFile } from '@vivarium/testkit';
import { describe, expect, it } from 'vitest';
import { type BackingRequest, createQcow2, isQcow2, openQcow2 } from '../src/index.ts';

const MEBIBYTE = 1024 * 1024;

const image = (how: Partial<Parameters<typeof createQcow2>[0]> = {}): Buffer => {
  const file = memoryFile();
  createQcow2({ file, size: MEBIBYTE, ...how });
  return Buffer.from(file.contents());
};
const coded = (code: string): Error => expect.objectContaining({ code }) as Error;
const open = (bytes: Uint8Array, readOnly = false) => openQcow2({ file: memoryFile({ bytes }), readOnly });

describe('an image is recognised', () => {
  it('by its first bytes', () => {
    expect(isQcow2(image())).toBe(true);
    expect(isQcow2(image({ version: 2 }).subarray(0, 8))).toBe(true);
    expect(isQcow2(image().subarray(0, 7))).toBe(false);
    expect(isQcow2(new Uint8Array(512))).toBe(false);
    expect(isQcow2(Uint8Array.of(0x51, 0x46, 0x49, 0xfb, 0, 0, 0, 1))).toBe(false);
    expect(isQcow2(image().subarray(0, 12).subarray(1))).toBe(false);
  });
});

describe('a header that cannot be right is refused', () => {
  type Change = (bytes: Buffer) => Buffer | void;
  it.each<[string, string, Change]>([
    ['nothing', 'VIV_QCOW2_HEADER', () => Buffer.alloc(0)],
    ['another format', 'VIV_QCOW2_HEADER', () => Buffer.from('KDMV and something')],
    ['an end within the header', 'VIV_QCOW2_HEADER', (bytes) => bytes.subarray(0, 90)],
    ['version 1', 'VIV_QCOW2_HEADER', (bytes) => void bytes.writeUInt32BE(1, 4)],
    ['version 4', 'VIV_QCOW2_HEADER', (bytes) => void bytes.writeUInt32BE(4, 4)],
    ['clusters of 256 bytes', 'VIV_QCOW2_HEADER', (bytes) => void bytes.writeUInt32BE(8, 20)],
    ['clusters of 4 MiB', 'VIV_QCOW2_LIMIT', (bytes) => void bytes.writeUInt32BE(22, 20)],
    ['clusters of 2^4294967295 bytes', 'VIV_QCOW2_LIMIT', (bytes) => void bytes.writeUInt32BE(0xffff_ffff, 20)],
    ['a size beyond all numbers', 'VIV_QCOW2_LIMIT', (bytes) => void bytes.writeBigUInt64BE(2n ** 63n, 24)],
    ['AES', 'VIV_QCOW2_FEATURE', (bytes) => void bytes.writeUInt32BE(1, 32)],
    ['LUKS', 'VIV_QCOW2_FEATURE', (bytes) => void bytes.writeUInt32BE(2, 32)],
    ['an L1 table of 4 GiB entries', 'VIV_QCOW2_LIMIT', (bytes) => void bytes.writeUInt32BE(0xffff_ffff, 36)],
    ['an L1 table that is too short', 'VIV_QCOW2_TABLE', (bytes) => void bytes.writeUInt32BE(0, 36)],
    ['an L1 table in the header', 'VIV_QCOW2_TABLE', (bytes) => void bytes.writeBigUInt64BE(0n, 40)],
    ['an L1 table within a cluster', 'VIV_QCOW2_TABLE', (bytes) => void bytes.writeBigUInt64BE(65_536n + 512n, 40)],
    ['an L1 table beyond the end', 'VIV_QCOW2_TABLE', (bytes) => void bytes.writeBigUInt64BE(2n ** 40n, 40)],
    ['an L1 table beyond all numbers', 'VIV_QCOW2_LIMIT', (bytes) => void bytes.writeBigUInt64BE(2n ** 60n, 40)],
    ['no refcount table', 'VIV_QCOW2_TABLE', (bytes) => void bytes.writeUInt32BE(0, 56)],
    ['a huge refcount table', 'VIV_QCOW2_LIMIT', (bytes) => void bytes.writeUInt32BE(0xffff_ffff, 56)],
    ['a refcount table beyond the end', 'VIV_QCOW2_TABLE', (bytes) => void bytes.writeUInt32BE(100, 56)],
    ['a million snapshots', 'VIV_QCOW2_LIMIT', (bytes) => void bytes.writeUInt32BE(1e6, 60)],
    ['a snapshot table in the header', 'VIV_QCOW2_TABLE', (bytes) => void bytes.writeUInt32BE(1, 60)],
    ['an external data file', 'VIV_QCOW2_FEATURE', (bytes) => void bytes.writeBigUInt64BE(4n, 72)],
    ['another compression', 'VIV_QCOW2_FEATURE', (bytes) => void bytes.writeBigUInt64BE(8n, 72)],
    ['extended L2 entries', 'VIV_QCOW2_FEATURE', (bytes) => void bytes.writeBigUInt64BE(16n, 72)],
    ['an unknown feature', 'VIV_QCOW2_FEATURE', (bytes) => void bytes.writeBigUInt64BE(32n, 72)],
    ['the last unknown feature', 'VIV_QCOW2_FEATURE', (bytes) => void bytes.writeBigUInt64BE(1n << 63n, 72)],
    ['refcounts of 128 bits', 'VIV_QCOW2_HEADER', (bytes) => void bytes.writeUInt32BE(7, 96)],
    ['a header of 96 bytes', 'VIV_QCOW2_HEADER', (bytes) => void bytes.writeUInt32BE(96, 100)],
    ['a header of 105 bytes', 'VIV_QCOW2_HEADER', (bytes) => void bytes.writeUInt32BE(105, 100)],
    ['a header larger than its cluster', 'VIV_QCOW2_HEADER', (bytes) => void bytes.writeUInt32BE(65_544, 100)],
    [
      'zstd without its feature',
      'VIV_QCOW2_HEADER',
      (bytes) => {
        bytes.writeUInt32BE(112, 100);
        bytes[104] = 1;
      },
    ],
  ])('%s', (_what, code, change) => {
    const bytes = image();
    const changed = change(bytes) ?? bytes;
    for (const readOnly of [false, true]) expect(() => open(changed, readOnly)).toThrow(coded(code));
  });

  const based = () => image({ backing: { name: 'base.raw', format: 'raw' } });
  it.each<[string, (bytes: Buffer, name: number) => unknown]>([
    ['no length', (bytes) => bytes.writeUInt32BE(0, 16)],
    ['a length of 1024', (bytes) => bytes.writeUInt32BE(1024, 16)],
    ['its place in the header', (bytes) => bytes.writeBigUInt64BE(50n, 8)],
    ['its place beyond the first cluster', (bytes) => bytes.writeBigUInt64BE(65_535n, 8)],
    ['a zero byte', (bytes, name) => (bytes[name + 2] = 0)],
    ['an extension before it that is longer than the room', (bytes) => bytes.writeUInt32BE(0xffff_fff0, 108)],
  ])('a name of a backing file with %s', (_what, change) => {
    const bytes = based();
    change(bytes, Number(bytes.readBigUInt64BE(8)));
    const file = memoryFile({ bytes });
    expect(() => openQcow2({ file, open: () => memoryFile() })).toThrow(coded('VIV_QCOW2_HEADER'));
  });

  it('or a file that cannot be read', () => {
    const file = fakeHostFile({ bytes: image() });
    file.readFault = () => 'EIO';
    expect(() => openQcow2({ file })).toThrow(coded('VIV_QCOW2_READ'));
  });
});

describe('an image that was not closed', () => {
  it.each([
    ['dirty', 1n],
    ['corrupt', 2n],
  ])('or is marked as %s is read, and not written', (_what, bit) => {
    const bytes = image();
    bytes.writeBigUInt64BE(bit, 72);
    expect(() => open(bytes)).toThrow(coded('VIV_QCOW2_DIRTY'));
    expect(open(bytes, true).read(0, [new Uint8Array(512)])).toBeUndefined();
  });
});

describe('features that may be ignored', () => {
  it('are: lazy reference counts, unknown extensions, what a longer header says', () => {
    const bytes = image();
    bytes.writeBigUInt64BE(0xffff_ffff_ffff_ffffn, 80);
    bytes.writeUInt32BE(136, 100);
    bytes.writeUInt32BE(0x1234_5678, 136);
    bytes.writeUInt32BE(5, 140);
    expect(open(bytes).write(0, [new Uint8Array(512)])).toBeUndefined();
  });

  it('but may not be after a change are cleared before the first one', () => {
    const bytes = image();
    bytes.writeBigUInt64BE(1n, 88);
    const file = fakeHostFile({ bytes });
    const disk = openQcow2({ file });
    disk.read(0, [new Uint8Array(512)]);
    disk.flush();
    expect(Buffer.from(file.contents()).readBigUInt64BE(88)).toBe(1n);
    const before = file.log.length;
    disk.write(0, [new Uint8Array(512)]);
    expect(file.log.slice(before, before + 2).map(({ kind }) => kind)).toEqual(['write', 'sync']);
    expect(Buffer.from(file.contents()).readBigUInt64BE(88)).toBe(0n);
  });
});

describe('a backing file', () => {
  const top = (format: 'raw' | 'qcow2', name = 'base') => image({ backing: { name, format } });

  it('is opened by name, format and who refers to it, and closed with the disk', () => {
    const asked: BackingRequest[] = [];
    const bases: HostFile[] = [];
    const middle = memoryFile({ name: 'middle', bytes: image({ backing: { name: '../deep.raw', format: 'raw' } }) });
    const disk = openQcow2({
      file: memoryFile({ name: 'top', bytes: top('qcow2', 'folder/middle.qcow2') }),
      open: (request) => {
        asked.push(request);
        const file = request.format === 'qcow2' ? middle : memoryFile({ bytes: Uint8Array.of(1, 2, 3) });
        bases.push(file);
        return file;
      },
    });
    expect(asked).toEqual([
      { name: 'folder/middle.qcow2', format: 'qcow2', from: 'top' },
      { name: '../deep.raw', format: 'raw', from: 'middle' },
    ]);
    const sector = new Uint8Array(512).fill(9);
    expect(disk.read(0, [sector])).toBeUndefined();
    expect([...sector.subarray(0, 5)]).toEqual([1, 2, 3, 0, 0]);
    expect(disk.close()).toBeUndefined();
    expect(bases.length).toBe(2);
    for (const base of bases) expect(() => base.read(0, sector)).toThrow('EBADF');
  });

  it('H10 that nobody allows is refused, or that the one who may refuses', () => {
    const file = memoryFile({ bytes: top('raw') });
    expect(() => openQcow2({ file })).toThrow(coded('VIV_QCOW2_BACKING'));
    const refusal = Object.assign(new Error('not below the folder'), { name: 'VivariumError', code: 'VIV_GRANT_PATH' });
    const refuse = (error: Error) => () => {
      throw error;
    };
    expect(() => openQcow2({ file, open: refuse(refusal) })).toThrow(refusal);
    expect(() => openQcow2({ file, open: refuse(new Error('ENOENT')) })).toThrow(coded('VIV_QCOW2_BACKING'));
  });

  it('is never guessed a format', () => {
    const bytes = top('raw');
    // Makes the extension with the format another one.
    bytes.writeUInt32BE(0x1234_5678, 104);
    const base = () => memoryFile({ name: 'base', bytes: image() });
    const asked = (backingFormat?: 'raw' | 'qcow2') => {
      const disk = openQcow2({
        file: memoryFile({ bytes }),
        open: base,
        ...(backingFormat === undefined ? {} : { backingFormat }),
      });
      const sector = new Uint8Array(512);
      expect(disk.read(0, [sector])).toBeUndefined();
      return sector;
    };
    expect(() => asked()).toThrow(coded('VIV_QCOW2_BACKING'));
    expect(isQcow2(asked('raw'))).toBe(true);
    expect(asked('qcow2').every((byte) => byte === 0)).toBe(true);
  });

  it('of another format is refused', () => {
    const bytes = top('raw');
    bytes.write('vmd', 112, 'latin1');
    const file = memoryFile({ bytes });
    expect(() => openQcow2({ file, open: () => memoryFile() })).toThrow(coded('VIV_QCOW2_BACKING'));
  });

  it('H10 below itself is refused, whether the files are the same or ever new ones', () => {
    const self = memoryFile({ name: 'self', bytes: top('qcow2') });
    expect(() => openQcow2({ file: self, open: () => self })).toThrow(coded('VIV_QCOW2_CHAIN'));
    expect(self.size).toBeGreaterThan(0);
    const opened: HostFile[] = [];
    const fresh = () => {
      const file = memoryFile({ name: 'self', bytes: top('qcow2') });
      opened.push(file);
      return file;
    };
    expect(() => openQcow2({ file: self, open: fresh })).toThrow(coded('VIV_QCOW2_CHAIN'));
    expect(opened.length).toBe(31);
    for (const file of opened) expect(() => file.read(0, new Uint8Array(1))).toThrow('EBADF');
  });

  it('that is damaged is closed when it is refused', () => {
    const base = memoryFile({ name: 'base', bytes: new Uint8Array(512) });
    const file = memoryFile({ bytes: top('qcow2') });
    expect(() => openQcow2({ file, open: () => base })).toThrow(coded('VIV_QCOW2_HEADER'));
    expect(() => base.read(0, new Uint8Array(1))).toThrow('EBADF');
  });
});

describe('an image is made', () => {
  const make = (how: Partial<Parameters<typeof createQcow2>[0]>) => () =>
    createQcow2({ file: memoryFile(), size: 512, ...how });

  it.each<[string, Partial<Parameters<typeof createQcow2>[0]>]>([
    ['a size that is no multiple of 512', { size: 1000 }],
    ['a negative size', { size: -512 }],
    ['a size that is no number', { size: Number.NaN }],
    ['clusters of 256 bytes', { clusterSize: 256 }],
    ['clusters of 3000 bytes', { clusterSize: 3000 }],
    ['clusters of 4 MiB', { clusterSize: 4 * MEBIBYTE }],
    ['refcounts of 3 bits', { refcountBits: 3 }],
    ['refcounts of 128 bits', { refcountBits: 128 }],
    ['refcounts of 8 bits in version 2', { refcountBits: 8, version: 2 }],
    ['a disk too large for its clusters', { size: 2 ** 40, clusterSize: 512 }],
    ['a name too long for its cluster', { clusterSize: 512, backing: { name: 'x'.repeat(400), format: 'raw' } }],
    ['a name too long', { backing: { name: 'x'.repeat(1024), format: 'raw' } }],
    ['no name', { backing: { name: '', format: 'raw' } }],
  ])('but not with %s', (_what, how) => {
    expect(make(how)).toThrow(coded('VIV_QCOW2_CREATE'));
  });

  it('and is none until all of it is there', () => {
    const file = fakeHostFile();
    createQcow2({ file, size: MEBIBYTE });
    const header = file.log.findIndex((change) => change.kind === 'write' && change.offset === 0);
    expect(file.log.slice(header - 1).map(({ kind }) => kind)).toEqual(['sync', 'write', 'sync']);
  });

  it('or the file says why not', () => {
    const file = fakeHostFile();
    file.fault = () => 'ENOSPC';
    expect(() => createQcow2({ file, size: 512 })).toThrow(coded('VIV_QCOW2_READ'));
  });
});
