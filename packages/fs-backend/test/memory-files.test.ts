import { FS_ROOT, type FsBackend } from '@vivarium/contracts';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemoryFiles } from '../src/index.ts';

const ROOT_USER = { uid: 0, gid: 0 };
const KIBIBYTE = 1024;

const make = (capacity = 64 * KIBIBYTE, inodes = 100) =>
  new MemoryFiles({ capacity, inodes, handles: 10, now: () => 5n });

const open = (backend: FsBackend, name = 'file') => {
  const made = backend.create(FS_ROOT, name, 0o644, { access: 'both' }, ROOT_USER);
  if (typeof made === 'string') throw new Error(made);
  return made;
};

describe('memory', () => {
  it('is taken by what is written only, and comes back', () => {
    const backend = make();
    const free = () => (backend.statistics() as { blocksFree: number }).blocksFree;
    const all = free();
    expect(all).toBe(16);
    const { handle, node } = open(backend);
    backend.setAttributes(node, { size: 2 ** 43 });
    expect(free()).toBe(all);
    backend.write(handle, 2 ** 42, [Uint8Array.of(1)]);
    expect(free()).toBe(all - 1);
    expect(backend.seek(handle, 0, 'data')).toBe(2 ** 42);
    expect(backend.seek(handle, 2 ** 42 + 1, 'hole')).toBe(2 ** 42 + 4096);
    expect(backend.allocate(handle, 'punch', 0, 2 ** 43, true)).toBeUndefined();
    expect(free()).toBe(all);
    backend.write(handle, 0, [new Uint8Array(10_000)]);
    backend.unlink(FS_ROOT, 'file');
    backend.forget(node, 1);
    expect(free()).toBe(all - 3);
    backend.release(handle);
    expect(free()).toBe(all);
  });

  it('ends: a write stores what fits, allocation all or nothing', () => {
    const backend = make(8192);
    const { handle, node } = open(backend);
    expect(backend.allocate(handle, 'allocate', 0, 2 ** 43, false)).toBe('ENOSPC');
    expect(backend.allocate(handle, 'allocate', 0, 12_288, false)).toBe('ENOSPC');
    expect(backend.write(handle, 4000, [new Uint8Array(3000).fill(1), new Uint8Array(3000).fill(2)])).toBe(4192);
    expect(backend.getAttributes(node)).toMatchObject({ size: 8192, blocks: 16 });
    expect(backend.write(handle, 8192, [Uint8Array.of(1)])).toBe('ENOSPC');
    expect(backend.write(handle, 2 ** 50, [Uint8Array.of(1)])).toBe('EFBIG');
    expect(backend.setAttributes(node, { size: 2 ** 45 })).toBe('EFBIG');
  });

  it('is that of a plain array, whatever is written, cut and punched', () => {
    const step = fc.record({
      what: fc.constantFrom('write', 'size', 'punch', 'zero', 'allocate'),
      offset: fc.nat(20_000),
      length: fc.integer({ min: 1, max: 9000 }),
      byte: fc.integer({ min: 1, max: 255 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const backend = make(256 * KIBIBYTE);
        const { handle, node } = open(backend);
        let model = new Uint8Array(0);
        const grow = (size: number) => {
          const grown = new Uint8Array(size);
          grown.set(model.subarray(0, size));
          model = grown;
        };
        for (const { what, offset, length, byte } of steps) {
          if (what === 'size') {
            backend.setAttributes(node, { size: offset });
            grow(offset);
          } else if (what === 'write') {
            expect(backend.write(handle, offset, [new Uint8Array(length).fill(byte)])).toBe(length);
            grow(Math.max(model.length, offset + length));
            model.fill(byte, offset, offset + length);
          } else {
            backend.allocate(handle, what, offset, length, what === 'punch');
            if (what !== 'punch') grow(Math.max(model.length, offset + length));
            if (what !== 'allocate') model.fill(0, offset, offset + length);
          }
        }
        const seen = new Uint8Array(model.length + 10);
        expect(backend.read(handle, 0, [seen])).toBe(model.length);
        expect(Buffer.from(seen.subarray(0, model.length)).equals(model)).toBe(true);
        // All that is not zero is data.
        for (let at = 0; at < model.length; ) {
          const data = backend.seek(handle, at, 'data');
          const end = typeof data === 'number' ? data : model.length;
          expect(model.subarray(at, end).every((byte) => byte === 0)).toBe(true);
          if (typeof data !== 'number') break;
          const hole = backend.seek(handle, data, 'hole');
          expect(hole).toBeGreaterThan(data);
          at = hole as number;
        }
      }),
    );
  });

  it('has as many files as it has inodes', () => {
    const backend = make(4096, 3);
    open(backend, 'a');
    expect(backend.makeDirectory(FS_ROOT, 'b', 0o755, ROOT_USER)).toMatchObject({ node: 3 });
    expect(backend.makeSymbolicLink(FS_ROOT, 'c', 'x', ROOT_USER)).toBe('ENOSPC');
    expect(backend.statistics()).toMatchObject({ files: 3, filesFree: 0 });
    backend.removeDirectory(FS_ROOT, 'b');
    backend.forget(3, 1);
    expect(backend.makeSymbolicLink(FS_ROOT, 'c', 'x', ROOT_USER)).toMatchObject({ node: 4 });
  });
});
