import { fakeClock, fakeInterrupt, fakeMemory } from '@vivarium/testkit';
import { MmioTransport } from '@vivarium/virtio-transport';
import { expect, it } from 'vitest';
import { VirtioBalloon } from '../src/index.ts';
import { BASE, FIRST_PAGE, MIB, pageNumbers } from './balloon-bench.ts';

it('a guest that gives away its rings while they are in use hurts itself alone', () => {
  const clock = fakeClock();
  const memory = fakeMemory({ base: BASE, size: MIB });
  const device = new VirtioBalloon({
    memory,
    clock,
    timer: (expired) => clock.timer(expired),
    deflateOnOom: true,
    reporting: true,
  });
  device.setTarget(MIB);
  const failures: unknown[] = [];
  const transport = new MmioTransport({
    device,
    memory,
    interrupt: fakeInterrupt(),
    defer: () => {},
    violation: () => {},
    failed: (hook, error) => void failures.push([hook, error]),
    label: 'virtio0',
  });
  const [registers] = transport.regions;
  const write = (offset: number, value: number) => registers?.write(offset, 4, value >>> 0);
  const start = () => {
    write(0x70, 0);
    write(0x70, 3);
    write(0x24, 1);
    write(0x20, 1);
    write(0x70, 11);
    write(0x30, 0);
    write(0x38, 16);
    for (const [offset, address] of [
      [0x80, BASE],
      [0x90, BASE + 4096],
      [0xa0, BASE + 8192],
    ] as const)
      write(offset, address);
    write(0x44, 1);
    write(0x70, 15);
  };
  const give = (...pages: readonly number[]) => {
    memory.write(BASE + 0x4000, pageNumbers(...pages));
    const ring = new DataView(memory.linear.buffer);
    ring.setBigUint64(0, BigInt(BASE + 0x4000), true);
    ring.setUint32(8, pages.length * 4, true);
    ring.setUint32(12, 0, true);
    ring.setUint16(4096 + 4, 0, true);
    ring.setUint16(4096 + 2, 1, true);
    write(0x50, 0);
  };
  start();
  // Descriptors, available ring, used ring, the list itself, and all memory there is.
  give(FIRST_PAGE, FIRST_PAGE + 1, FIRST_PAGE + 2, FIRST_PAGE + 4);
  give(...Array.from({ length: 256 }, (_, page) => FIRST_PAGE + page));
  expect(failures).toEqual([]);
  expect(device.actual).toBeLessThanOrEqual(MIB);
  transport.reset();
  memory.clear();
  start();
  give(FIRST_PAGE + 20);
  expect([device.actual, failures]).toEqual([4096, []]);
});
