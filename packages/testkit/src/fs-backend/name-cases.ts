import { FS_ROOT, type FsErrno } from '@vivarium/contracts';
import { type Bench, type FsBackendCase, fails, good, ROOT_USER, same, textOf } from './bench.ts';

/** Names that are none, and what they give. */
const BAD_NAMES: readonly (readonly [string, FsErrno])[] = [
  ['', 'EINVAL'],
  ['.', 'EINVAL'],
  ['..', 'EINVAL'],
  ['/', 'EINVAL'],
  ['a/b', 'EINVAL'],
  ['../a', 'EINVAL'],
  ['a\0b', 'EINVAL'],
  ['x'.repeat(256), 'ENAMETOOLONG'],
  ['x'.repeat(100_000), 'ENAMETOOLONG'],
];

const rename = (bench: Bench, from: string, to: string, how: 'replace' | 'keep' | 'exchange' = 'replace') =>
  bench.backend.rename(FS_ROOT, from, FS_ROOT, to, how);

export const nameCases: readonly FsBackendCase[] = [
  {
    id: 'names/refused',
    title: 'refuses every name that is no name, in every call, and changes nothing',
    run: (bench) => {
      const { backend } = bench;
      const file = bench.file('file');
      bench.directory('directory');
      for (const [name, fault] of BAD_NAMES) {
        const what = `the name ${JSON.stringify(name.slice(0, 10))}`;
        fails(backend.lookup(FS_ROOT, name), fault, `lookup of ${what}`);
        fails(backend.makeDirectory(FS_ROOT, name, 0o755, ROOT_USER), fault, `makeDirectory of ${what}`);
        fails(backend.makeNode(FS_ROOT, name, 0o100644, 0, ROOT_USER), fault, `makeNode of ${what}`);
        fails(backend.makeSymbolicLink(FS_ROOT, name, 'x', ROOT_USER), fault, `makeSymbolicLink of ${what}`);
        fails(backend.create(FS_ROOT, name, 0o644, { access: 'both' }, ROOT_USER), fault, `create of ${what}`);
        fails(backend.link(file.node, FS_ROOT, name), fault, `link to ${what}`);
        fails(backend.unlink(FS_ROOT, name), fault, `unlink of ${what}`);
        fails(backend.removeDirectory(FS_ROOT, name), fault, `removeDirectory of ${what}`);
        for (const how of ['replace', 'keep', 'exchange'] as const) {
          fails(rename(bench, 'file', name, how), fault, `rename to ${what}`);
          fails(rename(bench, name, 'file', how), fault, `rename of ${what}`);
        }
      }
      same(bench.names(), ['directory', 'file'], 'what is in the root');
    },
  },
  {
    id: 'names/bytes',
    title: 'takes names of any other bytes, and gives them back',
    run: (bench) => {
      const names = ['...', 'a b', '\xff\xfe', '\x01\n', '\xc3\xa9', 'x'.repeat(255), '-', '~', '%2f', '\\'];
      for (const name of names) bench.file(name, name);
      same(bench.names(), [...names].sort(), 'the names');
      for (const name of names) same(bench.content(name), name, `the content of ${JSON.stringify(name)}`);
    },
  },
  {
    id: 'names/lookup',
    title: 'finds what is there, and says of the rest that it is not',
    run: (bench) => {
      const file = bench.file('file', 'abc');
      fails(bench.backend.lookup(FS_ROOT, 'File'), 'ENOENT', 'lookup of another name');
      fails(bench.backend.lookup(file.node, 'x'), 'ENOTDIR', 'lookup in a file');
      const found = bench.lookup('file');
      same(found.node, file.node, 'the node of a second lookup');
      same(found.attributes.size, 3, 'its size');
      same(found.attributes.mode, 0o100644, 'its mode');
    },
  },
  {
    id: 'names/held',
    title: 'knows a node until it was forgotten as often as it was given out',
    run: (bench) => {
      const { backend } = bench;
      const { node } = bench.file('file', 'abc');
      bench.lookup('file');
      backend.forget(node, 1);
      same(bench.stat(node).size, 3, 'the size while the node is held');
      backend.forget(node, 1);
      fails(backend.getAttributes(node), 'ESTALE', 'getAttributes of a node that is not held');
      fails(backend.open(node, { access: 'read' }), 'ESTALE', 'open of a node that is not held');
      same(bench.content('file'), 'abc', 'the content, found again');
      backend.forget(bench.lookup('file').node, 2 ** 60);
      backend.forget(FS_ROOT, 2 ** 60);
      same(bench.names(), ['file'], 'what is in the root, which cannot be forgotten');
    },
  },
  {
    id: 'names/exists',
    title: 'makes nothing where something is',
    run: (bench) => {
      const { backend } = bench;
      const file = bench.file('file', 'abc');
      fails(backend.makeDirectory(FS_ROOT, 'file', 0o755, ROOT_USER), 'EEXIST', 'makeDirectory');
      fails(backend.makeNode(FS_ROOT, 'file', 0o100644, 0, ROOT_USER), 'EEXIST', 'makeNode');
      fails(backend.makeSymbolicLink(FS_ROOT, 'file', 'x', ROOT_USER), 'EEXIST', 'makeSymbolicLink');
      fails(backend.link(file.node, FS_ROOT, 'file'), 'EEXIST', 'link');
      const exclusive = { access: 'both', exclusive: true } as const;
      fails(backend.create(FS_ROOT, 'file', 0o644, exclusive, ROOT_USER), 'EEXIST', 'exclusive create');
      const opened = good(backend.create(FS_ROOT, 'file', 0o600, { access: 'both' }, ROOT_USER), 'create');
      same(opened.node, file.node, 'the node that create opens');
      same(opened.attributes.mode, 0o100644, 'the mode of a file that was there');
      same(bench.get(opened.handle), 'abc', 'its content');
    },
  },
  {
    id: 'names/symbolic-link',
    title: 'keeps the target of a symbolic link as it is, and follows none',
    run: (bench) => {
      const { backend } = bench;
      const targets = ['target', '/etc/passwd', '../../..', 'a//b/', '\xff', 'y'.repeat(4095)];
      for (const [index, target] of targets.entries()) {
        const made = good(backend.makeSymbolicLink(FS_ROOT, `link${index}`, target, ROOT_USER), 'makeSymbolicLink');
        same(textOf(good(backend.readLink(made.node), 'readLink')), target, 'the target');
        same(made.attributes.mode, 0o120777, 'the mode of a symbolic link');
        same(made.attributes.size, target.length, 'the size of a symbolic link');
        fails(backend.lookup(made.node, 'passwd'), 'ENOTDIR', 'lookup through a symbolic link');
        fails(backend.openDirectory(made.node), 'ENOTDIR', 'openDirectory of a symbolic link');
        fails(backend.open(made.node, { access: 'read' }), 'ELOOP', 'open of a symbolic link');
      }
      const through = backend.create(FS_ROOT, 'link0', 0o644, { access: 'both' }, ROOT_USER);
      fails(through, ['ELOOP', 'EEXIST'], 'create through a symbolic link');
      fails(backend.lookup(FS_ROOT, 'target'), 'ENOENT', 'lookup of what a create through a link would have made');
      fails(backend.makeSymbolicLink(FS_ROOT, 'no', '', ROOT_USER), ['ENOENT', 'EINVAL'], 'an empty target');
      fails(backend.makeSymbolicLink(FS_ROOT, 'no', 'a\0', ROOT_USER), 'EINVAL', 'a target with NUL');
      fails(backend.makeSymbolicLink(FS_ROOT, 'no', 'z'.repeat(4096), ROOT_USER), 'ENAMETOOLONG', 'a long target');
      fails(backend.readLink(FS_ROOT), 'EINVAL', 'readLink of a directory');
    },
  },
  {
    id: 'names/link',
    title: 'gives a file a second name',
    run: (bench) => {
      const { backend } = bench;
      const file = bench.file('file', 'abc');
      const directory = bench.directory('directory');
      const linked = good(backend.link(file.node, directory.node, 'other'), 'link');
      same(linked.attributes.inode, file.attributes.inode, 'the inode number under the other name');
      same(linked.attributes.links, 2, 'how many names it has');
      same(linked.node, file.node, 'the node under the other name');
      good(backend.unlink(FS_ROOT, 'file'), 'unlink');
      same(bench.stat(linked.node).links, 1, 'how many names are left');
      same(bench.content('other', directory.node), 'abc', 'the content under the other name');
      good(backend.setAttributes(file.node, { mode: 0o600 }), 'setAttributes of a node that lost its first name');
      same(bench.lookup('other', directory.node).attributes.mode, 0o100600, 'the mode under the other name');
      fails(backend.link(directory.node, FS_ROOT, 'no'), 'EPERM', 'link to a directory');
    },
  },
  {
    id: 'names/remove',
    title: 'removes files with unlink, empty directories with removeDirectory, and nothing else',
    run: (bench) => {
      const { backend } = bench;
      bench.file('file');
      const directory = bench.directory('directory');
      bench.file('inner', '', directory.node);
      fails(backend.unlink(FS_ROOT, 'directory'), ['EISDIR', 'EPERM'], 'unlink of a directory');
      fails(backend.removeDirectory(FS_ROOT, 'file'), 'ENOTDIR', 'removeDirectory of a file');
      fails(backend.removeDirectory(FS_ROOT, 'directory'), 'ENOTEMPTY', 'removeDirectory of a full directory');
      fails(backend.unlink(FS_ROOT, 'no'), 'ENOENT', 'unlink of nothing');
      fails(backend.removeDirectory(FS_ROOT, 'no'), 'ENOENT', 'removeDirectory of nothing');
      good(backend.unlink(directory.node, 'inner'), 'unlink');
      good(backend.removeDirectory(FS_ROOT, 'directory'), 'removeDirectory');
      good(backend.unlink(FS_ROOT, 'file'), 'unlink');
      same(bench.names(), [], 'what is left');
      fails(
        backend.makeDirectory(directory.node, 'late', 0o755, ROOT_USER),
        ['ENOENT', 'ESTALE'],
        'a new entry in a removed directory',
      );
    },
  },
  {
    id: 'names/rename',
    title: 'renames as POSIX says: what is replaced must be of a kind, and empty',
    run: (bench) => {
      const { backend } = bench;
      const a = bench.file('a', 'A');
      bench.file('b', 'B');
      good(rename(bench, 'a', 'b'), 'rename over a file');
      same([bench.names(), bench.content('b')], [['b'], 'A'], 'what is left');
      same(bench.stat(a.node).size, 1, 'the size through the node of the renamed file');
      fails(rename(bench, 'no', 'b'), 'ENOENT', 'rename of nothing');
      const outer = bench.directory('outer');
      const inner = bench.directory('inner', outer.node);
      bench.file('deep', 'D', inner.node);
      fails(backend.rename(FS_ROOT, 'outer', inner.node, 'x', 'replace'), 'EINVAL', 'rename into itself');
      fails(rename(bench, 'b', 'outer'), 'EISDIR', 'a file over a directory');
      fails(rename(bench, 'outer', 'b'), 'ENOTDIR', 'a directory over a file');
      bench.directory('other');
      fails(rename(bench, 'other', 'outer'), 'ENOTEMPTY', 'a directory over a full one');
      good(rename(bench, 'outer', 'other'), 'a directory over an empty one');
      same(bench.content('deep', inner.node), 'D', 'a file below a renamed directory, through an old node');
      good(backend.rename(inner.node, 'deep', FS_ROOT, 'up', 'replace'), 'rename into another directory');
      same(bench.names(), ['b', 'other', 'up'], 'what is left');
      good(backend.link(a.node, FS_ROOT, 'c'), 'link');
      good(rename(bench, 'b', 'c'), 'rename over another name of the same file');
      same(bench.names(), ['b', 'c', 'other', 'up'], 'the names, of which neither goes');
      good(rename(bench, 'b', 'b'), 'rename to the same name');
    },
  },
  {
    id: 'names/rename-flags',
    title: 'renames without replacing, and exchanges',
    run: (bench) => {
      const { backend } = bench;
      bench.file('a', 'A');
      const directory = bench.directory('d');
      bench.file('b', 'B', directory.node);
      fails(rename(bench, 'a', 'd', 'keep'), 'EEXIST', 'rename that keeps');
      good(rename(bench, 'a', 'e', 'keep'), 'rename that keeps, to a free name');
      good(backend.rename(FS_ROOT, 'e', directory.node, 'b', 'exchange'), 'exchange of files');
      same([bench.content('e'), bench.content('b', directory.node)], ['B', 'A'], 'the contents');
      good(rename(bench, 'e', 'd', 'exchange'), 'exchange of a file and a directory');
      same(bench.content('d'), 'B', 'the file');
      same(bench.names(bench.lookup('e').node), ['b'], 'what is in the directory');
      fails(rename(bench, 'e', 'no', 'exchange'), 'ENOENT', 'exchange with nothing');
      fails(backend.rename(FS_ROOT, 'e', directory.node, 'b', 'exchange'), 'EINVAL', 'exchange with what is within');
      same(bench.names(), ['d', 'e'], 'what is in the root');
    },
  },
];
