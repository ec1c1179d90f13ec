import type { StateCodec, VirtioDevice, VirtioQueue, VirtioRequest } from '@vivarium/contracts';
import { type ConformanceCase, expectThat, neverThrows, type SubjectFactory } from './conformance.ts';
import { type FakeVirtioQueue, type FakeVirtioQueueOptions, fakeVirtioQueue } from './fake-virtio-queue.ts';
import type { VirtioSubject } from './hostile/laboratory.ts';
import { type Random, seededRandom } from './random.ts';
import { refusesWrongState, restoresWhatItSaved, savesPlainData } from './state-checks.ts';

export interface VirtioDeviceSuiteOptions {
  /** Of the random requests; default 1. A failure names it. */
  readonly seed?: number;
  /** Random requests for each queue; default 500. */
  readonly requests?: number;
}

/** Virtual I/O Device 1.3, section 4.1.2: a PCI device id is 0x1040 more. */
const LARGEST_ID = 0xffff - 0x1040;
/** Section 2.7: sizes of split rings. */
const LARGEST_QUEUE = 32_768;
/** Section 2.2: the bits that are a device's own. */
const OWN_FEATURES = (1n << 24n) - 1n + (((1n << 14n) - 1n) << 50n);
const LARGEST_CONFIG = 256;

/** A device and its queues, as after DRIVER_OK. */
interface Attached {
  readonly device: VirtioDevice;
  readonly queues: readonly FakeVirtioQueue[];
  /** What the device was seen doing wrong with its queues. */
  readonly complaints: readonly string[];
}

/** A queue that looks at what is completed. */
const watched = (queue: FakeVirtioQueue, complain: (what: string) => void): FakeVirtioQueue => {
  const check = ({ live, writableLength }: VirtioRequest, written: number): void => {
    if (!live) return;
    const fits = Number.isInteger(written) && written >= 0 && written <= writableLength;
    if (!fits)
      complain(`queue ${queue.index}: ${written} bytes written into a request with room for ${writableLength}`);
  };
  return {
    ...queue,
    get inFlight() {
      return queue.inFlight;
    },
    complete: (request, written) => {
      check(request, written);
      queue.complete(request, written);
    },
    completeAll: (completions) => {
      for (const { request, written } of completions) check(request, written);
      queue.completeAll(completions);
    },
  };
};

const NO_SIGNALS = { configChanged: () => {}, needsReset: () => {} };

const activate = (device: VirtioDevice, features: bigint, queues: readonly (VirtioQueue | undefined)[]): void =>
  neverThrows('activate', () => device.activate(features, queues, NO_SIGNALS));

/** Resets the device and gives it queues; `features` defaults to all that it offers. */
const attach = (
  device: VirtioDevice,
  { features = device.features, ...kind }: FakeVirtioQueueOptions & { readonly features?: bigint } = {},
): Attached => {
  const complaints: string[] = [];
  const queues = device.queueSizes.map((size, index) =>
    watched(fakeVirtioQueue({ ...kind, index, size }), (what) => void complaints.push(what)),
  );
  neverThrows('reset', () => device.reset());
  activate(device, features, queues);
  return { device, queues, complaints };
};

const notify = (device: VirtioDevice, index: number): void =>
  neverThrows(`notified(${index})`, () => device.notified(index));

/** Sends the good request, and fails unless it is answered right. */
const serves = ({ device, probe }: VirtioSubject, { queues }: Attached, when: string): void => {
  const queue = queues[probe.queue];
  if (queue === undefined) throw new RangeError(`the device has no queue ${probe.queue} for the probe`);
  const readable = Uint8Array.from((probe.readable ?? []).flatMap((bytes) => [...bytes]));
  const room = (probe.writable ?? []).reduce((sum, length) => sum + length, 0);
  const request = queue.submit(readable, room);
  notify(device, probe.queue);
  expectThat(request.written !== undefined, `the device must serve a good request ${when}`);
  const whole = new Uint8Array(room);
  whole.set(request.answer);
  const right = probe.answered?.(whole, request.written ?? 0) ?? true;
  expectThat(right, `the device must give the right answer ${when}`, { answer: [...request.answer] });
};

/** Requests of random lengths with random bytes, into every queue. */
const storm = ({ device, queues }: Attached, random: Random, requests: number): void => {
  for (let count = 0; count < requests; count++) {
    for (const queue of queues) {
      const readable = Uint8Array.from({ length: random(4) === 0 ? random(300) : random(48) }, () => random(256));
      // Small numbers are what requests are made of: types, counts, handles.
      if (random(2) === 0) for (const index of readable.keys()) if (index % 4 !== 0) readable[index] = 0;
      queue.submit(readable, random(3) === 0 ? random(5000) : random(64));
      if (random(3) === 0) notify(device, queue.index);
    }
  }
  for (const queue of queues) notify(device, queue.index);
};

const checkShape = ({ deviceId, kind, features, queueSizes, config }: VirtioDevice): void => {
  const isId = Number.isInteger(deviceId) && deviceId > 0 && deviceId <= LARGEST_ID;
  expectThat(isId, `deviceId must be 1 to ${LARGEST_ID}, and is ${deviceId}`);
  expectThat(kind !== '', 'kind must say what the device is');
  const strange = features & ~OWN_FEATURES;
  expectThat(strange === 0n, `features may hold bits 0 to 23 and 50 to 63, and hold 0x${strange.toString(16)}, too`);
  for (const [index, size] of queueSizes.entries()) {
    const fits = Number.isInteger(size) && size > 0 && size <= LARGEST_QUEUE && (size & (size - 1)) === 0;
    expectThat(fits, `the size of queue ${index} must be a power of two up to ${LARGEST_QUEUE}, and is ${size}`);
  }
  const { length } = config;
  const fits = Number.isInteger(length) && length >= 0 && length <= LARGEST_CONFIG;
  expectThat(fits, `config must have 0 to ${LARGEST_CONFIG} bytes, and has ${length}`);
};

const checkConfig = ({ config }: VirtioDevice): void => {
  for (let offset = 0; offset < config.length; offset++) {
    const value: unknown = neverThrows(`config.read(${offset})`, () => config.read(offset));
    const isByte = typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 255;
    expectThat(isByte, `byte ${offset} of config must read 0 to 255, and reads ${String(value)}`);
  }
};

/** What every virtio device must do, seen through queues without rings; `hostileSuite` shows the same device to rings. */
export const virtioDeviceSuite = (
  make: SubjectFactory<VirtioSubject>,
  { seed = 1, requests = 500 }: VirtioDeviceSuiteOptions = {},
): readonly ConformanceCase[] => {
  const withSubject = async (act: (subject: VirtioSubject) => void | Promise<void>): Promise<void> => {
    const subject = await make();
    try {
      await act(subject);
    } finally {
      subject.dispose?.();
    }
  };
  const withState = (act: (one: Attached, state: StateCodec, other: Attached, otherState: StateCodec) => void) =>
    withSubject(({ device }) =>
      device.state === undefined
        ? undefined
        : withSubject(({ device: twin }) => {
            if (device.state === undefined || twin.state === undefined) return;
            act(attach(device), device.state, attach(twin), twin.state);
          }),
    );

  return [
    {
      id: 'virtio/shape',
      title: 'has an id, features of its own, sizes of queues and a configuration space that transports can show',
      run: () => withSubject(({ device }) => checkShape(device)),
    },
    {
      id: 'virtio/config',
      title: 'reads bytes from its configuration space, and survives writes to all of it',
      run: () =>
        withSubject(({ device }) => {
          checkConfig(device);
          attach(device);
          for (let offset = 0; offset < device.config.length; offset++) {
            for (const value of [0, 1, 0x7f, 0x80, 0xff]) {
              neverThrows(`config.write(${offset}, ${value})`, () => device.config.write?.(offset, value));
            }
          }
          checkConfig(device);
        }),
    },
    ...(
      [
        ['whole', 'in one piece', {}],
        ['pieces', 'cut into single bytes', { piece: 1 }],
        ['shared', 'in shared memory', { shared: true }],
      ] as const
    ).map(([id, what, options]) => ({
      id: `virtio/serves-${id}`,
      title: `serves a good request ${what}`,
      run: () => withSubject((subject) => serves(subject, attach(subject.device, options), what)),
    })),
    {
      id: 'virtio/idle',
      title: 'does nothing when it is notified of nothing',
      run: () =>
        withSubject((subject) => {
          const attached = attach(subject.device);
          for (const index of subject.device.queueSizes.keys()) notify(subject.device, index);
          const done = attached.queues.reduce((sum, { completed }) => sum + completed.length, 0);
          expectThat(done === 0, 'nothing may be completed when nothing was asked');
          serves(subject, attached, 'after it was notified of nothing');
        }),
    },
    {
      id: 'virtio/missing-queues',
      title: 'survives a driver that leaves out every queue, and one that takes no feature',
      run: () =>
        withSubject((subject) => {
          const { device } = subject;
          neverThrows('reset', () => device.reset());
          activate(
            device,
            device.features,
            device.queueSizes.map(() => undefined),
          );
          for (const index of device.queueSizes.keys()) notify(device, index);
          storm(attach(device, { features: 0n }), seededRandom(seed), requests / 10);
          serves(subject, attach(device), 'after a reset');
        }),
    },
    {
      id: 'virtio/storm',
      title: 'survives random requests in every queue, and says truly how much it wrote',
      run: () =>
        withSubject((subject) => {
          const attached = attach(subject.device);
          storm(attached, seededRandom(seed), requests);
          const [complaint] = attached.complaints;
          expectThat(complaint === undefined, complaint ?? '', { seed });
          serves(subject, attach(subject.device), 'after a storm and a reset');
        }),
    },
    {
      id: 'virtio/reset',
      title: 'lets go of its queues at reset: takes nothing, completes nothing, and serves again',
      run: () =>
        withSubject((subject) => {
          const { device } = subject;
          const attached = attach(device);
          storm(attached, seededRandom(seed), requests / 10);
          for (const queue of attached.queues) queue.kill();
          const before = attached.queues.map(({ completed }) => completed.length);
          neverThrows('reset', () => device.reset());
          for (const queue of attached.queues) {
            queue.submit(new Uint8Array(16), 64);
            notify(device, queue.index);
            const untouched = queue.inFlight === 0 && queue.completed.length === before[queue.index];
            expectThat(untouched, `queue ${queue.index} was taken back by the reset, and must be left alone`);
          }
          serves(subject, attach(device), 'after a reset');
        }),
    },
    {
      id: 'virtio/state-plain',
      title: 'saves, if anything, plain data that later requests do not change',
      run: () =>
        withState((one, state) => {
          storm(one, seededRandom(seed), requests / 10);
          savesPlainData(state, () => storm(one, seededRandom(seed + 1), requests / 10));
        }),
    },
    {
      id: 'virtio/state-restore',
      title: 'saves, restores and saves again to the same state',
      run: () =>
        withState((one, state, _other, otherState) => {
          storm(one, seededRandom(seed), requests / 10);
          restoresWhatItSaved(state, otherState, { seed });
        }),
    },
    {
      id: 'virtio/state-hostile',
      title: 'refuses state that is wrong with a coded error, and is then as after a reset',
      run: () =>
        withState((one, state, other, otherState) => {
          neverThrows('reset', () => other.device.reset());
          refusesWrongState(state, otherState, () => storm(attach(one.device), seededRandom(seed), 20));
        }),
    },
  ];
};
