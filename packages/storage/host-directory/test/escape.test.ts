import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { FS_ROOT, type FsEntry, type FsResult } from '@vivarium/contracts';
import { afterEach, describe, expect, it } from 'vitest';
import { type Setting, temporary } from './temporary.ts';

const ROOT_USER = { uid: 0, gid: 0 };
const good = <T>(result: FsResult<T>): T => {
  if (typeof result === 'string') throw new Error(result);
  return result;
};

describe.each<Setting>([{ hold: 'descriptors' }, { hold: 'paths' }])('a guest never gets out ($hold)', ({ hold }) => {
  const disposals: (() => void)[] = [];
  afterEach(() => {
    for (const dispose of disposals.splice(0)) dispose();
  });
  const share = (setting: Setting = {}) => {
    const made = temporary({ ...(hold === undefined ? {} : { hold }), ...setting });
    const outside = fs.mkdtempSync(`${made.path}-outside-`);
    fs.writeFileSync(`${outside}/secret`, 'secret');
    disposals.push(made.dispose, () => fs.rmSync(outside, { recursive: true }));
    const lookup = (name: string, parent = FS_ROOT): FsEntry => good(made.backend.lookup(parent, name));
    return { ...made, outside, lookup };
  };

  it('through a link that it made, or that was there', () => {
    const { backend, path, outside, lookup } = share();
    good(backend.makeSymbolicLink(FS_ROOT, 'mine', outside, ROOT_USER));
    fs.symlinkSync(outside, `${path}/theirs`);
    fs.symlinkSync('..', `${path}/up`);
    for (const name of ['mine', 'theirs', 'up']) {
      const { node } = lookup(name);
      expect(backend.lookup(node, 'secret')).toBe('ENOTDIR');
      expect(backend.openDirectory(node)).toBe('ENOTDIR');
      expect(backend.create(node, 'new', 0o644, { access: 'both' }, ROOT_USER)).toBe('ENOTDIR');
      expect(backend.rename(FS_ROOT, 'mine', node, 'x', 'replace')).toBe('ENOTDIR');
      expect(backend.setAttributes(node, { mode: 0o777 })).toBe('EOPNOTSUPP');
      good(backend.setAttributes(node, { uid: 5, modified: 5n }));
    }
    fs.symlinkSync(`${outside}/secret`, `${path}/file`);
    const { node } = lookup('file');
    expect(backend.open(node, { access: 'both' })).toBe('ELOOP');
    expect(backend.setAttributes(node, { size: 0 })).toBe('EINVAL');
    expect(backend.create(FS_ROOT, 'file', 0o644, { access: 'both', truncate: true }, ROOT_USER)).toBe('ELOOP');
    const linked = good(backend.link(node, FS_ROOT, 'hard'));
    expect(linked.attributes.mode & 0o170000).toBe(0o120000);
    expect(fs.readFileSync(`${outside}/secret`, 'utf8')).toBe('secret');
    expect(fs.statSync(`${outside}/secret`).mtimeMs).toBeGreaterThan(1e12);
    expect(fs.readdirSync(outside)).toEqual(['secret']);
  });

  it('when the host puts a link where a directory was', () => {
    for (const anchored of [false, true]) {
      const { backend, path, outside, lookup } = share();
      fs.mkdirSync(`${path}/d/inner`, { recursive: true });
      fs.writeFileSync(`${path}/d/inner/secret`, 'inner');
      const { node: directory } = lookup('d');
      const { node: inner } = lookup('inner', directory);
      const { node: file } = anchored ? lookup('secret', inner) : { node: 0 };
      fs.renameSync(`${path}/d`, `${path}/moved`);
      fs.symlinkSync(outside, `${path}/d`);
      fs.mkdirSync(`${outside}/inner`);
      fs.writeFileSync(`${outside}/inner/secret`, 'secret');
      // Either what was there is found where it is now, or nothing.
      for (const parent of [directory, inner]) {
        const made = backend.makeNode(parent, 'new', 0o100644, 0, ROOT_USER);
        if (typeof made === 'string') expect(made).toBe('ESTALE');
        const found = backend.lookup(parent, 'secret');
        if (typeof found !== 'string') expect(found.attributes.size).toBe(5);
      }
      if (anchored) {
        const opened = backend.open(file, { access: 'both', truncate: true });
        if (typeof opened === 'string') expect(opened).toBe('ESTALE');
      }
      expect(fs.readFileSync(`${outside}/secret`, 'utf8')).toBe('secret');
      expect(fs.readFileSync(`${outside}/inner/secret`, 'utf8')).toBe('secret');
      expect([fs.readdirSync(outside).sort(), fs.readdirSync(`${outside}/inner`)]).toEqual([
        ['inner', 'secret'],
        ['secret'],
      ]);
      expect(lookup('d').attributes.mode & 0o170000).toBe(0o120000);
    }
  });

  it('when the host puts a link, a FIFO or another file where a file was', () => {
    const { backend, path, outside, lookup } = share();
    for (const what of ['link', 'pipe', 'file'] as const) {
      fs.writeFileSync(`${path}/${what}`, 'mine');
      const { node } = lookup(what);
      fs.rmSync(`${path}/${what}`);
      if (what === 'link') fs.symlinkSync(`${outside}/secret`, `${path}/${what}`);
      else if (what === 'pipe') execFileSync('mkfifo', [`${path}/${what}`]);
      // The host may well give the new file the inode number of the old one.
      else fs.writeFileSync(`${path}/${what}`, 'another');
      expect(backend.open(node, { access: 'both', truncate: true })).toBe('ESTALE');
      expect(backend.setAttributes(node, { mode: 0 })).toBe('ESTALE');
      expect(backend.getAttributes(node)).toBe('ESTALE');
    }
    expect(fs.readFileSync(`${path}/file`, 'utf8')).toBe('another');
    expect(fs.readFileSync(`${outside}/secret`, 'utf8')).toBe('secret');
  });

  it('and opens no device or FIFO of the host', () => {
    const { backend, path, lookup } = share();
    execFileSync('mkfifo', [`${path}/pipe`]);
    const { node, attributes } = lookup('pipe');
    expect(attributes.mode & 0o170000).toBe(0o010000);
    for (const access of ['read', 'write', 'both'] as const) {
      expect(backend.open(node, { access })).toBe('ENXIO');
      expect(backend.create(FS_ROOT, 'pipe', 0o644, { access, truncate: true }, ROOT_USER)).toBe('ENXIO');
    }
    expect(backend.setAttributes(node, { size: 0 })).toBe('EINVAL');
  });

  it('and is served beyond any depth, with few anchors, while directories above are moved', () => {
    const { backend, path, lookup } = share({ anchors: 16 });
    let node = FS_ROOT;
    for (let depth = 0; depth < 200; depth++) ({ node } = good(backend.makeDirectory(node, 'd', 0o755, ROOT_USER)));
    good(backend.makeNode(node, 'deep', 0o100644, 0, ROOT_USER));
    good(backend.rename(FS_ROOT, 'd', FS_ROOT, 'e', 'replace'));
    good(backend.rename(node, 'deep', lookup('e').node, 'up', 'replace'));
    good(backend.rename(lookup('e').node, 'up', node, 'down', 'replace'));
    expect(lookup('down', node).attributes.size).toBe(0);
    expect(fs.existsSync(`${path}/e${'/d'.repeat(199)}/down`)).toBe(true);
  });

  it('and what the host moved is found again when it is looked up', () => {
    const { backend, path, lookup } = share({ anchors: 16 });
    fs.mkdirSync(`${path}/a/b`, { recursive: true });
    fs.writeFileSync(`${path}/a/b/file`, 'x');
    const a = lookup('a').node;
    const b = lookup('b', a).node;
    const file = lookup('file', b).node;
    // Into each other: b is above a now.
    fs.renameSync(`${path}/a/b`, `${path}/b`);
    fs.renameSync(`${path}/a`, `${path}/b/a`);
    lookup('a', lookup('b').node);
    expect(lookup('file', b).node).toBe(file);
    for (let count = 0; count < 40; count++) {
      fs.mkdirSync(`${path}/fill${count}`);
      backend.openDirectory(lookup(`fill${count}`).node);
    }
    expect(lookup('file', lookup('b').node).node).toBe(file);
    expect(good(backend.getAttributes(file)).size).toBe(1);
  });
});
