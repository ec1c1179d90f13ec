import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { type CpioEntry, writeCpio } from '../src/index.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

/** The listing of GNU cpio, one line for each member. */
const list = (archive: Uint8Array): readonly string[] =>
  execFileSync('cpio', ['--list', '--verbose', '--numeric-uid-gid', '--quiet'], {
    input: archive,
    env: { ...process.env, LC_ALL: 'C.UTF-8', TZ: 'UTC' },
    maxBuffer: 1 << 26,
  })
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '');

let folders: string[] = [];

const unpack = (archive: Uint8Array): string => {
  const folder = mkdtempSync(join(tmpdir(), 'viv-cpio-'));
  folders.push(folder);
  execFileSync('cpio', ['--extract', '--make-directories', '--quiet', '--no-absolute-filenames'], {
    input: archive,
    cwd: folder,
    maxBuffer: 1 << 26,
  });
  return folder;
};

afterEach(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  folders = [];
});

describe('writeCpio', () => {
  it('writes modes, links, devices and sizes as GNU cpio reads them, owned by root at the epoch', () => {
    const listing = list(
      writeCpio([
        { type: 'directory', path: '.', mode: 0o755 },
        { type: 'directory', path: 'tmp', mode: 0o1777 },
        { type: 'file', path: 'tmp/set', data: bytes('12345'), mode: 0o4751 },
        { type: 'file', path: 'empty', data: bytes('') },
        { type: 'symlink', path: 'bin', target: 'usr/bin' },
        { type: 'character', path: 'console', major: 5, minor: 1 },
        { type: 'block', path: 'vda', major: 254, minor: 300, mode: 0o660 },
      ]),
    );
    expect(listing.map((line) => line.replace(/\s+/g, ' '))).toEqual([
      'drwxr-xr-x 2 0 0 0 Jan 1 1970 .',
      'drwxrwxrwt 2 0 0 0 Jan 1 1970 tmp',
      '-rwsr-x--x 1 0 0 5 Jan 1 1970 tmp/set',
      '-rw-r--r-- 1 0 0 0 Jan 1 1970 empty',
      'lrwxrwxrwx 1 0 0 7 Jan 1 1970 bin -> usr/bin',
      'crw------- 1 0 0 5, 1 Jan 1 1970 console',
      'brw-rw---- 1 0 0 254, 300 Jan 1 1970 vda',
    ]);
  });

  it('unpacks to the same files, also with names and links as long as Linux takes them', () => {
    const name = 'n'.repeat(255);
    const deep = `${'d'.repeat(200)}/${'e'.repeat(200)}/${name}`;
    const target = 't'.repeat(4095);
    const folder = unpack(
      writeCpio([
        { type: 'file', path: deep, data: bytes('deep'), mode: 0o640 },
        { type: 'file', path: 'ünïcödé — 漢字', data: new Uint8Array([0, 1, 255]) },
        { type: 'symlink', path: 'link', target },
      ]),
    );
    expect(readFileSync(join(folder, deep), 'utf8')).toBe('deep');
    expect(statSync(join(folder, deep)).mode & 0o7777).toBe(0o640);
    expect([...readFileSync(join(folder, 'ünïcödé — 漢字'))]).toEqual([0, 1, 255]);
    expect(readlinkSync(join(folder, 'link'))).toBe(target);
  });

  it('gives every file back whatever its name and contents are', () => {
    const name = fc
      .string({ minLength: 1, maxLength: 40, unit: 'grapheme' })
      .filter((text) => !/[/\0\n]|^\.{1,2}$|^TRAILER!!!$/.test(text) && Buffer.byteLength(text) < 255);
    const files = fc.uniqueArray(fc.record({ path: name, data: fc.uint8Array({ maxLength: 600 }) }), {
      selector: ({ path }) => path.normalize('NFC'),
      minLength: 1,
      maxLength: 8,
    });
    fc.assert(
      fc.property(files, (contents) => {
        const archive = writeCpio(contents.map(({ path, data }): CpioEntry => ({ type: 'file', path, data })));
        expect(archive.length % 512).toBe(0);
        const folder = unpack(archive);
        for (const { path, data } of contents) expect(readFileSync(join(folder, path))).toEqual(Buffer.from(data));
      }),
      { numRuns: 40 },
    );
  });

  it('is a function of its entries: the same bytes each time', () => {
    const entries: readonly CpioEntry[] = [{ type: 'file', path: 'a', data: bytes('x') }];
    expect(writeCpio(entries)).toEqual(writeCpio(entries));
  });

  it.each<[string, CpioEntry]>([
    ['an absolute path', { type: 'directory', path: '/etc' }],
    ['a path that climbs out', { type: 'directory', path: 'a/../../b' }],
    ['an empty part', { type: 'directory', path: 'a//b' }],
    ['an empty path', { type: 'directory', path: '' }],
    ['the root as a file', { type: 'file', path: '.', data: bytes('') }],
    ['a NUL in the path', { type: 'directory', path: 'a\0b' }],
    ['the name of the trailer', { type: 'directory', path: 'TRAILER!!!' }],
    ['a path over the limit of Linux', { type: 'directory', path: 'a'.repeat(4096) }],
    ['a mode with type bits', { type: 'directory', path: 'a', mode: 0o40755 }],
    ['a fractional mode', { type: 'directory', path: 'a', mode: 0.5 }],
    ['a negative device number', { type: 'character', path: 'a', major: -1, minor: 0 }],
    ['a device number over 32 bits', { type: 'block', path: 'a', major: 0, minor: 2 ** 32 }],
    ['an empty link', { type: 'symlink', path: 'a', target: '' }],
    ['a link over the limit of Linux', { type: 'symlink', path: 'a', target: 'b'.repeat(4096) }],
    ['a NUL in a link', { type: 'symlink', path: 'a', target: 'b\0c' }],
  ])('refuses %s', (_what, entry) => {
    expect(() => writeCpio([entry])).toThrow(expect.objectContaining({ code: 'VIV_CPIO_ENTRY' }));
  });

  it('refuses the same path twice', () => {
    const entry: CpioEntry = { type: 'directory', path: 'a' };
    expect(() => writeCpio([entry, entry])).toThrow(expect.objectContaining({ code: 'VIV_CPIO_ENTRY' }));
  });
});
