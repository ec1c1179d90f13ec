import * as fs from 'node:fs';
import { FS_ROOT, type FsEntry, FsBackendToken, type FsResult } from '@vivarium/contracts';
import { setupPart } from '@vivarium/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import plugin, { HostDirectory, RecordJournal, storageHostDirectory } from '../src/index.ts';
import { openHostDirectory, openJournalFile } from '../src/node.ts';
import { type Setting, SETTINGS, temporary } from './temporary.ts';

const ROOT_USER = { uid: 0, gid: 0 };
const good = <T>(result: FsResult<T>): T => {
  if (typeof result === 'string') throw new Error(result);
  return result;
};

const disposals: (() => void)[] = [];
afterEach(() => {
  for (const dispose of disposals.splice(0)) dispose();
});
const share = (setting: Setting = {}) => {
  const made = temporary(setting);
  disposals.push(made.dispose);
  const { backend, path } = made;
  return {
    ...made,
    lookup: (name: string, parent = FS_ROOT): FsEntry => good(backend.lookup(parent, name)),
    file: (name: string, mode = 0o644): FsEntry => good(backend.makeNode(FS_ROOT, name, 0o100000 | mode, 0, ROOT_USER)),
    onHost: (name: string): fs.Stats => fs.lstatSync(`${path}/${name}`),
  };
};
const octal = (mode: number): string => (mode & 0o7777).toString(8);
const self = { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 };
const descriptors = (): number => fs.readdirSync('/proc/self/fd').length;

describe('mapped owners', () => {
  it('leave no privilege on the host, and everything usable for this process', () => {
    const { backend, file, onHost, store } = share();
    const { node } = file('tool', 0o4755);
    good(backend.setAttributes(node, { uid: 1000, gid: 50, mode: 0o6111 }));
    expect(octal(good(backend.getAttributes(node)).mode)).toBe('6111');
    expect([octal(onHost('tool').mode), onHost('tool').uid, onHost('tool').gid]).toEqual(['711', self.uid, self.gid]);
    const { node: directory } = good(backend.makeDirectory(FS_ROOT, 'd', 0o1000, ROOT_USER));
    expect(octal(good(backend.getAttributes(directory)).mode)).toBe('1000');
    expect(octal(onHost('d').mode)).toBe('700');
    // What the host can keep is not kept twice.
    expect(store.records.size).toBe(2);
    good(backend.setAttributes(node, { mode: 0o644, uid: 0, gid: 0 }));
    good(backend.setAttributes(directory, { mode: 0o755 }));
    expect(store.records.size).toBe(0);
    expect([octal(onHost('tool').mode), octal(onHost('d').mode)]).toEqual(['644', '755']);
  });

  it('show files of this user as whom they are told, and others as they are', () => {
    const { tree, path } = share();
    fs.writeFileSync(`${path}/mine`, '');
    const backend = new HostDirectory({ tree, ...SETTINGS, uid: 500, gid: 501 });
    const { uid, gid } = good(backend.lookup(FS_ROOT, 'mine')).attributes;
    expect([uid, gid]).toEqual([500, 501]);
    if (self.uid !== 0) return;
    fs.chownSync(`${path}/mine`, 7, 8);
    const other = good(backend.lookup(FS_ROOT, 'mine')).attributes;
    expect([other.uid, other.gid]).toEqual([7, 8]);
  });

  it('give way when the host changes a mode', () => {
    const { backend, file, path } = share();
    const { node } = file('tool', 0o4755);
    fs.chmodSync(`${path}/tool`, 0o600);
    expect(octal(good(backend.getAttributes(node)).mode)).toBe('600');
    const device = good(backend.makeNode(FS_ROOT, 'tty', 0o020620, 0x501, ROOT_USER));
    expect(fs.lstatSync(`${path}/tty`).isFile()).toBe(true);
    fs.chmodSync(`${path}/tty`, 0o640);
    expect(good(backend.getAttributes(device.node))).toMatchObject({ mode: 0o020640, rdev: 0x501, size: 0 });
  });

  it('make new files as the guest wants them, whatever the mask of this process is', () => {
    const before = process.umask(0o077);
    try {
      const { onHost, file, store } = share();
      expect(octal(file('open', 0o666).attributes.mode)).toBe('666');
      expect(octal(onHost('open').mode)).toBe('666');
      expect(store.records.size).toBe(0);
    } finally {
      process.umask(before);
    }
  });

  it('forget what was said of a file when it is gone, open ones last', () => {
    const { backend, file, store } = share();
    for (const name of ['a', 'b', 'c']) good(backend.setAttributes(file(name).node, { uid: 9 }));
    const { node } = good(backend.lookup(FS_ROOT, 'a'));
    const handle = good(backend.open(node, { access: 'read' }));
    good(backend.unlink(FS_ROOT, 'a'));
    expect(good(backend.getAttributes(node)).uid).toBe(9);
    good(backend.rename(FS_ROOT, 'b', FS_ROOT, 'c', 'replace'));
    expect(store.records.size).toBe(3);
    backend.reset();
    expect(store.records.size).toBe(1);
    expect(backend.read(handle, 0, [])).toBe('EBADF');
    good(backend.link(good(backend.lookup(FS_ROOT, 'c')).node, FS_ROOT, 'd'));
    good(backend.unlink(FS_ROOT, 'c'));
    expect(good(backend.lookup(FS_ROOT, 'd')).attributes.uid).toBe(9);
    backend.reset();
    good(backend.unlink(FS_ROOT, 'd'));
    expect(store.records.size).toBe(0);
  });

  it('have no more records than they are allowed', () => {
    const { backend, file } = share({ records: 2 });
    const nodes = ['a', 'b', 'c'].map((name) => file(name).node);
    const results = nodes.map((node) => backend.setAttributes(node, { uid: 9 }));
    expect(results.map((result) => (typeof result === 'string' ? result : 'done'))).toEqual(['done', 'done', 'ENOSPC']);
    expect(backend.setExtendedAttribute(nodes[2] ?? 0, 'user.a', Uint8Array.of(1), 'any')).toBe('ENOSPC');
    expect(backend.makeNode(FS_ROOT, 'tty', 0o020620, 5, ROOT_USER)).toBe('ENOSPC');
    expect(backend.lookup(FS_ROOT, 'tty')).toBe('ENOENT');
  });

  it('can do without extended attributes', () => {
    const { backend, file } = share({ extendedAttributes: false });
    const { node } = file('a');
    expect(backend.getExtendedAttribute(node, 'user.a')).toBe('ENOSYS');
    expect(backend.setExtendedAttribute(node, 'user.a', Uint8Array.of(1), 'any')).toBe('ENOSYS');
    expect(backend.listExtendedAttributes(node)).toBe('ENOSYS');
    expect(backend.removeExtendedAttribute(node, 'user.a')).toBe('ENOSYS');
  });
});

describe('descriptors', () => {
  it('are bounded, and all given back', () => {
    const before = descriptors();
    const made = temporary({ anchors: 20, handles: 30 });
    const { backend, path } = made;
    for (let index = 0; index < 200; index++) {
      const { node } = good(backend.makeDirectory(FS_ROOT, `d${index}`, 0o755, ROOT_USER));
      good(backend.makeNode(node, 'file', 0o100644, 0, ROOT_USER));
    }
    expect(descriptors() - before).toBeLessThanOrEqual(25);
    // Files that lose their names while the guest holds them.
    let lost = 0;
    for (let index = 0; index < 200; index++) {
      const { node } = good(backend.lookup(FS_ROOT, `d${index}`));
      const file = good(backend.lookup(node, 'file')).node;
      good(backend.unlink(node, 'file'));
      if (backend.getAttributes(file) === 'ESTALE') lost++;
    }
    expect(lost).toBe(180);
    expect(descriptors() - before).toBeLessThanOrEqual(45);
    fs.writeFileSync(`${path}/file`, '');
    const { node } = good(backend.lookup(FS_ROOT, 'file'));
    const opened = Array.from({ length: 50 }, () => backend.open(node, { access: 'read' }));
    expect(opened.filter((handle) => handle === 'ENFILE').length).toBe(20);
    backend.reset();
    expect(descriptors() - before).toBe(1);
    made.dispose();
    expect(descriptors()).toBe(before);
  });

  it('do not leak from any call, whatever its arguments', () => {
    const { backend } = share();
    good(backend.makeDirectory(FS_ROOT, 'd', 0o755, ROOT_USER));
    const around = (): number => {
      for (let index = 0; index < 50; index++) {
        const { node } = good(backend.lookup(FS_ROOT, 'd'));
        backend.create(node, 'a', 0o644, { access: 'both', exclusive: true }, ROOT_USER);
        backend.create(node, 'a/b', 0o644, { access: 'both' }, ROOT_USER);
        backend.create(99, 'a', 0o644, { access: 'both' }, ROOT_USER);
        backend.makeNode(node, 'a', 0o100644, 0, ROOT_USER);
        backend.open(node, { access: 'read' });
        backend.rename(node, 'a', FS_ROOT, 'd', 'replace');
        backend.unlink(node, 'a');
        backend.reset();
      }
      return descriptors();
    };
    expect(around()).toBe(around());
  });

  it('are given to as many files as the guest may hold', () => {
    const { backend } = share({ nodes: 3 });
    const made = ['a', 'b', 'c', 'd'].map((name) => backend.makeDirectory(FS_ROOT, name, 0o755, ROOT_USER));
    expect(made.map((entry) => (typeof entry === 'string' ? entry : 'made'))).toEqual([
      'made',
      'made',
      'made',
      'ENFILE',
    ]);
    expect(backend.lookup(FS_ROOT, 'a')).toMatchObject({ node: 2 });
    backend.forget(2, 2);
    expect(backend.lookup(FS_ROOT, 'd')).toMatchObject({ node: 5 });
  });
});

describe('an exchange', () => {
  it('that fails half-way is undone', () => {
    const { tree, path } = share();
    const backend = new HostDirectory({
      ...SETTINGS,
      tree: new Proxy(tree, {
        get: (target, property: keyof typeof tree) => {
          if (property !== 'rename') return (target[property] as () => void).bind?.(target) ?? target[property];
          return (...[parent, name, newParent, newName]: Parameters<typeof tree.rename>) => {
            if (newName === process.env['VIVARIUM_REFUSE']) {
              delete process.env['VIVARIUM_REFUSE'];
              throw Object.assign(new Error('no'), { code: 'ENOSPC' });
            }
            target.rename(parent, name, newParent, newName);
          };
        },
      }),
    });
    fs.writeFileSync(`${path}/a`, 'A');
    fs.writeFileSync(`${path}/b`, 'B');
    for (const refused of ['a', 'b']) {
      process.env['VIVARIUM_REFUSE'] = refused;
      expect(backend.rename(FS_ROOT, 'a', FS_ROOT, 'b', 'exchange')).toBe('ENOSPC');
      expect(fs.readdirSync(path)).toEqual(['a', 'b']);
      expect([fs.readFileSync(`${path}/a`, 'utf8'), fs.readFileSync(`${path}/b`, 'utf8')]).toEqual(['A', 'B']);
    }
  });
});

describe('a journal', () => {
  const journal = (name: string) => {
    const { path, tree } = share();
    const file = `${path}-${name}`;
    disposals.push(() => fs.rmSync(file, { force: true }));
    const open = (readOnly = false) => {
      const opened = openJournalFile(file, { readOnly });
      disposals.push(() => opened.close());
      return new HostDirectory({ tree, ...SETTINGS, readOnly, store: new RecordJournal(opened) });
    };
    return { path, file, open };
  };

  it('keeps records from one machine to the next, also after a crash in the middle of a line', () => {
    const { file, open } = journal('vivarium-journal');
    const first = open();
    const tool = good(first.makeNode(FS_ROOT, 'tool', 0o104755, 0, { uid: 7, gid: 8 })).node;
    good(first.setExtendedAttribute(tool, 'user.\xff', Uint8Array.of(0, 255), 'any'));
    good(first.makeNode(FS_ROOT, 'tty', 0o020620, 0x501, ROOT_USER));
    good(first.setAttributes(good(first.makeDirectory(FS_ROOT, 'd', 0o755, ROOT_USER)).node, { uid: 9 }));
    good(first.removeDirectory(FS_ROOT, 'd'));
    first.reset();
    fs.appendFileSync(file, '["half of a li');
    for (const second of [open(), open(true)]) {
      const found = good(second.lookup(FS_ROOT, 'tool'));
      expect(found.attributes).toMatchObject({ mode: 0o104755, uid: 7, gid: 8 });
      expect(second.getExtendedAttribute(found.node, 'user.\xff')).toEqual(Uint8Array.of(0, 255));
      expect(good(second.lookup(FS_ROOT, 'tty')).attributes).toMatchObject({ mode: 0o020620, rdev: 0x501 });
    }
    expect(fs.readFileSync(file, 'utf8').trim().split('\n').length).toBe(3);
    expect(octal(fs.statSync(file).mode)).toBe('600');
  });

  it('does not grow without end', () => {
    const { file, open } = journal('vivarium-long');
    const backend = open();
    const { node } = good(backend.makeNode(FS_ROOT, 'a', 0o100644, 0, ROOT_USER));
    const value = new Uint8Array(60_000);
    for (let round = 0; round < 300; round++) {
      value[0] = round;
      good(backend.setExtendedAttribute(node, 'user.a', value, 'any'));
      expect(fs.statSync(file).size).toBeLessThan(17 * 1024 * 1024);
    }
    const again = open();
    expect(good(again.getExtendedAttribute(good(again.lookup(FS_ROOT, 'a')).node, 'user.a'))[0]).toBe(299 & 0xff);
  });

  it.each([
    ['something else', 'hello\n'],
    ['a line that is none', '{"vivarium":"file records","version":1}\nnonsense\n'],
    ['a record of nothing', '{"vivarium":"file records","version":1}\n["a",7]\n'],
    ['a record with strange fields', '{"vivarium":"file records","version":1}\n["a",{"uid":-1}]\n'],
    ['prototype keys', '{"vivarium":"file records","version":1}\n["a",{"__proto__":{"uid":1}}]\n'],
    ['digits that are none', '{"vivarium":"file records","version":1}\n["a",{"extended":{"user.a":"xyz"}}]\n'],
  ])('that is %s is refused and stays as it is', (_what, text) => {
    const { file, open } = journal('vivarium-bad');
    fs.writeFileSync(file, text);
    expect(() => open()).toThrow(expect.objectContaining({ code: 'VIV_HOST_DIRECTORY_RECORDS' }));
    expect(fs.readFileSync(file, 'utf8')).toBe(text);
  });

  it('that cannot be written is refused', () => {
    expect(() => new RecordJournal(openJournalFile('/nonexistent/journal'))).toThrow(
      expect.objectContaining({ code: 'VIV_HOST_DIRECTORY_RECORDS' }),
    );
  });
});

describe('the plugin', () => {
  it('shares a directory until it is disposed of', async () => {
    expect(plugin).toBe(storageHostDirectory);
    const { path, tree } = share();
    fs.writeFileSync(`${path}/file`, 'abc');
    const { get, part } = await setupPart(storageHostDirectory, { options: { tree } });
    const backend = get(FsBackendToken);
    const { node, attributes } = good(backend.lookup(FS_ROOT, 'file'));
    expect(attributes.size).toBe(3);
    await part.dispose?.();
    expect(backend.getAttributes(node)).toBe('ESTALE');
  });

  it('is read-only when the directory is, or when it is told to', async () => {
    const { path } = share();
    const tree = openHostDirectory(path, { readOnly: true });
    disposals.push(() => tree.dispose());
    for (const options of [{ tree }, { tree: share().tree, readOnly: true }]) {
      const { get } = await setupPart(storageHostDirectory, { options });
      expect(get(FsBackendToken).makeDirectory(FS_ROOT, 'd', 0o755, ROOT_USER)).toBe('EROFS');
    }
  });

  it.each([{}, { tree: {} }, { tree: 'share' }])('refuses the options %j', async (options) => {
    await expect(setupPart(storageHostDirectory, { options })).rejects.toMatchObject({ code: 'VIV_TESTKIT_SETUP' });
  });

  it.each(['descriptors', 'paths'] as const)('refuses what is no directory (%s)', (hold) => {
    const { path } = share();
    fs.writeFileSync(`${path}/file`, '');
    for (const name of ['file', 'missing'])
      expect(() => openHostDirectory(`${path}/${name}`, { hold })).toThrow(
        expect.objectContaining({ code: 'VIV_HOST_DIRECTORY_OPEN' }),
      );
  });
});
