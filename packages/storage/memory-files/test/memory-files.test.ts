import { FS_ROOT, type FsBackend, FsBackendToken } from '@vivarium/contracts';
import { MemoryFiles } from '@vivarium/fs-backend';
import { setupPart } from '@vivarium/testkit';
import { describe, expect, it } from 'vitest';
import plugin, { storageMemoryFiles, putFiles } from '../src/index.ts';

const ROOT_USER = { uid: 0, gid: 0 };
const KIBIBYTE = 1024;

const make = (capacity = 64 * KIBIBYTE, inodes = 100) =>
  new MemoryFiles({ capacity, inodes, handles: 10, now: () => 5n });

const walk = (backend: FsBackend, path: string) => {
  let node = FS_ROOT;
  let attributes = backend.getAttributes(node);
  for (const name of path.split('/')) {
    const entry = backend.lookup(node, name);
    if (typeof entry === 'string') throw new Error(`${path}: ${entry}`);
    ({ node, attributes } = entry);
  }
  return { node, attributes: attributes as Exclude<typeof attributes, string> };
};

const read = (backend: FsBackend, path: string): string => {
  const handle = backend.open(walk(backend, path).node, { access: 'read' }) as number;
  const bytes = new Uint8Array(1000);
  const length = backend.read(handle, 0, [bytes]) as number;
  backend.release(handle);
  return new TextDecoder().decode(bytes.subarray(0, length));
};

const open = (backend: FsBackend, name = 'file') => {
  const made = backend.create(FS_ROOT, name, 0o644, { access: 'both' }, ROOT_USER);
  if (typeof made === 'string') throw new Error(made);
  return made;
};

describe('the plugin', () => {
  it('puts files, and tells the time of the machine', async () => {
    expect(plugin).toBe(storageMemoryFiles);
    const { get, clock } = await setupPart(storageMemoryFiles, {
      options: {
        files: {
          'etc/motd': 'hello é\n',
          'bin/tool': { content: Uint8Array.of(65), mode: 0o4755 },
          'bin/link': { link: 'tool' },
          'var/empty': { directory: 0o700 },
        },
      },
    });
    const backend = get(FsBackendToken);
    expect(read(backend, 'etc/motd')).toBe('hello é\n');
    expect(walk(backend, 'bin/tool').attributes.mode).toBe(0o104755);
    expect(walk(backend, 'var/empty').attributes.mode).toBe(0o040700);
    expect(backend.readLink(walk(backend, 'bin/link').node)).toEqual(new TextEncoder().encode('tool'));
    clock.advance(1_000_000);
    const { attributes } = open(backend);
    expect(attributes.modified).toBe(clock.epoch + 1_000_000n);
  });

  it('is read-only when it is told to, with its files in it', async () => {
    const { get } = await setupPart(storageMemoryFiles, { options: { readOnly: true, files: { a: 'x' } } });
    const backend = get(FsBackendToken);
    expect(read(backend, 'a')).toBe('x');
    expect(backend.unlink(FS_ROOT, 'a')).toBe('EROFS');
  });

  it.each([
    ['/', 'there is no name'],
    ['a/../b', 'EINVAL'],
    ['file/inner', 'no directory'],
    ['x'.repeat(300), 'ENAMETOOLONG'],
  ])('refuses the path %s', (path, reason) => {
    const backend = make();
    putFiles(backend, { file: '' });
    expect(() => putFiles(backend, { [path]: 'x' })).toThrow(
      expect.objectContaining({ code: 'VIV_MEMORY_FILES_PUT', message: expect.stringContaining(reason) as string }),
    );
  });

  it('refuses files that have no room', () => {
    expect(() => putFiles(make(4096), { a: 'x'.repeat(5000) })).toThrow(/ENOSPC/);
    expect(() => putFiles(make(4096, 2), { a: '', b: '' })).toThrow(/ENOSPC/);
  });
});
