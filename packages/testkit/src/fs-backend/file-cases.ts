import { FS_ROOT } from '@vivarium/contracts';
import { expectThat } from '../conformance.ts';
import { bytesOf, type FsBackendCase, fails, good, ROOT_USER, same, textOf } from './bench.ts';

const READ = { access: 'read' } as const;
const WRITE = { access: 'write' } as const;

export const fileCases: readonly FsBackendCase[] = [
  {
    id: 'files/pieces',
    title: 'reads into and writes from several pieces, also in shared memory',
    run: (bench) => {
      const { node } = bench.file('file');
      const handle = bench.open(node);
      const shared = new Uint8Array(new SharedArrayBuffer(8), 2, 4);
      shared.set(bytesOf('cdef'));
      const pieces = [bytesOf('ab'), new Uint8Array(0), shared, bytesOf('g')];
      same(good(bench.backend.write(handle, 5, pieces), 'write'), 7, 'how much is written');
      same(bench.get(handle), '\0\0\0\0\0abcdefg', 'the content');
      const into = [new Uint8Array(6), new Uint8Array(new SharedArrayBuffer(3)), new Uint8Array(9)];
      same(good(bench.backend.read(handle, 1, into), 'read'), 11, 'how much is read');
      same(
        into.map((piece) => textOf(piece)),
        ['\0\0\0\0ab', 'cde', 'fg'.padEnd(9, '\0')],
        'the pieces',
      );
      const many = Array.from({ length: 3000 }, () => bytesOf('x'));
      same(good(bench.backend.write(handle, 0, many), 'write'), 3000, 'how much of many pieces is written');
      const back = Array.from({ length: 3000 }, () => new Uint8Array(1));
      same(good(bench.backend.read(handle, 0, back), 'read'), 3000, 'how much of many pieces is read');
      expectThat(
        back.every((piece) => piece[0] === 120),
        'many pieces must come back',
      );
    },
  },
  {
    id: 'files/end',
    title: 'ends reads at the end of the file, and grows with zeroes',
    run: (bench) => {
      const { node } = bench.file('file', 'abc');
      const handle = bench.open(node);
      same([bench.get(handle, 2), bench.get(handle, 3), bench.get(handle, 2 ** 40)], ['c', '', ''], 'reads at the end');
      same(good(bench.backend.write(handle, 100, []), 'write'), 0, 'how much of nothing is written');
      same(bench.stat(node).size, 3, 'the size');
      good(bench.backend.setAttributes(node, { size: 5 }), 'a larger size');
      same(bench.get(handle), 'abc\0\0', 'the content');
      good(bench.backend.setAttributes(node, { size: 1 }), 'a smaller size');
      good(bench.backend.setAttributes(node, { size: 3 }), 'a larger size again');
      same(bench.get(handle), 'a\0\0', 'the content, of which nothing old comes back,');
      bench.put(handle, 100_000, 'z');
      same(bench.stat(node).size, 100_001, 'the size');
      same(bench.get(handle, 50_000, 4), '\0\0\0\0', 'a hole');
    },
  },
  {
    id: 'files/access',
    title: 'reads and writes only as a file was opened',
    run: (bench) => {
      const { backend } = bench;
      const { node } = bench.file('file', 'abc');
      const reader = bench.open(node, READ);
      const writer = bench.open(node, WRITE);
      fails(backend.write(reader, 0, [bytesOf('x')]), 'EBADF', 'write to a file open for reading');
      fails(backend.read(writer, 0, [new Uint8Array(1)]), 'EBADF', 'read of a file open for writing');
      bench.put(writer, 1, 'X');
      same(bench.get(reader), 'aXc', 'the content');
      fails(backend.open(FS_ROOT, READ), 'EISDIR', 'open of a directory');
      backend.release(reader);
      fails(backend.read(reader, 0, [new Uint8Array(1)]), 'EBADF', 'read of a closed file');
      fails(backend.flush(reader), 'EBADF', 'flush of a closed file');
      fails(backend.sync(reader, false), 'EBADF', 'sync of a closed file');
      backend.release(reader);
      good(backend.flush(writer), 'flush');
      good(backend.sync(writer, false), 'sync');
      good(backend.sync(writer, true), 'sync of data');
      good(backend.syncAll(), 'syncAll');
    },
  },
  {
    id: 'files/truncate-append',
    title: 'truncates and appends as it was opened',
    run: (bench) => {
      const { node } = bench.file('file', 'abcdef');
      const appender = bench.open(node, { access: 'write', append: true });
      bench.put(appender, 0, 'gh');
      same(bench.content('file'), 'abcdefgh', 'the content');
      const shorter = bench.open(node, { access: 'both', truncate: true });
      same(bench.stat(node).size, 0, 'the size');
      bench.put(appender, 77, 'i');
      same(bench.get(shorter), 'i', 'the content');
      const made = bench.backend.create(FS_ROOT, 'file', 0o644, { access: 'both', truncate: true }, ROOT_USER);
      same(good(made, 'create that truncates').attributes.size, 0, 'the size that create tells');
    },
  },
  {
    id: 'files/unlinked',
    title: 'keeps an open file that has no name any more',
    run: (bench) => {
      const { backend } = bench;
      const { node } = bench.file('file', 'abc');
      const handle = bench.open(node);
      good(backend.unlink(FS_ROOT, 'file'), 'unlink');
      bench.put(handle, 3, 'def');
      same(bench.get(handle), 'abcdef', 'the content');
      same([bench.stat(node).links, bench.stat(node).size], [0, 6], 'names and size');
      good(backend.setAttributes(node, { size: 2, mode: 0o600 }), 'setAttributes');
      same(bench.get(handle), 'ab', 'the content');
      const again = bench.open(node, READ);
      same(bench.get(again), 'ab', 'the content, opened once more');
      const other = bench.file('file', 'other');
      expectThat(other.node !== node, 'another file of the same name must have another node');
      same(bench.get(handle), 'ab', 'the content beside a new file of that name');
      fails(backend.link(node, FS_ROOT, 'back'), ['ENOENT', 'EPERM'], 'link to a file without a name');
      backend.release(handle);
      backend.release(again);
      backend.forget(node, 1);
      fails(backend.getAttributes(node), 'ESTALE', 'getAttributes after it was forgotten');
    },
  },
  {
    id: 'files/replaced',
    title: 'keeps an open file that another was renamed over',
    run: (bench) => {
      const old = bench.file('old', 'OLD');
      bench.file('new', 'NEW');
      const handle = bench.open(old.node, READ);
      good(bench.backend.rename(FS_ROOT, 'new', FS_ROOT, 'old', 'replace'), 'rename');
      same([bench.get(handle), bench.content('old')], ['OLD', 'NEW'], 'the old content and the new');
      same(bench.stat(old.node).links, 0, 'how many names the old file has');
    },
  },
  {
    id: 'files/seek',
    title: 'finds data and holes: all data is found, and the end of the file is a hole',
    run: (bench) => {
      const { backend } = bench;
      const { node } = bench.file('file', 'abc');
      const handle = bench.open(node);
      bench.put(handle, 1_000_000, 'z');
      same(good(backend.seek(handle, 1, 'data'), 'seek'), 1, 'the first data from 1 on');
      same(good(backend.seek(handle, 1_000_000, 'data'), 'seek'), 1_000_000, 'the data at the end');
      const hole = good(backend.seek(handle, 1, 'hole'), 'seek');
      expectThat(hole >= 3 && hole <= 1_000_001, `the first hole must be behind the data, and is at ${hole}`);
      same(good(backend.seek(handle, 1_000_000, 'hole'), 'seek'), 1_000_001, 'the hole at the end');
      fails(backend.seek(handle, 1_000_001, 'data'), 'ENXIO', 'data from the end on');
      fails(backend.seek(handle, 1_000_001, 'hole'), 'ENXIO', 'a hole from the end on');
    },
  },
  {
    id: 'files/allocate',
    title: 'allocates, punches and zeroes where it can at all',
    run: (bench) => {
      const { backend } = bench;
      if (backend.allocate === undefined) return;
      const { node } = bench.file('file', 'abcdefgh');
      const handle = bench.open(node);
      const act = (how: 'allocate' | 'punch' | 'zero', offset: number, length: number, keepSize: boolean): boolean => {
        const result = backend.allocate?.(handle, how, offset, length, keepSize);
        if (result !== 'EOPNOTSUPP') good(result as undefined, how);
        return result === undefined;
      };
      if (act('punch', 2, 3, true)) same(bench.get(handle), 'ab\0\0\0fgh', 'the content after a punch');
      if (act('punch', 7, 100_000, true)) same(bench.stat(node).size, 8, 'the size after a punch over the end');
      if (act('zero', 0, 1, true)) same(bench.get(handle, 0, 2), '\0b', 'the content after zeroes');
      if (act('zero', 0, 10, false)) same(bench.stat(node).size, 10, 'the size after zeroes over the end');
      if (act('allocate', 0, 20, true)) same(bench.stat(node).size, 10, 'the size when it is kept');
      if (act('allocate', 0, 20, false)) same(bench.stat(node).size, 20, 'the size when it is not kept');
      const reader = bench.open(node, READ);
      fails(backend.allocate(reader, 'punch', 0, 1, true), ['EBADF', 'EOPNOTSUPP'], 'punch of a file open for reading');
    },
  },
  {
    id: 'files/copy',
    title: 'copies ranges where it can at all',
    run: (bench) => {
      const { backend } = bench;
      if (backend.copyRange === undefined) return;
      const from = bench.open(bench.file('from', 'abcdef').node, READ);
      const to = bench.open(bench.file('to', '12345678').node);
      same(good(backend.copyRange(from, 1, to, 2, 3), 'copyRange'), 3, 'how much is copied');
      same(bench.get(to), '12bcd678', 'the content');
      same(good(backend.copyRange(from, 4, to, 7, 100), 'copyRange'), 2, 'how much is copied up to the end');
      same(good(backend.copyRange(from, 100, to, 0, 100), 'copyRange'), 0, 'how much is copied behind the end');
      same(bench.get(to), '12bcd67ef', 'the content');
      fails(backend.copyRange(to, 0, from, 0, 1), 'EBADF', 'copyRange to a file open for reading');
    },
  },
];
