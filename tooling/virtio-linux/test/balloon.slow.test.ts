import { setTimeout } from 'node:timers/promises';
import {
  type BalloonStatistics,
  type MachineMemory,
  MachineMemoryToken,
  MemoryBalloonToken,
} from '@vivarium/contracts';
import { virtioBalloon } from '@vivarium/virtio-balloon';
import { describe, expect, it } from 'vitest';
import { withDebian } from '../src/debian-machine.ts';

const MIB = 1024 * 1024;
const PAGE = 4096;

/** Bytes of RAM in pages that are all zeroes. */
const zeroes = (memory: MachineMemory): number =>
  memory.banks.reduce((sum, { base, length }) => {
    const bytes = memory.view(base, length) ?? new Uint8Array(0);
    const words = new BigUint64Array(bytes.buffer, bytes.byteOffset, length / 8);
    let found = 0;
    for (let start = 0; start < words.length; start += PAGE / 8) {
      if (words.subarray(start, start + PAGE / 8).every((word) => word === 0n)) found += PAGE;
    }
    return sum + found;
  }, 0);

/** Shell: fills so many MiB of memory with anything but zeroes, or ends. */
const fill = (mebibytes: number): string =>
  `mkdir /fill && mount -t tmpfs -o size=100% fill /fill && dd if=/dev/zero bs=1M count=${mebibytes} 2>/dev/null | tr '\\0' '\\252' >/fill/file || exit`;
/** Shell: lets go of that. */
const FREE = 'umount /fill';
/** Shell: waits until the kernel has counted so many bytes in or out of the balloon. */
const wait = (counter: 'inflate' | 'deflate', bytes: number): string =>
  `until [ "$(grep balloon_${counter} /proc/vmstat | cut -d ' ' -f 2)" -ge ${bytes / PAGE} ]; do sleep 0.1; done`;

const part = (options: object) => [{ id: 'balloon0', plugin: virtioBalloon, options }];

describe.each(['mmio', 'pci'] as const)('the balloon in Linux, on the %s bus', (bus) => {
  it('takes memory from a running guest and gives it back', async () => {
    const seen: number[] = [];
    let taken = 0;
    const command = `${fill(100)}
${FREE}
echo dirty
${wait('inflate', 96 * MIB)}
echo inflated
${wait('deflate', 64 * MIB)}
echo deflated
until [ -e /never ]; do sleep 0.1; done`;
    await withDebian({ bus, virtio: part({ reporting: false }), command }, async ({ machine, line, stop }) => {
      const balloon = machine.get(MemoryBalloonToken);
      const memory = machine.get(MachineMemoryToken);
      await line('dirty');
      const before = zeroes(memory);
      balloon.setTarget(96 * MIB);
      await line('inflated');
      taken = zeroes(memory) - before;
      seen.push(balloon.actual);
      balloon.setTarget(32 * MIB);
      await line('deflated');
      seen.push(balloon.actual);
      await stop();
    });
    expect(seen).toEqual([96 * MIB, 32 * MIB]);
    // Some of what it gave was zeroes before: the memory that was never used.
    expect(taken).toBeGreaterThan(60 * MIB);
  });
});

describe('the balloon in Linux', () => {
  it('says of the guest what the guest says of itself', async () => {
    const readings: BalloonStatistics[] = [];
    const output = await withDebian(
      { virtio: part({ statisticsInterval: 0.5 }), command: "grep MemTotal /proc/meminfo | tr -dc '0-9'; sleep 3" },
      async ({ machine, ended }) => {
        machine.get(MemoryBalloonToken).onEvent((event) => {
          if (event.kind === 'statistics') readings.push(event.statistics);
        });
        await ended;
      },
    );
    expect(readings.length).toBeGreaterThanOrEqual(3);
    const last = readings.at(-1);
    expect(last?.total).toBe(Number(output) * 1024);
    expect(last?.free).toBeGreaterThan(0);
    expect(last?.free).toBeLessThan(Number(output) * 1024);
    expect(last?.minorFaults).toBeGreaterThan(readings[0]?.minorFaults ?? 0);
  });

  it('discards what the guest reports as free, and the guest goes on', async () => {
    const command = `${fill(100)}\necho filled\nsleep 1\n${FREE}\nuntil [ -e /never ]; do sleep 0.1; done`;
    // Linux withholds up to 128 MiB from everybody while it reports them, however little it has left.
    const options = { virtio: part({}), command, memory: 384 * MIB };
    await withDebian(options, async ({ machine, line, stop }) => {
      const memory = machine.get(MachineMemoryToken);
      await line('filled');
      const before = zeroes(memory);
      // Linux reports two seconds after pages became free, and not those that are in small pieces.
      while (zeroes(memory) < before + 60 * MIB) await setTimeout(500);
      expect(machine.get(MemoryBalloonToken).reported).toBeGreaterThan(60 * MIB);
      await stop();
    });
  });

  it('gives pages back to a guest that has no memory left', async () => {
    let [before, after] = [0, 0];
    const target = 150 * MIB;
    const command = `${wait('inflate', target)}\necho inflated\n${fill(100)}\necho lived`;
    const output = await withDebian({ virtio: part({ target, reporting: false }), command }, async (guest) => {
      const balloon = guest.machine.get(MemoryBalloonToken);
      await guest.line('inflated');
      before = balloon.actual;
      after = before;
      balloon.onEvent((event) => {
        if (event.kind === 'actual') after = Math.min(after, event.actual);
      });
      await guest.line('lived');
    });
    expect(output).toBe('inflated\nlived\n');
    expect(before).toBe(target);
    expect(after).toBeLessThan(target - 20 * MIB);
  });
});
