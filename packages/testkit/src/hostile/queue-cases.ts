import { expectThat } from '../conformance.ts';
import type { HostileCase, Verdict } from './case.ts';
import { Status } from './driver.ts';
import type { RingPlace } from './driver-ring.ts';
import { type Laboratory, RAM, RAM_SIZE } from './laboratory.ts';

type LoosePlace = { readonly [Key in keyof RingPlace]: number | bigint };

/** The queue must not become ready with this. */
const refusesPlace = (lab: Laboratory, change: Partial<LoosePlace>): Verdict => {
  lab.negotiate(lab.bench);
  const { queue } = lab.bench.probe;
  lab.bench.driver.place(queue, { ...lab.placeOf(lab.bench, queue), ...change });
  const ready = lab.bench.driver.enable(queue);
  expectThat(ready === 0, 'the queue must not be ready', { change: String(Object.keys(change)) });
  lab.bench.driver.status |= Status.driverOk;
  lab.kick();
  return 'REJECT';
};

const split = ['split'] as const;

/** Section D of the catalogue: setting up queues. */
export const queueCases: readonly HostileCase[] = [
  { id: 'D1', title: 'size 0', cold: true, run: (lab) => refusesPlace(lab, { size: 0 }) },
  {
    id: 'D2',
    title: 'a size that is no power of two',
    cold: true,
    formats: split,
    run: (lab) => refusesPlace(lab, { size: 3 }),
  },
  {
    id: 'D3',
    title: 'a size above the maximum',
    cold: true,
    run: (lab) => refusesPlace(lab, { size: 2 * lab.bench.driver.queueSizeMax(lab.bench.probe.queue) }),
  },
  { id: 'D4', title: 'descriptors not aligned', cold: true, run: (lab) => refusesPlace(lab, { descriptors: RAM + 8 }) },
  {
    id: 'D5',
    title: 'the driver’s area not aligned',
    cold: true,
    run: (lab) => refusesPlace(lab, { driver: RAM + 0x8001 }),
  },
  {
    id: 'D6',
    title: 'the device’s area not aligned',
    cold: true,
    run: (lab) => refusesPlace(lab, { device: RAM + 0x8002 }),
  },
  {
    id: 'D7',
    title: 'rings out of RAM',
    cold: true,
    run: (lab) => {
      refusesPlace(lab, { descriptors: 0 });
      refusesPlace(lab, { driver: RAM + RAM_SIZE });
      return refusesPlace(lab, { device: RAM - 4 });
    },
  },
  {
    id: 'D8',
    title: 'rings that overlap',
    cold: true,
    run: (lab) => refusesPlace(lab, { device: lab.placeOf(lab.bench, lab.bench.probe.queue).descriptors }),
  },
  {
    id: 'D9',
    title: 'rings in the registers of a device',
    cold: true,
    run: (lab) => refusesPlace(lab, { descriptors: 0x1000_1000 }),
  },
  {
    id: 'D10',
    title: 'ready without addresses',
    cold: true,
    run: (lab) => {
      lab.negotiate(lab.bench);
      expectThat(lab.bench.driver.enable(lab.bench.probe.queue) === 0, 'the queue must not be ready');
      return 'REJECT';
    },
  },
  {
    id: 'D11',
    title: 'a queue that changes after DRIVER_OK',
    run: (lab) => {
      const { queue } = lab.bench.probe;
      lab.bench.driver.place(queue, { size: 2, descriptors: RAM, driver: RAM + 0x100, device: RAM + 0x200 });
      lab.serves();
      return 'REJECT';
    },
  },
  {
    id: 'D12',
    title: 'ready on and off, before and after DRIVER_OK',
    cold: true,
    run: (lab) => {
      const { driver, probe } = lab.bench;
      lab.negotiate(lab.bench);
      driver.place(probe.queue, lab.placeOf(lab.bench, probe.queue));
      for (const [value, ready] of [
        [1, 1],
        [1, 1],
        // Over PCI a queue stops with its device alone (section 4.1.4.3.2).
        [0, driver.kind === 'mmio' ? 0 : 1],
        [1, 1],
      ] as const) {
        expectThat(driver.enable(probe.queue, value) === ready, 'ready must read as it was written', { value });
      }
      lab.start(lab.bench);
      driver.enable(probe.queue, 0);
      lab.serves();
      return 'PASS';
    },
  },
  {
    id: 'D13',
    title: 'ready with a value of neither 0 nor 1',
    cold: true,
    run: (lab) => {
      const { driver, probe } = lab.bench;
      lab.negotiate(lab.bench);
      driver.place(probe.queue, lab.placeOf(lab.bench, probe.queue));
      for (const value of [2, 0x100, 0xffff_fffe]) {
        expectThat(driver.enable(probe.queue, value) === 0, 'the queue must not be ready', { value });
      }
      return 'REJECT';
    },
  },
  {
    id: 'D14',
    title: 'a queue that does not exist, with every register',
    cold: true,
    run: (lab) => {
      const { driver, device } = lab.bench;
      lab.negotiate(lab.bench);
      for (const index of [device.queueSizes.length, 0x400, 0xffff, 0xffff_ffff]) {
        expectThat(driver.queueSizeMax(index) === 0, 'a queue that does not exist has size 0', { index });
        driver.place(index, lab.placeOf(lab.bench, 0));
        expectThat(driver.enable(index) === 0, 'a queue that does not exist is never ready', { index });
      }
      return 'REJECT';
    },
  },
  {
    id: 'D15',
    title: 'halves of addresses in any order',
    cold: true,
    run: (lab) => {
      lab.negotiate(lab.bench);
      const { driver, probe } = lab.bench;
      const place = lab.placeOf(lab.bench, probe.queue);
      driver.place(probe.queue, { ...place, descriptors: 0xffff_ffff_0000_0000n, device: 1n << 60n });
      expectThat(driver.enable(probe.queue) === 0, 'half an address is none');
      driver.place(probe.queue, place);
      expectThat(driver.enable(probe.queue) === 1, 'the addresses are whole now');
      return 'PASS';
    },
  },
  {
    id: 'D16',
    title: 'rings at the very top of the address space',
    cold: true,
    run: (lab) => {
      refusesPlace(lab, { descriptors: 2n ** 64n - 1n });
      refusesPlace(lab, { driver: 2n ** 64n - 2n });
      return refusesPlace(lab, { device: 2n ** 64n - 16n });
    },
  },
];
