import { mkdir, mkdtemp, open, readdir, readlink, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runRecipe } from '@vivarium/cli/recipe';
import { createHost, type HostedMachine } from '@vivarium/host';
import { processCells } from '@vivarium/host/node';
import { expect, it } from 'vitest';

const MIB = 1024 * 1024;

/** A shell on the console of a machine. */
const shellOf = (machine: HostedMachine) => {
  let seen = '';
  let look = (): void => {};
  const view = machine.console('console0').attach({
    output: (bytes) => {
      seen += new TextDecoder().decode(bytes);
      look();
    },
  });
  /** What a command prints. */
  return async (command: string): Promise<string> => {
    seen = '';
    view.send(new TextEncoder().encode(`echo be""gin; ${command}; echo e""nd\n`));
    for (;;) {
      const found = /begin\r\n(.*?)end\r\n/s.exec(seen)?.[1];
      if (found !== undefined) return found.replaceAll('\r', '');
      await new Promise<void>((resolve) => {
        look = resolve;
      });
    }
  };
};

/** Files that a process has open below a folder. */
const openFiles = async (pid: number | undefined, folder: string): Promise<readonly string[]> => {
  const descriptors = `/proc/${pid}/fd`;
  const links = (await readdir(descriptors)).map((name) => readlink(join(descriptors, name)).catch(() => ''));
  return (await Promise.all(links)).filter((path) => path.startsWith(folder));
};

const kibibytesFree = (text: string): number => Number(/MemFree:\s+(\d+)/.exec(text)?.[1]);

it('Debian gets and gives back disks, cards, vCPUs and memory while it runs in a process of its own', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'viv-hot-plug-'));
  try {
    const disks = join(folder, 'disks');
    await mkdir(disks);
    await writeFile(join(disks, 'data.img'), '');
    await truncate(join(disks, 'data.img'), 8 * MIB);
    const hot = ['--max-cpus', '2', '--threads', 'off', '--balloon', '0', '--slots', '2', '--writable', 'disks'];
    const { recipe, writable } = await runRecipe(['debian', ...hot], { folder });
    await using host = createHost({ kinds: [processCells()] });
    const machine = await host.create({ name: 'hot', cell: 'process', recipe, writable: [...writable] });
    const shell = shellOf(machine);
    const has = () => machine.info().facts.hardware;
    await machine.start();

    // The agent answers once the guest is up.
    await machine.setVcpus(2, { timeout: 120_000 });
    expect(await shell('nproc')).toBe('2\n');
    await machine.setVcpus(1);
    expect(await shell('nproc')).toBe('1\n');
    expect(await shell('echo 1 >/sys/devices/system/cpu/cpu1/online; nproc')).toMatch(/\n1\n$/);

    const before = kibibytesFree(await shell('cat /proc/meminfo'));
    await machine.setMemory(192 * MIB);
    expect(before - kibibytesFree(await shell('cat /proc/meminfo'))).toBeGreaterThan(48 * 1024);
    await machine.setMemory(256 * MIB);
    expect(before - kibibytesFree(await shell('cat /proc/meminfo'))).toBeLessThan(40 * 1024);

    await machine.attachDevice({ name: 'data', options: { disk: 'disks/data.img' } });
    expect(await shell('cat /sys/block/vda/size; echo written >/dev/vda; sync')).toBe('16384\n');
    await machine.attachDevice({ name: 'card', options: { net: 'user' } });
    const address = 'ip link set eth0 up; ip address add 10.0.2.15/24 dev eth0';
    expect(await shell(`${address}; ping -c 1 -W 10 10.0.2.2 | grep -c "bytes from"`)).toBe('1\n');
    expect(has().devices).toEqual([
      { name: 'data', slot: 'slot0' },
      { name: 'card', slot: 'slot1' },
    ]);
    await expect(machine.attachDevice({ name: 'more', options: { net: 'user' } })).rejects.toMatchObject({
      code: 'VIV_CELL_CHANGE',
    });

    // Nothing is taken from under a file system.
    await shell('mkswap /dev/vda >/dev/null; swapon /dev/vda');
    await expect(machine.detachDevice('data')).rejects.toMatchObject({ code: 'VIV_GUEST_REFUSED' });
    await shell('swapoff /dev/vda; echo written >/dev/vda; sync');
    await machine.detachDevice('data');
    await machine.detachDevice('card');
    expect(await shell('ls /sys/block /sys/class/net | grep -c -e vd -e eth')).toBe('0\n');
    expect(has().devices).toEqual([]);
    expect(await openFiles(machine.info().pid, disks)).toEqual([]);
    const file = await open(join(disks, 'data.img'));
    expect((await file.read(Buffer.alloc(8), 0, 8, 0)).buffer.toString()).toBe('written\n');
    await file.close();

    // What the guest flushed went through.
    expect(await shell('dmesg | grep -c "I/O error"')).toBe('0\n');
    // In again, and torn out while the guest writes: the guest has its errors, and goes on.
    await machine.attachDevice({ name: 'data', options: { disk: 'disks/data.img' } });
    await shell('eval "(while :; do cat /dev/zero >/dev/vda; done) >/dev/null 2>&1 &"');
    await machine.detachDevice('data', { force: true });
    expect(await openFiles(machine.info().pid, disks)).toEqual([]);
    expect(await shell('echo alive')).toBe('alive\n');
    await machine.attachDevice({ name: 'other', options: { net: 'user' } });
    expect(has().devices).toEqual([{ name: 'other', slot: 'slot1' }]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
