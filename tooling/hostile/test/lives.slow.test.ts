import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hostDirectory, userNetwork, virtBoard } from '@vivarium/board-virt';
import { createInlineCell } from '@vivarium/host';
import { openHostFile } from '@vivarium/host-file/node';
import { assemble } from '@vivarium/kernel';
import { nodeHostNetwork } from '@vivarium/net-nat/node';
import { createQcow2 } from '@vivarium/storage-qcow2';
import { openHostDirectory } from '@vivarium/storage-host-directory/node';
import { virtioBalloon } from '@vivarium/virtio-balloon';
import { virtioRng } from '@vivarium/virtio-rng';
import { virtioVsock } from '@vivarium/virtio-vsock';
import { expect, it } from 'vitest';

const MEBIBYTE = 1024 * 1024;
const LIVES = 100;

/** `li t0, 0x100000; li t1, 0x5555; sw t1, 0(t0)`: the board's power switch. */
const POWER_OFF = new Uint8Array(Uint32Array.of(0x0010_02b7, 0x0000_5337, 0x5553_0313, 0x0062_a023).buffer);

/** What a process holds. */
const held = () => {
  const counts = new Map<string, number>();
  for (const name of process.getActiveResourcesInfo()) counts.set(name, (counts.get(name) ?? 0) + 1);
  return { descriptors: readdirSync('/proc/self/fd').length, resources: Object.fromEntries(counts) };
};

/** A machine with a device of every kind, from its parts to its end. */
const live = async (folder: string, count: number): Promise<void> => {
  const file = openHostFile(join(folder, 'disk.qcow2'));
  const tree = openHostDirectory(join(folder));
  const spec = virtBoard({
    memory: 16 * MEBIBYTE,
    boot: { kind: 'bios', bios: { name: 'power-off', bytes: POWER_OFF } },
    disks: [{ file, format: 'qcow2' }],
    networks: [
      {
        backend: userNetwork({
          host: nodeHostNetwork(),
          forwards: [
            { hostPort: 0, guestPort: 80 },
            { protocol: 'udp', hostPort: 0, guestPort: 53 },
          ],
        }),
      },
    ],
    shares: [
      { tag: 'files', backend: hostDirectory({ tree }) },
      { tag: 'more', backend: hostDirectory({ tree }), protocol: '9p' },
    ],
    virtio: [
      { id: 'rng0', plugin: virtioRng },
      { id: 'balloon0', plugin: virtioBalloon, options: { statisticsInterval: 1 } },
      { id: 'vsock0', plugin: virtioVsock },
    ],
    virtioBus: count % 2 === 0 ? 'pci' : 'mmio',
  });
  try {
    await using machine = await assemble(spec, { policy: { allows: () => true } });
    const cell = createInlineCell(machine);
    expect(await cell.run()).toMatchObject({ kind: 'power-off' });
  } finally {
    tree.dispose();
    file.close();
  }
};

it('L4 a hundred machines leave no descriptor, timer or socket behind', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'vivarium-lives-'));
  try {
    const file = openHostFile(join(folder, 'disk.qcow2'), { create: true });
    createQcow2({ file, size: 10 * MEBIBYTE });
    file.close();
    // What is made once, such as compiled code and the pool of file operations, is there after the first ones.
    for (let count = 0; count < 4; count++) await live(folder, count);
    await settled();
    const before = held();
    for (let count = 0; count < LIVES; count++) await live(folder, count);
    await settled();
    expect(held()).toEqual(before);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

/** Sockets are closed in turns of the event loop after they were told to. */
const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 200));
