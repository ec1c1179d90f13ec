import { defineErrors, type StateValue, type VirtioDevice, type VirtioQueue } from '@vivarium/contracts';
import { describe, expect, it } from 'vitest';
import { virtioDeviceSuite } from '../src/index.ts';

const errors = defineErrors({ VIV_ECHO_STATE: { when: 'The state is none.', hint: 'Take another.' } });

/** Answers with what it is given, and counts. As it should be; tests replace one thing at a time. */
class Echo implements VirtioDevice {
  readonly deviceId: number = 0x3f;
  readonly kind: string = 'echo';
  readonly features: bigint = 1n;
  readonly queueSizes: readonly number[] = [16, 4];
  readonly config = { length: 4, read: (offset: number): number => offset };
  queues: readonly (VirtioQueue | undefined)[] = [];
  served = 0;

  activate(_features: bigint, queues: readonly (VirtioQueue | undefined)[]): void {
    this.queues = queues;
  }

  notified(index: number): void {
    const queue = this.queues[index];
    for (let request = queue?.take(); request !== undefined; request = queue?.take()) {
      this.served += 1;
      queue?.complete(request, this.answer(request));
    }
  }

  answer(request: NonNullable<ReturnType<VirtioQueue['take']>>): number {
    return request.write(0, request.read(0, request.readableLength));
  }

  reset(): void {
    this.queues = [];
    this.served = 0;
  }

  readonly state = {
    schema: 'echo',
    version: 1,
    save: (): StateValue => ({ served: this.served }),
    restore: (state: StateValue, version: number): void => {
      const { served } = (state ?? {}) as { readonly served?: unknown };
      if (version !== 1 || !Number.isInteger(served)) {
        this.reset();
        throw errors.make('VIV_ECHO_STATE', 'this is no state of an echo');
      }
      this.served = served as number;
    },
  };
}

const WORD = Uint8Array.of(1, 2, 3, 4);
const probe = {
  queue: 0,
  readable: [WORD.subarray(0, 1), WORD.subarray(1)],
  writable: [2, 6],
  answered: (written: Uint8Array, length: number) => length === 4 && written.join() === '1,2,3,4,0,0,0,0',
};

/** Ids of the cases that fail, without those that only follow from the first. */
const failures = async (make: () => VirtioDevice): Promise<readonly string[]> => {
  const failed: string[] = [];
  for (const { id, run } of virtioDeviceSuite(() => ({ device: make(), probe }), { requests: 50 })) {
    await run().catch((error: unknown) => {
      expect(error).toMatchObject({ code: 'VIV_TESTKIT_FAILED' });
      failed.push(id);
    });
  }
  return failed;
};

const SHAPES: readonly (readonly [string, Partial<VirtioDevice>])[] = [
  ['no id', { deviceId: 0 }],
  ['an id that no PCI device can have', { deviceId: 0xf000 }],
  ['no kind', { kind: '' }],
  ['a feature bit of the rings', { features: 1n << 32n }],
  ['a queue of three', { queueSizes: [3, 4] }],
  ['a queue that is too large', { queueSizes: [65_536] }],
  ['a configuration space that is too large', { config: { length: 257, read: () => 0 } }],
];

const FAULTS: readonly (readonly [string, string, () => VirtioDevice])[] = [
  [
    'reads more than a byte from its configuration space',
    'virtio/config',
    () => Object.assign(new Echo(), { config: { length: 1, read: () => 256 } }),
  ],
  [
    'throws at a write to its configuration space',
    'virtio/config',
    () =>
      Object.assign(new Echo(), {
        config: {
          length: 1,
          read: () => 0,
          write: () => {
            throw new RangeError('no');
          },
        },
      }),
  ],
  [
    'answers into the first piece alone',
    'virtio/serves-pieces',
    () =>
      Object.assign(new Echo(), {
        answer: (request: Parameters<Echo['answer']>[0]) => {
          const [first] = request.writable();
          const bytes = request.read(0, Math.min(first?.length ?? 0, request.readableLength));
          first?.set(bytes);
          return bytes.length;
        },
      }),
  ],
  [
    'takes guest memory for its own',
    'virtio/serves-shared',
    () =>
      Object.assign(new Echo(), {
        answer: (request: Parameters<Echo['answer']>[0]) => {
          // As crypto.getRandomValues and TextDecoder do.
          if (request.writable().some(({ buffer }) => buffer instanceof SharedArrayBuffer))
            throw new TypeError('shared');
          return request.write(0, request.read(0, request.readableLength));
        },
      }),
  ],
  [
    'takes for granted that a notification comes with a request',
    'virtio/idle',
    () =>
      new (class extends Echo {
        override notified(index: number): void {
          const request = this.queues[index]?.take();
          this.queues[index]?.complete(request!, this.answer(request!));
        }
      })(),
  ],
  [
    'takes for granted that every queue is there',
    'virtio/missing-queues',
    () =>
      new (class extends Echo {
        override notified(index: number): void {
          const queue = this.queues[index] as VirtioQueue;
          if (index === 0) queue.size.toString();
          super.notified(index);
        }
      })(),
  ],
  [
    'says that it wrote what had no room',
    'virtio/storm',
    () =>
      new (class extends Echo {
        override answer(request: Parameters<Echo['answer']>[0]): number {
          super.answer(request);
          return request.readableLength;
        }
      })(),
  ],
  [
    'holds on to its queues at reset',
    'virtio/reset',
    () =>
      new (class extends Echo {
        override reset(): void {
          this.served = 0;
        }
      })(),
  ],
];

describe('the suite for virtio devices', () => {
  it('has nothing against a good one', async () => {
    expect(await failures(() => new Echo())).toEqual([]);
  });

  it.each(SHAPES)('finds one that has %s', async (_what, wrong) => {
    expect(await failures(() => Object.assign(new Echo(), wrong))).toContain('virtio/shape');
  });

  it.each(FAULTS)('finds one that %s', async (_what, id, make) => {
    expect(await failures(make)).toContain(id);
  });

  it('finds one that gives the wrong answer, and one that gives none', async () => {
    const wrong = () => Object.assign(new Echo(), { answer: () => 0 });
    const silent = () => Object.assign(new Echo(), { notified: () => {} });
    for (const make of [wrong, silent]) {
      expect(await failures(make)).toEqual(
        expect.arrayContaining(['virtio/serves-whole', 'virtio/serves-pieces', 'virtio/reset']),
      );
    }
  });

  it('finds states that are not kept, and states that are believed', async () => {
    const forgetful = () => {
      const echo = new Echo();
      return Object.assign(echo, { state: { ...echo.state, restore: () => {} } });
    };
    expect(await failures(forgetful)).toEqual(['virtio/state-restore', 'virtio/state-hostile']);
    const lively = () => {
      const echo = new Echo();
      return Object.assign(echo, { state: { ...echo.state, save: () => echo as unknown as StateValue } });
    };
    expect(await failures(lively)).toContain('virtio/state-plain');
  });
});
