import { FS_ROOT, type FsBackend } from '@vivarium/contracts';
import { expectThat, neverThrows } from '../conformance.ts';
import { seededRandom } from '../random.ts';
import { bytesOf, type FsBackendCase, fails, good, ROOT_USER, same } from './bench.ts';

const STRANGE = [0, -1, 2, 0.5, 2 ** 31, 2 ** 32, 2 ** 53, 2 ** 64, Number.NaN, Number.POSITIVE_INFINITY, -(2 ** 31)];
const NAMES = ['', '.', '..', '/', 'a', 'b', 'a/b', '\0', 'x'.repeat(300), '\xff', '__proto__', 'constructor'];
const CALLS = 20_000;

/** One call of every kind, with arguments out of a hat. */
const calls = (backend: FsBackend, pick: <T>(from: readonly T[]) => T, known: readonly number[]) => {
  const number = (): number => pick([...STRANGE, 1, 3, 4096]);
  const node = (): number => pick([...STRANGE, FS_ROOT, ...known]);
  const name = (): string => pick(NAMES);
  const caller = { uid: pick([0, 1, 1000, 0xffff_ffff]), gid: pick([0, 7, 0xffff_ffff]) };
  const access = pick(['read', 'write', 'both'] as const);
  const lock = {
    kind: pick(['record', 'file'] as const),
    owner: pick(['a', 'b', '__proto__']),
    start: pick([0n, 1n, -1n, 2n ** 64n]),
    end: pick([0n, 5n, 2n ** 63n - 1n, 2n ** 64n]),
    pid: 1,
  };
  return [
    () => backend.lookup(node(), name()),
    () => backend.forget(node(), number()),
    () => backend.getAttributes(node()),
    () => backend.setAttributes(node(), { size: pick([0, 1, 65_536, -1, 0.5, 2 ** 60]) }),
    () => backend.setAttributes(node(), { mode: number(), uid: pick([0, 9]), accessed: pick(['now', -1n, 2n ** 62n]) }),
    () => backend.access(node(), number(), caller),
    () => backend.readLink(node()),
    () => backend.makeSymbolicLink(node(), name(), name(), caller),
    () => backend.makeNode(node(), name(), pick([0o100644, 0o010600, 0o040755, number()]), number(), caller),
    () => backend.makeDirectory(node(), name(), number(), caller),
    () => backend.link(node(), node(), name()),
    () => backend.unlink(node(), name()),
    () => backend.removeDirectory(node(), name()),
    () => backend.rename(node(), name(), node(), name(), pick(['replace', 'keep', 'exchange'])),
    () => backend.open(node(), { access, truncate: pick([true, false]), append: pick([true, false]) }),
    () => backend.create(node(), name(), number(), { access, exclusive: pick([true, false]) }, caller),
    () => backend.read(node(), number(), [new Uint8Array(10)]),
    () => backend.write(node(), pick([0, 1, 70_000, -1, 0.5, 2 ** 53, Number.NaN]), [bytesOf('abc')]),
    () => backend.flush(node()),
    () => backend.sync(node(), true),
    () => backend.release(node()),
    () => backend.allocate?.(node(), pick(['allocate', 'punch', 'zero']), number(), number(), true),
    () => backend.seek(node(), number(), pick(['data', 'hole'])),
    () => backend.copyRange?.(node(), number(), node(), pick([0, 5]), number()),
    () => backend.openDirectory(node()),
    () => backend.readDirectory(node(), number(), pick([1, 10])),
    () => backend.getExtendedAttribute(node(), pick(['user.a', ...NAMES])),
    () => backend.setExtendedAttribute(node(), pick(['user.a', ...NAMES]), bytesOf('v'), pick(['any', 'create'])),
    () => backend.listExtendedAttributes(node()),
    () => backend.removeExtendedAttribute(node(), pick(['user.a', ...NAMES])),
    () => backend.getLock(node(), { ...lock, type: pick(['read', 'write']) }),
    () => backend.setLock(node(), { ...lock, type: pick(['read', 'write', 'unlock']) }),
    () => backend.releaseLocks(node(), 'record', 'a'),
  ];
};

export const hostileCases: readonly FsBackendCase[] = [
  {
    id: 'hostile/arguments',
    title: 'answers nonsense with a fault, never throws, and works afterwards',
    run: (bench) => {
      const { backend } = bench;
      const random = seededRandom(1);
      const pick = <T>(from: readonly T[]): T => from[random(from.length)];
      const known: number[] = [];
      for (let count = 0; count < CALLS; count++) {
        const call = pick(calls(backend, pick, known));
        const result: unknown = neverThrows(String(call), call);
        if (typeof result === 'number' && known.length < 64) known.push(result);
        const isEntry = typeof result === 'object' && result !== null && 'node' in result;
        if (isEntry && known.length < 64) known.push(result.node as number);
      }
      backend.reset();
      for (const name of bench.names()) expectThat(!name.includes('/'), `no name may have a slash: ${name}`);
      bench.file('afterwards', 'well');
      same(bench.content('afterwards'), 'well', 'the content of a file that was made afterwards');
    },
  },
  {
    id: 'hostile/handles',
    title: 'opens no more than it can, and as much again after that was closed',
    run: (bench) => {
      const { backend } = bench;
      const { node } = bench.file('file');
      const handles: number[] = [];
      let refused: unknown;
      while (refused === undefined && handles.length < 300_000) {
        const opened =
          handles.length % 2 === 0 ? backend.open(node, { access: 'read' }) : backend.openDirectory(FS_ROOT);
        if (typeof opened === 'string') refused = opened;
        else handles.push(opened);
      }
      fails(refused, ['ENFILE', 'EMFILE', 'ENOMEM'], 'opening for ever');
      fails(
        backend.create(FS_ROOT, 'new', 0o644, { access: 'both' }, ROOT_USER),
        ['ENFILE', 'EMFILE', 'ENOMEM'],
        'create without a handle left',
      );
      fails(backend.lookup(FS_ROOT, 'new'), 'ENOENT', 'lookup of what such a create must not leave');
      for (const handle of handles) backend.release(handle);
      const again = handles.map(() => backend.open(node, { access: 'read' }));
      expectThat(
        again.every((opened) => typeof opened === 'number'),
        'as many files must open as did before they were closed',
      );
    },
  },
  {
    id: 'hostile/locks',
    title: 'keeps no more locks than it can',
    run: (bench) => {
      // Spread over files: what is tested is their sum.
      const nodes = Array.from({ length: 200 }, (_, index) => bench.file(`file${index}`).node);
      let refused: unknown;
      for (let index = 0; refused === undefined && index < 200_000; index++) {
        const start = BigInt(index) * 2n;
        const lock = { kind: 'record', owner: 'a', type: 'write', start, end: start, pid: 1 } as const;
        refused = bench.backend.setLock(nodes[index % nodes.length] ?? 0, lock);
      }
      fails(refused, 'ENOLCK', 'locking for ever');
    },
  },
  {
    id: 'hostile/reset',
    title: 'knows no node, handle or lock after a reset, and all files',
    run: (bench) => {
      const { backend } = bench;
      const file = bench.file('file', 'abc');
      const gone = bench.file('gone', 'def');
      const handle = bench.open(file.node);
      const directory = good(backend.openDirectory(FS_ROOT), 'openDirectory');
      const lock = { kind: 'record', owner: 'a', type: 'write', start: 0n, end: 9n, pid: 1 } as const;
      good(backend.setLock(file.node, lock), 'setLock');
      bench.open(gone.node);
      good(backend.unlink(FS_ROOT, 'gone'), 'unlink');
      backend.reset();
      fails(backend.getAttributes(file.node), 'ESTALE', 'getAttributes of an old node');
      fails(backend.read(handle, 0, [new Uint8Array(1)]), 'EBADF', 'read of an old handle');
      fails(backend.readDirectory(directory, 0, 1), 'EBADF', 'readDirectory of an old handle');
      same([bench.names(), bench.content('file')], [['file'], 'abc'], 'the files');
      good(backend.setLock(bench.lookup('file').node, { ...lock, owner: 'b' }), 'setLock by another owner');
    },
  },
  {
    id: 'hostile/read-only',
    title: 'changes nothing when it is read-only, and reads all',
    run: (bench, subject) => {
      const file = bench.file('file', 'abc', FS_ROOT, 0o4755);
      bench.directory('directory');
      good(bench.backend.makeSymbolicLink(FS_ROOT, 'link', 'file', ROOT_USER), 'makeSymbolicLink');
      good(bench.backend.setAttributes(file.node, { uid: 3, gid: 4 }), 'chown');
      good(bench.backend.setAttributes(file.node, { mode: 0o4755 }), 'chmod');
      const backend = subject.readOnly?.();
      if (backend === undefined) return;
      same(backend.readOnly, true, 'readOnly');
      const lookup = (name: string) => good(backend.lookup(FS_ROOT, name), `lookup of ${name}`);
      const { node, attributes } = lookup('file');
      same([attributes.mode, attributes.uid, attributes.gid], [0o104755, 3, 4], 'mode and owner of a file');
      const handle = good(backend.open(node, { access: 'read' }), 'open');
      same(good(backend.read(handle, 0, [new Uint8Array(9)]), 'read'), 3, 'how much is read');
      const inner = lookup('directory').node;
      const value = bytesOf('x');
      const refused: readonly (readonly [string, unknown])[] = [
        ['setAttributes', backend.setAttributes(node, { mode: 0o600 })],
        ['truncate', backend.setAttributes(node, { size: 0 })],
        ['makeSymbolicLink', backend.makeSymbolicLink(FS_ROOT, 'new', 'x', ROOT_USER)],
        ['makeNode', backend.makeNode(FS_ROOT, 'new', 0o100644, 0, ROOT_USER)],
        ['makeDirectory', backend.makeDirectory(FS_ROOT, 'new', 0o755, ROOT_USER)],
        ['link', backend.link(node, FS_ROOT, 'new')],
        ['unlink', backend.unlink(FS_ROOT, 'file')],
        ['removeDirectory', backend.removeDirectory(FS_ROOT, 'directory')],
        ['rename', backend.rename(FS_ROOT, 'file', inner, 'file', 'replace')],
        ['exchange', backend.rename(FS_ROOT, 'file', FS_ROOT, 'link', 'exchange')],
        ['open for writing', backend.open(node, { access: 'write' })],
        ['open for both', backend.open(node, { access: 'both' })],
        ['open that truncates', backend.open(node, { access: 'read', truncate: true })],
        ['create', backend.create(FS_ROOT, 'new', 0o644, { access: 'both' }, ROOT_USER)],
        ['create of what is there', backend.create(FS_ROOT, 'file', 0o644, { access: 'both' }, ROOT_USER)],
        ['setExtendedAttribute', backend.setExtendedAttribute(node, 'user.x', value, 'any')],
        ['removeExtendedAttribute', backend.removeExtendedAttribute(node, 'user.x')],
        ['access for writing', backend.access(node, 2, ROOT_USER)],
      ];
      for (const [what, result] of refused) fails(result, ['EROFS', 'EOPNOTSUPP'], what);
      fails(backend.write(handle, 0, [value]), ['EBADF', 'EROFS'], 'write');
      const names = good(backend.readDirectory(good(backend.openDirectory(FS_ROOT), 'open'), 0, 99), 'readDirectory');
      same(names.length, 5, 'how many entries the root has');
    },
  },
];
