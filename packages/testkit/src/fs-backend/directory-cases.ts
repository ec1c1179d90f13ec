import { FS_ROOT } from '@vivarium/contracts';
import { expectThat, neverThrows } from '../conformance.ts';
import { type FsBackendCase, fails, good, ROOT_USER, same } from './bench.ts';

export const directoryCases: readonly FsBackendCase[] = [
  {
    id: 'directories/pages',
    title: 'gives each entry once, however many are asked for at a time',
    run: (bench) => {
      const directory = bench.directory('d');
      const names = Array.from({ length: 60 }, (_, index) => `entry${index}`).sort();
      for (const name of names) bench.file(name, '', directory.node);
      for (const limit of [1, 2, 7, 61, 62, 63, 1000]) {
        const entries = bench.list(directory.node, limit);
        const inOrder = entries.map(({ name }) => name);
        same(inOrder.slice(0, 2), ['.', '..'], 'the first entries');
        same(inOrder.slice(2).sort(), names, `the names, ${limit} at a time,`);
        same(new Set(entries.map(({ cookie }) => cookie)).size, 62, 'how many cookies there are');
      }
    },
  },
  {
    id: 'directories/facts',
    title: 'tells the type and inode number of each entry',
    run: (bench) => {
      const directory = bench.directory('d');
      const { node } = directory;
      const file = bench.file('file', '', node);
      const inner = bench.directory('inner', node);
      const link = good(bench.backend.makeSymbolicLink(node, 'link', 'x', ROOT_USER), 'makeSymbolicLink');
      const pipe = good(bench.backend.makeNode(node, 'pipe', 0o010600, 0, ROOT_USER), 'makeNode');
      const facts = bench.list(node).map(({ name, inode, type }) => [name, inode, type.toString(8)] as const);
      const sorted = [...facts].sort(([left], [right]) => (left < right ? -1 : 1));
      same(
        sorted,
        [
          ['.', directory.attributes.inode, '40000'],
          ['..', bench.stat(FS_ROOT).inode, '40000'],
          ['file', file.attributes.inode, '100000'],
          ['inner', inner.attributes.inode, '40000'],
          ['link', link.attributes.inode, '120000'],
          ['pipe', pipe.attributes.inode, '10000'],
        ],
        'the entries',
      );
      const root = bench.list(FS_ROOT).find(({ name }) => name === '..');
      same(root?.inode, bench.stat(FS_ROOT).inode, 'the inode number of .. in the root, which nothing is above,');
    },
  },
  {
    id: 'directories/changes',
    title: 'gives what stays once, whatever goes and comes meanwhile, and all anew from the start',
    run: (bench) => {
      const { backend } = bench;
      const { node } = bench.directory('d');
      for (let index = 0; index < 20; index++) bench.file(`stay${index}`, '', node);
      for (let index = 0; index < 20; index++) bench.file(`go${index}`, '', node);
      const handle = good(backend.openDirectory(node), 'openDirectory');
      const first = good(backend.readDirectory(handle, 0, 10), 'readDirectory');
      for (let index = 0; index < 20; index++) good(backend.unlink(node, `go${index}`), 'unlink');
      bench.file('came', '', node);
      const rest = bench.listing(handle, 3, first.at(-1)?.cookie ?? 0);
      const seen = [...first, ...rest].map(({ name }) => name).filter((name) => name.startsWith('stay'));
      same(seen.sort(), Array.from({ length: 20 }, (_, index) => `stay${index}`).sort(), 'what stayed');
      const anew = bench.listing(handle, 100).map(({ name }) => name);
      expectThat(anew.includes('came'), 'from the start, a new entry must be seen');
      expectThat(!anew.some((name) => name.startsWith('go')), 'from the start, nothing that is gone must be seen');
      backend.release(handle);
      fails(backend.readDirectory(handle, 0, 10), 'EBADF', 'readDirectory of a closed directory');
    },
  },
  {
    id: 'directories/cookies',
    title: 'answers every cookie, also those that it never gave',
    run: (bench) => {
      bench.file('file');
      const handle = good(bench.backend.openDirectory(FS_ROOT), 'openDirectory');
      bench.listing(handle);
      for (const cookie of [-1, 0.5, 1e9, 2 ** 53, 2 ** 63, 2 ** 64, Number.NaN, Number.POSITIVE_INFINITY]) {
        const page = neverThrows(`cookie ${cookie}`, () => bench.backend.readDirectory(handle, cookie, 10));
        if (typeof page !== 'string') same(page.length, 0, `how many entries there are after the cookie ${cookie}`);
      }
      same(bench.listing(handle).length, 3, 'how many entries there are from the start');
      for (const limit of [0, -1, Number.NaN]) {
        const page = neverThrows(`limit ${limit}`, () => bench.backend.readDirectory(handle, 0, limit));
        if (typeof page !== 'string') same(page.length, 0, `how many entries a limit of ${limit} gives`);
      }
    },
  },
  {
    id: 'directories/handles',
    title: 'does not mistake files and directories for each other',
    run: (bench) => {
      const { backend } = bench;
      const { node } = bench.file('file');
      fails(backend.openDirectory(node), 'ENOTDIR', 'openDirectory of a file');
      const file = bench.open(node);
      const directory = good(backend.openDirectory(FS_ROOT), 'openDirectory');
      fails(backend.readDirectory(file, 0, 10), 'ENOTDIR', 'readDirectory of a file');
      fails(backend.read(directory, 0, [new Uint8Array(1)]), ['EISDIR', 'EBADF'], 'read of a directory');
      fails(backend.write(directory, 0, [new Uint8Array(1)]), ['EISDIR', 'EBADF'], 'write to a directory');
      good(backend.sync(directory, false), 'sync of a directory');
    },
  },
  {
    id: 'directories/links',
    title: 'counts the links of a directory: its name, itself, and each directory in it',
    run: (bench) => {
      const outer = bench.directory('outer');
      const before = outer.attributes.links;
      // Some file systems of hosts do not count, and say 1.
      if (before === 1) return;
      same(before, 2, 'the links of an empty directory');
      bench.directory('one', outer.node);
      bench.directory('two', outer.node);
      bench.file('file', '', outer.node);
      same(bench.stat(outer.node).links, 4, 'the links with two directories in it');
      good(bench.backend.rename(outer.node, 'one', FS_ROOT, 'one', 'replace'), 'rename');
      same(bench.stat(outer.node).links, 3, 'the links after one was moved out');
    },
  },
];
