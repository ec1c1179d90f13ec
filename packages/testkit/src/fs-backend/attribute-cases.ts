import { FS_ROOT, type FsLock } from '@vivarium/contracts';
import { expectThat } from '../conformance.ts';
import { bytesOf, type FsBackendCase, fails, good, ROOT_USER, same, textOf } from './bench.ts';

const USER = { uid: 1000, gid: 100 };
const octal = (mode: number): string => mode.toString(8);
const LAST = 2n ** 63n - 1n;

const lockOf = (owner: string, type: FsLock['type'], start = 0n, end = LAST): FsLock => ({
  kind: 'record',
  owner,
  type,
  start,
  end,
  pid: 7,
});

export const attributeCases: readonly FsBackendCase[] = [
  {
    id: 'attributes/owner',
    title: 'gives new entries to the caller, and changes owners',
    run: (bench) => {
      const { backend } = bench;
      const made = [
        good(backend.create(FS_ROOT, 'file', 0o644, { access: 'both' }, USER), 'create'),
        good(backend.makeDirectory(FS_ROOT, 'directory', 0o755, USER), 'makeDirectory'),
        good(backend.makeSymbolicLink(FS_ROOT, 'link', 'x', USER), 'makeSymbolicLink'),
        good(backend.makeNode(FS_ROOT, 'pipe', 0o010644, 0, USER), 'makeNode'),
      ];
      for (const { node, attributes } of made) {
        same([attributes.uid, attributes.gid], [1000, 100], 'the owner of a new entry');
        const changed = good(backend.setAttributes(node, { uid: 65_534 }), 'setAttributes');
        same([changed.uid, changed.gid], [65_534, 100], 'the owner after a change of one part');
        good(backend.setAttributes(node, { gid: 0xffff_fffe }), 'setAttributes');
        same([bench.stat(node).uid, bench.stat(node).gid], [65_534, 0xffff_fffe], 'the owner after both');
      }
    },
  },
  {
    id: 'attributes/group-directory',
    title: 'gives entries of a directory with set-group-ID its group',
    run: (bench) => {
      const { backend } = bench;
      const outer = good(backend.makeDirectory(FS_ROOT, 'outer', 0o2775, { uid: 0, gid: 50 }), 'makeDirectory');
      same(octal(outer.attributes.mode), octal(0o042775), 'the mode of the outer directory');
      const inner = good(backend.makeDirectory(outer.node, 'inner', 0o755, USER), 'makeDirectory').attributes;
      same([inner.uid, inner.gid, octal(inner.mode)], [1000, 50, octal(0o042755)], 'an inner directory');
      const file = good(backend.makeNode(outer.node, 'file', 0o100644, 0, USER), 'makeNode').attributes;
      same([file.uid, file.gid, octal(file.mode)], [1000, 50, octal(0o100644)], 'an inner file');
    },
  },
  {
    id: 'attributes/mode',
    title: 'takes every mode, and keeps the file usable for those whom the guest lets in',
    run: (bench) => {
      const { backend } = bench;
      const file = bench.file('file', 'abc');
      const directory = bench.directory('directory');
      bench.file('inner', 'def', directory.node);
      for (const mode of [0, 0o444, 0o111, 0o7777, 0o4755, 0o2755, 0o1777, 0o640]) {
        const changed = good(backend.setAttributes(file.node, { mode }), `mode ${octal(mode)}`);
        same(octal(changed.mode), octal(0o100000 | mode), 'the mode of a file');
        same(bench.content('file'), 'abc', `the content with mode ${octal(mode)}`);
        const writer = bench.open(file.node, { access: 'write' });
        bench.put(writer, 0, 'abc');
        backend.release(writer);
        same(octal(bench.stat(file.node).mode), octal(0o100000 | mode), 'the mode of a file after a write');
        good(backend.setAttributes(directory.node, { mode }), `mode ${octal(mode)}`);
        same(octal(bench.stat(directory.node).mode), octal(0o040000 | mode), 'the mode of a directory');
        same(bench.names(directory.node), ['inner'], `what is in a directory with mode ${octal(mode)}`);
        same(bench.content('inner', directory.node), 'def', 'the content of what is in there');
      }
      const closed = bench.file('closed', 'ghi', FS_ROOT, 0);
      same(octal(closed.attributes.mode), octal(0o100000), 'the mode of a file that was made without any');
      const odd = good(backend.setAttributes(file.node, { mode: 0o100644 | 0x7000_0000 }), 'a mode with more bits');
      same(octal(odd.mode), octal(0o100644), 'the mode, of which only 12 bits count');
    },
  },
  {
    id: 'attributes/privileges',
    title: 'drops set-user-ID and set-group-ID when owner or content change, as it is told to',
    run: (bench) => {
      const { backend } = bench;
      const file = bench.file('file', 'abc', FS_ROOT, 0o6755);
      const mode = (): string => octal(bench.stat(file.node).mode);
      const again = (bits = 0o6755): void => void good(backend.setAttributes(file.node, { mode: bits }), 'chmod');
      const handle = bench.open(file.node);
      bench.put(handle, 0, 'x');
      same(mode(), octal(0o106755), 'the mode after a write by one who may keep it');
      good(backend.write(handle, 0, [bytesOf('y')], true), 'write');
      same(mode(), octal(0o100755), 'the mode after a write');
      again();
      good(backend.setAttributes(file.node, { uid: 5 }), 'chown');
      same(mode(), octal(0o100755), 'the mode after a change of owner');
      again(0o6745);
      good(backend.setAttributes(file.node, { size: 1, dropPrivileges: true }), 'truncate');
      same(mode(), octal(0o102745), 'the mode after a truncate, set-group-ID without execution being none');
      again();
      backend.release(bench.open(file.node, { access: 'write', truncate: true, dropPrivileges: true }));
      same(mode(), octal(0o100755), 'the mode after an open that truncates');
      const both = good(backend.setAttributes(file.node, { uid: 6, mode: 0o4755 }), 'chown and chmod');
      same(octal(both.mode), octal(0o104755), 'the mode when it is set together with the owner');
    },
  },
  {
    id: 'attributes/times',
    title: 'sets times, and moves them when files change',
    run: (bench) => {
      const { backend } = bench;
      const file = bench.file('file', 'abc');
      const close = (actual: bigint, expected: bigint, what: string): void => {
        const off = actual - expected;
        expectThat(off > -1000n && off < 1000n, `${what} must be ${expected} to a microsecond, and is ${actual}`);
      };
      const accessed = 1_234_567_890_123_456_789n;
      const modified = 1_600_000_000_500_000_000n;
      good(backend.setAttributes(file.node, { accessed, modified }), 'setAttributes');
      close(bench.stat(file.node).accessed, accessed, 'the time of access');
      close(bench.stat(file.node).modified, modified, 'the time of modification');
      good(backend.setAttributes(file.node, { modified: 5_000_000_000n }), 'setAttributes');
      close(bench.stat(file.node).accessed, accessed, 'the time of access, which was not to change,');
      close(bench.stat(file.node).modified, 5_000_000_000n, 'the time of modification');
      const handle = bench.open(file.node);
      bench.put(handle, 0, 'x');
      expectThat(bench.stat(file.node).modified > modified, 'a write must move the time of modification');
      good(backend.setAttributes(file.node, { accessed: 'now', modified: 5_000_000_000n }), 'setAttributes');
      expectThat(bench.stat(file.node).accessed > accessed, 'now must be later than 2009');
      const link = good(backend.makeSymbolicLink(FS_ROOT, 'link', 'file', ROOT_USER), 'makeSymbolicLink');
      good(backend.setAttributes(link.node, { modified: 7_000_000_000n }), 'times of a symbolic link');
      close(bench.stat(link.node).modified, 7_000_000_000n, 'the time of a symbolic link');
      close(bench.stat(file.node).modified, 5_000_000_000n, 'the time of its target');
    },
  },
  {
    id: 'attributes/nodes',
    title: 'keeps device nodes, FIFOs and sockets, and opens none',
    run: (bench) => {
      const { backend } = bench;
      const kinds: readonly (readonly [string, number, number])[] = [
        ['tty', 0o020620, 0x0501],
        ['disk', 0o060660, 0xfff_00fff],
        ['pipe', 0o010644, 0],
        ['socket', 0o140755, 0],
        ['regular', 0o100640, 0],
      ];
      for (const [name, mode, rdev] of kinds) {
        good(backend.makeNode(FS_ROOT, name, mode, rdev, ROOT_USER), `makeNode of ${name}`);
        const { node, attributes } = bench.lookup(name);
        same([octal(attributes.mode), attributes.rdev], [octal(mode), rdev >>> 0], `what ${name} is`);
        if (name === 'regular') continue;
        fails(backend.open(node, { access: 'both' }), ['ENXIO', 'EACCES'], `open of ${name}`);
        const created = backend.create(FS_ROOT, name, 0o644, { access: 'both', truncate: true }, ROOT_USER);
        fails(created, ['ENXIO', 'EACCES'], `create over ${name}`);
        fails(backend.setAttributes(node, { size: 0 }), ['EINVAL', 'EACCES'], `truncate of ${name}`);
        const changed = good(backend.setAttributes(node, { mode: 0o600, uid: 4 }), `setAttributes of ${name}`);
        same(octal(changed.mode), octal((mode & 0o170000) | 0o600), `the mode of ${name}`);
        good(backend.rename(FS_ROOT, name, FS_ROOT, `${name}2`, 'replace'), `rename of ${name}`);
        same(bench.lookup(`${name}2`).attributes.rdev, rdev >>> 0, `the device number of ${name}`);
        good(backend.unlink(FS_ROOT, `${name}2`), `unlink of ${name}`);
      }
      for (const mode of [0o040755, 0o120777, 0o150000, 0o644])
        fails(backend.makeNode(FS_ROOT, 'no', mode, 0, ROOT_USER), ['EINVAL', 'EPERM'], `makeNode ${octal(mode)}`);
    },
  },
  {
    id: 'attributes/access',
    title: 'answers access by owner and mode',
    run: (bench) => {
      const { backend } = bench;
      const { node } = good(backend.makeNode(FS_ROOT, 'file', 0o100640, 0, USER), 'makeNode');
      same(backend.access(node, 6, USER), undefined, 'reading and writing by the owner');
      same(backend.access(node, 4, { uid: 5, gid: 100 }), undefined, 'reading by the group');
      fails(backend.access(node, 2, { uid: 5, gid: 100 }), 'EACCES', 'writing by the group');
      fails(backend.access(node, 4, { uid: 5, gid: 5 }), 'EACCES', 'reading by others');
      same(backend.access(node, 6, ROOT_USER), undefined, 'reading and writing by root');
      fails(backend.access(node, 1, ROOT_USER), 'EACCES', 'executing by root what nobody may');
    },
  },
  {
    id: 'attributes/extended',
    title: 'keeps extended attributes as Linux does, or none at all',
    run: (bench) => {
      const { backend } = bench;
      const file = bench.file('file', 'abc');
      const first = backend.setExtendedAttribute(file.node, 'user.one', bytesOf('1'), 'any');
      if (first === 'EOPNOTSUPP') return;
      good(first, 'setExtendedAttribute');
      const get = (name: string): string => textOf(good(backend.getExtendedAttribute(file.node, name), name));
      same(get('user.one'), '1', 'the value');
      fails(backend.setExtendedAttribute(file.node, 'user.one', bytesOf('2'), 'create'), 'EEXIST', 'create');
      fails(backend.setExtendedAttribute(file.node, 'user.two', bytesOf('2'), 'replace'), 'ENODATA', 'replace');
      good(backend.setExtendedAttribute(file.node, 'user.one', bytesOf('\0\xff'), 'replace'), 'replace');
      good(backend.setExtendedAttribute(file.node, 'trusted.two', new Uint8Array(0), 'create'), 'create');
      same([get('user.one'), get('trusted.two')], ['\0\xff', ''], 'the values');
      good(backend.link(file.node, FS_ROOT, 'other'), 'link');
      good(backend.unlink(FS_ROOT, 'file'), 'unlink');
      const list = [...good(backend.listExtendedAttributes(bench.lookup('other').node), 'list')].sort();
      same(list, ['trusted.two', 'user.one'], 'the names, seen through another name of the file');
      good(backend.removeExtendedAttribute(file.node, 'user.one'), 'remove');
      fails(backend.removeExtendedAttribute(file.node, 'user.one'), 'ENODATA', 'remove of nothing');
      fails(backend.getExtendedAttribute(file.node, 'user.one'), 'ENODATA', 'get of nothing');
      for (const name of ['', 'user.', 'x', 'strange.name', 'user.a\0b', `user.${'x'.repeat(300)}`])
        expectThat(
          typeof backend.setExtendedAttribute(file.node, name, bytesOf('x'), 'any') === 'string',
          `an attribute named ${JSON.stringify(name)} must be refused`,
        );
      fails(
        backend.setExtendedAttribute(file.node, 'user.big', new Uint8Array(65_537), 'any'),
        'E2BIG',
        'a large value',
      );
      good(backend.setExtendedAttribute(file.node, 'security.capability', bytesOf('cap'), 'any'), 'a capability');
      const handle = bench.open(file.node);
      bench.put(handle, 0, 'x');
      fails(backend.getExtendedAttribute(file.node, 'security.capability'), 'ENODATA', 'a capability after a write');
    },
  },
  {
    id: 'attributes/extended-bomb',
    title: 'does not grow without end when attributes are set for ever',
    run: (bench) => {
      const { backend } = bench;
      const value = new Uint8Array(65_536);
      const attempt = (node: number, names: number): boolean => {
        for (let index = 0; index < names; index++) {
          const result = backend.setExtendedAttribute(node, `user.${index}`, value, 'any');
          if (result !== undefined) {
            fails(result, ['ENOSPC', 'EDQUOT', 'EOPNOTSUPP'], 'a bomb of attributes');
            return true;
          }
        }
        return false;
      };
      const { node } = bench.file('file');
      expectThat(attempt(node, 100_000), 'one file must not take 6 GiB of attributes');
      good(backend.unlink(FS_ROOT, 'file'), 'unlink');
      backend.forget(node, 1);
      const other = bench.file('other');
      const again = backend.setExtendedAttribute(other.node, 'user.x', value, 'any');
      if (again !== 'EOPNOTSUPP') good(again, 'an attribute after the file with all the others is gone');
    },
  },
  {
    id: 'attributes/locks',
    title: 'keeps locks apart by owner, range and kind, and gives them back',
    run: (bench) => {
      const { backend } = bench;
      const { node } = bench.file('file');
      good(backend.setLock(node, lockOf('a', 'read', 0n, 9n)), 'setLock');
      good(backend.setLock(node, lockOf('b', 'read', 5n, 14n)), 'setLock');
      fails(backend.setLock(node, lockOf('c', 'write', 9n, 9n)), 'EAGAIN', 'a conflicting lock');
      good(backend.setLock(node, { ...lockOf('c', 'write'), kind: 'file' }), 'a lock of the other kind');
      const found = good(backend.getLock(node, lockOf('c', 'write', 12n)), 'getLock');
      same(found && [found.owner, found.start, found.end, found.pid], ['b', 5n, 14n, 7], 'what stands in the way');
      same(good(backend.getLock(node, lockOf('c', 'write', 15n)), 'getLock'), undefined, 'what stands in no way');
      good(backend.setLock(node, { ...lockOf('b', 'read', 5n, 9n), type: 'unlock' }), 'unlock');
      backend.releaseLocks(node, 'record', 'a');
      good(backend.setLock(node, lockOf('c', 'write', 0n, 9n)), 'setLock of what was given back');
      fails(backend.setLock(node, lockOf('c', 'read', 5n, 4n)), 'EINVAL', 'a lock that ends before it starts');
      good(backend.unlink(FS_ROOT, 'file'), 'unlink');
      backend.forget(node, 1);
      fails(backend.setLock(node, lockOf('a', 'read')), 'ESTALE', 'setLock on what is not held');
    },
  },
  {
    id: 'attributes/statistics',
    title: 'tells how much room there is',
    run: ({ backend }) => {
      const told = good(backend.statistics(), 'statistics');
      for (const [name, value] of Object.entries(told) as readonly (readonly [string, number])[])
        expectThat(Number.isSafeInteger(value) && value >= 0, `${name} must be a count, and is ${value}`);
      expectThat(told.blocksFree <= told.blocks, 'there must be no more free blocks than blocks');
      expectThat(told.blocksAvailable <= told.blocksFree, 'no more blocks may be available than are free');
      expectThat(told.blockSize > 0 && told.nameLength > 0, 'blocks and names must have lengths');
    },
  },
];
