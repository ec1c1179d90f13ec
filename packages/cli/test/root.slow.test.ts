import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { codeIn, finished, Scratch, start, viv } from './support/viv.ts';

const scratch = new Scratch();
const path = (name: string): string => join(scratch.path, name);

/** A program of the host that looks at an image without a guest. */
const tool = (name: string, ...args: readonly string[]) => {
  const { status, stdout, error } = spawnSync(name, args, { encoding: 'utf8' });
  if (error !== undefined) throw new Error(`this test needs ${name}`, { cause: error });
  return { status, stdout };
};

const exec = (command: string, ...more: readonly string[]) =>
  viv('run', 'debian', '--timeout', '400', ...more, `--exec=${command}`);

/** The image as e2fsck sees it. */
const check = (): number | null => {
  tool('qemu-img', 'convert', '-O', 'raw', path('root.qcow2'), path('raw'));
  return tool('e2fsck', '-fn', path('raw')).status;
};

beforeAll(async () => {
  for (const output of ['root.qcow2', 'tree']) {
    const { code, stderr } = await viv('image', path(output), '--package', 'python3-minimal');
    if (code !== 0) throw new Error(`viv image failed: ${stderr}`);
  }
});
afterAll(() => scratch.remove());

const PROGRAMS = `python3 -c 'import hashlib; print(hashlib.sha256(b"x" * 100000).hexdigest()[:8])'
perl -e 'print 6 * 7, "\\n"'
bash -c 'echo $((2 ** 40))'`;
const PRINTED = 'd69e6898\n42\n1099511627776\n';

describe('a root file system on a QCOW2 disk', () => {
  it('runs programs of Debian, keeps what they write, and is clean after power-off', async () => {
    const script = `${PROGRAMS}\nmount | grep -o '/dev/vda on / type ext4'\necho kept >/root/file`;
    const first = await exec(script, '--root', path('root.qcow2'));
    expect({ code: first.code, stdout: first.stdout }, first.stderr).toEqual({
      code: 0,
      stdout: `${PRINTED}/dev/vda on / type ext4\n`,
    });
    expect(tool('qemu-img', 'check', path('root.qcow2')).status).toBe(0);
    expect(check()).toBe(0);
    const second = await exec('cat /root/file', '--root', `${path('root.qcow2')},ro`);
    expect(second.stdout).toBe('kept\n');
  });

  it('can be the base of an image of its own, and of a temporary one', async () => {
    tool('qemu-img', 'create', '-q', '-f', 'qcow2', '-b', 'root.qcow2', '-F', 'qcow2', path('top.qcow2'));
    const before = readFileSync(path('root.qcow2'));
    const top = await exec('echo more >>/root/file; cat /root/file', '--root', path('top.qcow2'));
    expect(top.stdout).toBe('kept\nmore\n');
    const temporary = await exec('rm /root/file; ls /root', '--root', `${path('top.qcow2')},temporary`);
    expect(temporary.stdout).toBe('');
    const again = await exec('cat /root/file', '--root', path('top.qcow2'), '--bus', 'pci');
    expect(again.stdout).toBe('kept\nmore\n');
    expect(readFileSync(path('root.qcow2')).equals(before)).toBe(true);
    expect(tool('qemu-img', 'check', path('top.qcow2')).status).toBe(0);
  });

  it('is not based on files outside of its folder, nor taken for what its name does not say', async () => {
    const outside = join(scratch.path, 'elsewhere');
    tool('mkdir', outside);
    tool('qemu-img', 'create', '-q', '-f', 'qcow2', '-b', path('root.qcow2'), '-F', 'qcow2', join(outside, 'a.qcow2'));
    expect(codeIn((await exec('true', '--disk', join(outside, 'a.qcow2'))).stderr)).toBe('VIV_DISK_BACKING');
    const allowed = await exec(
      'blockdev --getsize64 /dev/vda',
      '--disk',
      `${join(outside, 'a.qcow2')},backing=${scratch.path}`,
    );
    expect(allowed.stdout).toBe(`${2 * 1024 ** 3}\n`);
    tool('cp', join(outside, 'a.qcow2'), path('a.img'));
    expect(codeIn((await exec('true', '--disk', path('a.img'))).stderr)).toBe('VIV_DISK_FORMAT');
  });
});

describe('a root file system shared by virtio-fs', () => {
  it('runs programs of Debian, whose files are files of the host', async () => {
    const script = `${PROGRAMS}\nmount | grep -o 'root on / type virtiofs'\necho kept >/root/file`;
    const { code, stdout, stderr } = await exec(script, '--root', path('tree'));
    expect({ code, stdout }, stderr).toEqual({ code: 0, stdout: `${PRINTED}root on / type virtiofs\n` });
    expect(readFileSync(path('tree/root/file'), 'utf8')).toBe('kept\n');
  });

  it('boots with no initial RAM disk at all', async () => {
    writeFileSync(
      path('tree/root/.bash_login'),
      `{ ${PROGRAMS}\n} >/root/printed; mount | head -1 >>/root/printed; exit\n`,
    );
    const child = start(
      'run',
      'debian',
      '--root',
      path('tree'),
      '--bus',
      'pci',
      '--initrd',
      'none',
      '--timeout',
      '300',
    );
    const { code, stdout } = await finished(child);
    expect(code, stdout).toBe(0);
    expect(readFileSync(path('tree/root/printed'), 'utf8')).toBe(`${PRINTED}root on / type virtiofs (rw,relatime)\n`);
  });
});

describe('viv image', () => {
  it('leaves alone what is there', async () => {
    const { code, stderr } = await viv('image', path('root.qcow2'));
    expect({ code, error: codeIn(stderr) }).toEqual({ code: 1, error: 'VIV_FILE_UNWRITABLE' });
    expect(existsSync(path('root.qcow2'))).toBe(true);
  });
});
