import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { viv } from './support/viv.ts';

const MIB = 1024 * 1024;

/** Runs a program of e2fsprogs, which works on the image without a guest. */
const tool = (name: string, ...args: readonly string[]) => {
  const { status, stdout, stderr, error } = spawnSync(name, args, { encoding: 'utf8' });
  if (error !== undefined) throw new Error(`this test needs ${name} (Debian: e2fsprogs)`, { cause: error });
  return { status, stdout, stderr };
};

const exec = (disk: string, command: string, ...more: readonly string[]) =>
  viv('run', 'debian', '--timeout', '300', '--disk', disk, ...more, `--exec=${command}`);

describe.each(['mmio', 'pci'])('a disk on the %s bus', (bus) => {
  let folder = '';
  let image = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'viv-disk-'));
    image = join(folder, 'disk.img');
    await writeFile(image, '');
    await truncate(image, 64 * MIB);
    const { status, stderr } = tool('mkfs.ext4', '-q', '-F', image);
    if (status !== 0) throw new Error(`mkfs.ext4 failed: ${stderr}`);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('keeps what a guest wrote, for the next guest and for the host', async () => {
    const write =
      'mount /dev/vda /mnt && dd if=/dev/urandom of=/mnt/file bs=64k count=100 2>/dev/null && md5sum </mnt/file && umount /mnt';
    const first = await exec(`${image},serial=test`, `cat /sys/block/vda/serial && echo && ${write}`, '--bus', bus);
    expect(first).toMatchObject({ code: 0, stdout: expect.stringMatching(/^test\n[0-9a-f]{32} {2}-\n$/) as string });
    expect(tool('e2fsck', '-fn', image)).toMatchObject({ status: 0 });
    tool('debugfs', '-R', `dump /file ${join(folder, 'copy')}`, image);
    const sum = first.stdout.split('\n')[1];
    expect(tool('md5sum', join(folder, 'copy')).stdout.slice(0, 32)).toBe(sum?.slice(0, 32));
    const second = await exec(`${image},ro`, 'mount -o ro /dev/vda /mnt && md5sum </mnt/file', '--bus', bus);
    expect(second).toMatchObject({ code: 0, stdout: `${sum}\n` });
  });

  it('refuses writes when it is read-only', async () => {
    const { code, stdout } = await exec(
      `${image},ro`,
      'blockdev --getro /dev/vda; ! dd if=/dev/zero of=/dev/vda count=1',
      '--bus',
      bus,
    );
    expect({ code, stdout }).toEqual({ code: 0, stdout: '1\n' });
    expect(tool('e2fsck', '-fn', image)).toMatchObject({ status: 0 });
  });
});

describe('a disk that is not there', () => {
  it('ends the run before it starts, with a code', async () => {
    const { code, stderr } = await exec('/nowhere/disk.img', 'true');
    expect(code).toBe(1);
    expect(stderr).toContain('VIV_HOST_FILE_MISSING');
  });
});
