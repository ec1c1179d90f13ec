import { expectThat } from '../conformance.ts';
import { type HostileCase, kicked, needsReset, refused } from './case.ts';
import { Feature, Status } from './driver.ts';
import type { Laboratory } from './laboratory.ts';

const KICKS = 100_000;

/** As many good requests as fit, published at once. */
const fill = (lab: Laboratory): number => {
  const elements = lab.elements();
  const ring = lab.ring(lab.bench);
  const count = Math.floor(ring.place.size / elements.length);
  for (let index = 0; index < count; index++) ring.publish(elements);
  return count;
};

const nothingHappens = (lab: Laboratory, act: () => void): 'PASS' => {
  const before = lab.bench.driver.status;
  act();
  lab.bench.settle();
  expectThat(lab.bench.driver.status === before, 'the status must stay', { before, after: lab.bench.driver.status });
  return 'PASS';
};

/** Acts while a method of the device throws. */
const failing = (lab: Laboratory, method: 'activate' | 'notified', act: () => void): void => {
  const { device } = lab.bench;
  const own = Object.getOwnPropertyDescriptor(device, method);
  const fail = (): never => {
    throw new Error('on purpose');
  };
  Object.defineProperty(device, method, { value: fail, configurable: true });
  try {
    act();
  } finally {
    if (own === undefined) Reflect.deleteProperty(device, method);
    else Object.defineProperty(device, method, own);
  }
};

/** Section C of the catalogue: indices and notifications. */
export const ringCases: readonly HostileCase[] = [
  {
    id: 'C1',
    title: 'an available index that jumps by more than the size',
    formats: ['split'],
    run: (lab) => {
      lab.split().index += lab.split().place.size + 1;
      return refused(lab);
    },
  },
  {
    id: 'C2',
    title: 'an available index that goes backwards',
    formats: ['split'],
    run: (lab) => {
      lab.serves();
      lab.split().index -= 1;
      return refused(lab);
    },
  },
  {
    id: 'C3',
    title: 'indices that wrap from 65535 to 0',
    run: (lab) => {
      const elements = lab.elements();
      const ring = lab.ring(lab.bench);
      for (let count = 0; count < 0x1_0010; count++) {
        ring.publish(elements);
        if (count % 7 === 0) lab.kick();
        else if (count % 7 === 1) lab.bench.driver.notify(lab.bench.probe.queue);
        if (count % 2 === 1) {
          lab.kick();
          ring.returned();
        }
      }
      lab.kick();
      ring.returned();
      lab.serves(lab.bench, 'after 65,552 requests');
      return 'PASS';
    },
  },
  {
    id: 'C4',
    title: 'a queue that is full',
    run: (lab) => {
      const count = fill(lab);
      const back = kicked(lab);
      expectThat(back.length === count && !needsReset(lab), 'every request must be served', { count, back });
      return 'PASS';
    },
  },
  {
    id: 'C5',
    title: 'a used ring that the driver writes over',
    formats: ['split'],
    run: (lab) => {
      const { device, size } = lab.split().place;
      lab.serves();
      lab.memory.write(device, new Uint8Array(4 + 8 * size).fill(0xa5));
      lab.split().publish(lab.elements());
      lab.kick();
      return needsReset(lab) ? 'REJECT' : 'PASS';
    },
  },
  {
    id: 'C6',
    title: 'an interrupt that is wanted in the far future, or never',
    formats: ['split'],
    run: (lab) => {
      for (const event of [0x8000, 0xffff, lab.split().index - 1]) {
        lab.split().usedEvent = event & 0xffff;
        lab.serves();
      }
      return 'PASS';
    },
  },
  {
    id: 'C7',
    title: 'flags of the available ring that do not exist',
    formats: ['split'],
    run: (lab) => {
      lab.split().available.setUint16(0, 0xfffe, true);
      lab.serves();
      return 'PASS';
    },
  },
  { id: 'C8', title: 'a kick with an empty ring', run: (lab) => nothingHappens(lab, () => lab.kick()) },
  {
    id: 'C9',
    title: 'a storm of kicks with nothing to do',
    run: (lab) =>
      nothingHappens(lab, () => {
        for (let count = 0; count < KICKS; count++) lab.bench.driver.notify(lab.bench.probe.queue);
      }),
  },
  {
    id: 'C10',
    title: 'a kick before DRIVER_OK',
    run: (lab) => {
      lab.negotiate(lab.bench);
      for (const index of lab.bench.device.queueSizes.keys()) {
        lab.bench.driver.place(index, lab.placeOf(lab.bench, index));
        lab.bench.driver.enable(index);
      }
      lab.ring(lab.bench).publish(lab.elements());
      return nothingHappens(lab, () => lab.kick());
    },
  },
  {
    id: 'C11',
    title: 'a kick after a reset',
    run: (lab) => {
      lab.ring(lab.bench).publish(lab.elements());
      lab.bench.driver.status = 0;
      const result = nothingHappens(lab, () => lab.kick());
      expectThat(lab.ring(lab.bench).returned().length === 0, 'nothing may be served after a reset');
      return result;
    },
  },
  {
    id: 'C12',
    title: 'a kick for a queue that does not exist',
    run: (lab) =>
      nothingHappens(lab, () => {
        for (const index of [lab.bench.device.queueSizes.length, 0xff, 0xffff, 0x7fff_ffff, 0xffff_ffff]) {
          lab.bench.driver.notify(index);
        }
      }),
  },
  {
    id: 'C13',
    title: 'a device that completes a request twice',
    run: (lab) => {
      // Requests are objects and not numbers, so a device cannot name a head; it can only repeat itself.
      const ring = lab.ring(lab.sibling);
      ring.publish(lab.elements(lab.sibling));
      lab.kick(lab.sibling);
      expectThat(ring.returned().length === 1, 'a request must come back once');
      return 'PASS';
    },
  },
  {
    id: 'C14',
    title: 'a driver that goes on publishing while the device drains',
    run: (lab) => {
      const ring = lab.ring(lab.bench);
      const elements = lab.elements();
      let published = 0;
      ring.publish(elements);
      lab.hooked.hook = (address) => {
        // Each look at a buffer finds one more request behind it.
        if (address === lab.buffer() && published++ < 10_000) ring.publish(elements);
        return undefined;
      };
      try {
        lab.bench.driver.notify(lab.bench.probe.queue);
        const most = 4 * ring.place.size;
        expectThat(published <= most, 'one kick must lead to bounded work', { published, most });
      } finally {
        lab.hooked.hook = undefined;
      }
      return needsReset(lab) ? 'REJECT' : 'PASS';
    },
  },
];

/** Section F of the catalogue: status and features. */
export const statusCases: readonly HostileCase[] = [
  {
    id: 'F1',
    title: 'a status that skips a step',
    cold: true,
    run: (lab) => {
      const { driver } = lab.bench;
      driver.status = 0;
      driver.status = Status.featuresOk | Status.driverOk;
      expectThat((driver.status & Status.driverOk) === 0, 'a driver that never came must not be ready');
      return 'REJECT';
    },
  },
  {
    id: 'F2',
    title: 'a status bit that is taken back without a reset',
    run: (lab) => {
      const before = lab.bench.driver.status;
      lab.bench.driver.status = Status.acknowledge;
      expectThat(lab.bench.driver.status === before, 'a status bit must stay until a reset');
      lab.serves();
      return 'REJECT';
    },
  },
  {
    id: 'F3',
    title: 'a feature that was not offered',
    cold: true,
    run: (lab) => {
      for (const extra of [1n << 63n, 1n << 41n, 1n << 27n, 1n << 50n]) {
        if ((lab.bench.driver.offered() & extra) !== 0n) continue;
        lab.negotiate(lab.bench, lab.wanted(lab.bench) | extra);
        expectThat((lab.bench.driver.status & Status.featuresOk) === 0, 'FEATURES_OK must not stay', { extra });
      }
      return 'REJECT';
    },
  },
  {
    id: 'F4',
    title: 'features that change after FEATURES_OK',
    run: (lab) => {
      const agreed = lab.bench.transport.session.accepted;
      lab.bench.driver.accept(0n);
      expectThat(lab.bench.transport.session.accepted === agreed, 'features must stand');
      lab.serves();
      return 'REJECT';
    },
  },
  {
    id: 'F5',
    title: 'DRIVER_OK without a queue',
    cold: true,
    run: (lab) => {
      lab.negotiate(lab.bench);
      lab.bench.driver.status |= Status.driverOk;
      for (let index = 0; index <= lab.bench.device.queueSizes.length; index++) lab.bench.driver.notify(index);
      return 'PASS';
    },
  },
  {
    id: 'F6',
    title: 'DRIVER_OK twice',
    run: (lab) => {
      const { driver } = lab.bench;
      for (const status of [driver.status, driver.status]) driver.status = status;
      lab.serves();
      return 'PASS';
    },
  },
  {
    id: 'F7',
    title: 'DRIVER_OK without FEATURES_OK',
    cold: true,
    run: (lab) => {
      const { driver } = lab.bench;
      driver.status = 0;
      driver.status = Status.acknowledge | Status.driver;
      driver.status = Status.acknowledge | Status.driver | Status.driverOk;
      expectThat((driver.status & Status.driverOk) === 0, 'DRIVER_OK must not stay');
      return 'REJECT';
    },
  },
  {
    id: 'F8',
    title: 'a driver that gave up and goes on',
    run: (lab) => {
      lab.bench.driver.status |= Status.failed;
      lab.ring(lab.bench).publish(lab.elements());
      lab.kick();
      expectThat(lab.ring(lab.bench).returned().length === 0, 'nothing may be served after FAILED');
      return 'REJECT';
    },
  },
  {
    id: 'F9',
    title: 'a reset with requests in flight',
    run: (lab) => {
      fill(lab);
      lab.bench.driver.notify(lab.bench.probe.queue);
      lab.bench.driver.status = 0;
      lab.bench.settle();
      const { device, size } = lab.ring(lab.bench).place;
      const before = lab.memory.read(device, 6 + 8 * size)?.join();
      lab.bench.settle();
      expectThat(lab.memory.read(device, 6 + 8 * size)?.join() === before, 'nothing may land after a reset');
      expectThat(!lab.bench.interrupts.level, 'a reset must take the interrupt back');
      return 'PASS';
    },
  },
  {
    id: 'F10',
    title: 'a thousand lives',
    run: (lab) => {
      for (let count = 0; count < 1000; count++) lab.start(lab.bench);
      lab.serves(lab.bench, 'after 1000 resets');
      return 'PASS';
    },
  },
  {
    id: 'F11',
    title: 'status bits that are reserved, or the device’s own',
    run: (lab) => {
      const before = lab.bench.driver.status;
      lab.bench.driver.status = before | 0x30 | Status.needsReset;
      expectThat(lab.bench.driver.status === before, 'reserved bits must not stay', {
        status: lab.bench.driver.status,
      });
      lab.serves();
      return 'REJECT';
    },
  },
  {
    id: 'F12',
    title: 'a device that throws when it is started',
    breaksDevice: true,
    run: (lab) => {
      failing(lab, 'activate', () => lab.start(lab.bench));
      const causes = lab.bench.driver.takeInterrupts();
      expectThat(needsReset(lab) && (causes & 2) !== 0, 'the driver must be told to reset the device', { causes });
      return 'REJECT';
    },
  },
  {
    id: 'F13',
    title: 'a device that throws at work',
    breaksDevice: true,
    run: (lab) => {
      lab.ring(lab.bench).publish(lab.elements());
      failing(lab, 'notified', () => lab.kick());
      const causes = lab.bench.driver.takeInterrupts();
      expectThat(needsReset(lab) && (causes & 2) !== 0, 'the driver must be told to reset the device', { causes });
      return 'REJECT';
    },
  },
  {
    id: 'F14',
    title: 'no VERSION_1',
    cold: true,
    run: (lab) => {
      lab.negotiate(lab.bench, lab.wanted(lab.bench) & ~Feature.version1);
      expectThat((lab.bench.driver.status & Status.featuresOk) === 0, 'FEATURES_OK must not stay');
      return 'REJECT';
    },
  },
];
