import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { commandLine, execOverlay, prepareDebian } from '@vivarium/guest-debian';
import { afterAll, describe, expect, it } from 'vitest';
import { finished, Scratch, viv } from './support/viv.ts';

const scratch = new Scratch();
afterAll(() => scratch.remove());

/** Levels 0 (emergency) to 4 (warning) of any facility, as `dmesg -r` prints them: `<level>[time] text`. */
const complaints = (log: string): readonly string[] =>
  log
    .split('\n')
    .map((line) => /^<(\d+)>\[ *[\d.]+\] (.*)$/.exec(line.trim()))
    .flatMap((found) => (found !== null && Number(found[1]) % 8 <= 4 ? [found[2]] : []));

/** Addresses and counts differ between two machines; what is complained about does not. */
const subject = (line: string): string => line.replaceAll(/0x[0-9a-f]+|[0-9a-f]{8,}|\d+/gi, '#');

/** The log of the same kernel and initramfs in QEMU's `virt`: the command prints it on the console, then powers off. */
const logOfQemu = async (): Promise<string> => {
  const guest = await prepareDebian();
  const show = 'dmesg -r >/dev/ttyS0; poweroff -f';
  const initrd = scratch.put('initrd', Buffer.concat([readFileSync(guest.initrd), execOverlay(show)]));
  const files = ['-kernel', guest.kernel, '-initrd', initrd, '-append', commandLine({ interactive: false })];
  // The exec mode speaks over the ports ttyS1 to ttyS3, which are PCI cards on that board.
  const ports = ['agent', 'out', 'err'].flatMap((name, index) => [
    ...['-chardev', `file,path=${scratch.path}/${name},id=p${index}`],
    ...['-device', `pci-serial,chardev=p${index}`],
  ]);
  const board = ['-M', 'virt', '-m', '256', '-display', 'none', '-monitor', 'none', '-serial', 'stdio', '-no-reboot'];
  const child = spawn('qemu-system-riscv64', [...board, ...files, ...ports], { stdio: ['ignore', 'pipe', 'pipe'] });
  child.on('error', (cause) => {
    throw new Error('this test needs qemu-system-riscv64 (Debian: qemu-system-misc)', { cause });
  });
  const { stdout } = await finished(child);
  return stdout;
};

describe('the kernel log of the default guest', () => {
  it('complains of nothing that it does not complain of in QEMU', async () => {
    const { stdout, code } = await viv('run', 'debian', '--timeout', '300', '--exec=dmesg -r');
    expect(code).toBe(0);
    const theirs = await logOfQemu();
    // Both are whole logs: from the first line of the kernel to the start of user space.
    for (const log of [stdout, theirs]) {
      expect(log).toMatch(/^<\d+>\[ +0\.0+\] Linux version /m);
      expect(log).toMatch(/Run \/init as init process/);
    }
    const known = new Set(complaints(theirs).map(subject));
    expect(complaints(stdout).filter((line) => !known.has(subject(line)))).toEqual([]);
  });

  it('would show a complaint', () => {
    const log =
      '<6>[    0.000000] fine\n<4>[    1.5] odd: 0x1f\n<28>[    2.0] daemon is worried\r\n<14>[    2.0] user\n';
    expect(complaints(log)).toEqual(['odd: 0x1f', 'daemon is worried']);
  });
});
