import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFailed, onTestFinished } from 'vitest';
import { type DebianGuest, prepareDebian } from '../src/index.ts';
import { prepareWith } from '../src/prepare.ts';
import { QemuGuest } from './qemu-guest.ts';

// Debian's own packages from the host's mirror (about 120 MB), booted in QEMU.

let cache: string;
let guest: DebianGuest;
let root: string;

beforeAll(async () => {
  cache = mkdtempSync(join(tmpdir(), 'viv-debian-'));
  guest = await prepareDebian({ cache });
  root = join(cache, 'root');
  execFileSync('mkdir', [root]);
  execFileSync('cpio', ['--extract', '--make-directories', '--quiet'], {
    input: readFileSync(guest.initrd),
    cwd: root,
  });
});

afterAll(() => rmSync(cache, { recursive: true, force: true }));

const inGuest = <T>(command: string | undefined, body: (machine: QemuGuest) => Promise<T>): Promise<T> => {
  const machine = new QemuGuest(guest, command);
  // Also after the time of a test has run out, when its body waits for ever.
  onTestFinished(() => machine.close());
  onTestFailed(() => console.error(machine.console.all));
  return body(machine);
};

/** Runs a command in the guest's exec mode: exit report, standard output, standard error. */
const execute = (command: string) =>
  inGuest(command, async (machine) => {
    await machine.ended;
    const [out, err] = machine.output();
    return { exit: machine.agent.all, out, err, log: machine.console.all };
  });

describe("Debian's own packages", () => {
  it('give a kernel and a small, uncompressed initramfs', () => {
    expect(guest.release).toMatch(/^Debian trixie, Linux \d+\.\d+.*-riscv64$/);
    expect(guest.packages.every(({ sha256 }) => /^[0-9a-f]{64}$/.test(sha256))).toBe(true);
    expect(readFileSync(guest.initrd).length).toBeLessThan(30 << 20);
  });

  it('are put together alike each time', async () => {
    const before = readFileSync(guest.initrd);
    rmSync(join(cache, 'debian/trixie/images'), { recursive: true });
    const again = await prepareDebian({ cache });
    expect(again).toEqual(guest);
    expect(readFileSync(again.initrd).equals(before)).toBe(true);
  });

  it('link each applet that this busybox has', () => {
    const listed = execFileSync('qemu-riscv64', [join(root, 'usr/bin/busybox'), '--list'])
      .toString()
      .trim()
      .split('\n');
    expect(readdirSync(join(root, 'usr/bin')).sort()).toEqual([...listed, 'hostctl'].sort());
  });

  it('get the module indexes that depmod makes', () => {
    const [release] = readdirSync(join(root, 'usr/lib/modules'));
    const folder = join(root, 'usr/lib/modules', release);
    const read = (name: string) => readFileSync(join(folder, name), 'utf8').trim().split('\n').sort();
    // The order of what a module depends on is free between two that do not depend on each other.
    const dependencies = () =>
      read('modules.dep').map((line) => {
        const [module, ...needed] = line.split(/:? /);
        return `${module?.replace(/:$/, '')}: ${needed
          .filter((each) => each !== '')
          .sort()
          .join(' ')}`;
      });
    const ours = { dependencies: dependencies(), aliases: read('modules.alias') };
    execFileSync('qemu-riscv64', [join(root, 'usr/bin/busybox'), 'depmod', '-b', root, release]);
    // busybox writes the names of modules in aliases with the dashes of their file names.
    const aliases = read('modules.alias').map((line) => line.replace(/\S+$/, (name) => name.replaceAll('-', '_')));
    expect(ours.dependencies).toEqual(dependencies());
    expect(ours.aliases).toEqual(expect.arrayContaining(aliases.filter((line) => line.startsWith('alias '))));
  });

  it('are verified by a keyring from the host’s own sources when the installed one is too old', async () => {
    const old = '/usr/share/keyrings/debian-archive-removed-keys.gpg';
    const fresh = await prepareWith({ cache: join(cache, 'other') }, { keyrings: [old] });
    expect(fresh.packages).toEqual(guest.packages);
    expect(readFileSync(fresh.initrd).equals(readFileSync(guest.initrd))).toBe(true);
  });
});

describe('the guest at a shell, in QEMU', () => {
  it('boots to a prompt, obeys Ctrl-C, resizes, and powers off when the shell exits', async () => {
    await inGuest(undefined, async (machine) => {
      await machine.console.expect('vivarium: userspace');
      await machine.console.expect('Debian trixie, Linux');
      await machine.console.expect('root@vivarium:~# ');
      await machine.agent.expect('ready\n');

      // The text comes from the program that is to be interrupted, not from the echo of what is typed: before it runs,
      // the line editor of the shell takes Ctrl-C for an ordinary key.
      machine.type(`sh -c 'echo star""ted; exec sleep 1000'\n`);
      await machine.console.expect('started\r\n');
      machine.type('\x03');
      await machine.console.expect('root@vivarium:~# ');
      // By SIGKILL: until the new process has put its signals in order, it ignores SIGTERM as its shell does.
      machine.type('sleep 1000 & jobs; kill -9 %1; wait; echo "done $((6 * 7))"\n');
      await machine.console.expect('Running');
      await machine.console.expect('done 42');

      machine.type(`sh -c 'trap "stty size" WINCH; echo g""o; while sleep 1; do :; done'\n`);
      await machine.console.expect('go\r\n');
      machine.tell('resize x 1');
      machine.tell('nonsense');
      machine.tell('resize 132 43');
      await machine.console.expect('43 132');
      machine.type('\x03');
      await machine.console.expect('root@vivarium:~# ');

      machine.type('hostname; tty; ip -o link | wc -l; lsmod | grep -c ^virtio\n');
      await machine.console.expect('vivarium\r\n/dev/ttyS0\r\n2\r\n3\r\n');
      machine.type('modprobe ext4 && modprobe 9p && grep -cw -e ext4 -e 9p /proc/filesystems\n');
      await machine.console.expect('\n2\r\n');
      machine.type('exit\n');
      await machine.console.expect('reboot: Power down');
      expect(await machine.ended).toBe(0);
    });
  });
});

describe('the guest in exec mode, in QEMU', () => {
  it('keeps the two outputs apart and reports the exit code', async () => {
    const { exit, out, err, log } = await execute('uname -m; echo "it\'s „ünï“" >&2; pwd; cat; exit 7');
    expect(exit).toBe('exit 7\n');
    expect(out).toBe('riscv64\n/root\n');
    expect(err).toBe("it's „ünï“\n");
    expect(log).toContain('vivarium: userspace');
  });

  it('loses nothing of a long output, runs a command longer than an argument may be, and names a signal', async () => {
    const { exit, out, err } = await execute(
      `: '${'"\\\né'.repeat(40_000)}'\n(sleep 1000; echo late) &\nseq 1 6000; echo to stderr >&2\nkill -9 $$`,
    );
    expect(exit).toBe('exit 137\n');
    expect(out).toBe(Array.from({ length: 6000 }, (_, index) => `${index + 1}\n`).join(''));
    expect(err).toBe('to stderr\n');
  });
});
