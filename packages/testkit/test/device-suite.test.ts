import { type Device, type MmioRegion, type StateValue, VivariumError } from '@vivarium/contracts';
import { describe, expect, it } from 'vitest';
import { deviceSuite, type DeviceSuiteOptions } from '../src/index.ts';

/** A scratch register at 0, a register of ones at 4, and 64-bit scratch at 8. */
class Scratch implements Device {
  value = 0;
  wide = 0n;
  readonly interrupts: readonly string[] = ['irq'];
  readonly deviceTree = {
    name: 'scratch',
    label: 'scratch',
    properties: { compatible: ['example,scratch'], '#x-cells': 1 },
  };
  readonly registers: MmioRegion = {
    name: 'registers',
    length: 16,
    read: (offset, width) => this.read(offset, width),
    write: (offset, _width, value) => this.write(offset, value),
    read64: (offset) => (offset === 8 ? this.wide : 0n),
    write64: (offset, value) => {
      if (offset === 8) this.wide = value;
    },
  };
  regions: readonly MmioRegion[] = [this.registers];
  readonly state = {
    schema: 'scratch',
    version: 2,
    save: (): StateValue => ({ value: this.value, wide: this.wide, name: 'scratch' }),
    restore: (state: StateValue, version: number): void => this.restore(state as never, version),
  };

  read(offset: number, width: number): number {
    const word = offset < 4 ? this.value : offset < 8 ? 0xffff_ffff : 0;
    return width === 4 ? word : (word >>> (8 * (offset & 3))) & (2 ** (8 * width) - 1);
  }

  write(offset: number, value: number): void {
    if (offset === 0) this.value = value;
  }

  restore(state: { value?: unknown; wide?: unknown; name?: unknown } | null, version: number): void {
    const { value, wide, name } = state ?? {};
    this.reset();
    const right = version === 2 && Number.isSafeInteger(value) && typeof wide === 'bigint' && name === 'scratch';
    if (!right) throw new VivariumError('VIV_SCRATCH_STATE', 'no scratch state');
    this.value = value as number;
    this.wide = wide;
  }

  reset(): void {
    this.value = 0;
    this.wide = 0n;
  }
}

const failing = async (make: () => Device, options: DeviceSuiteOptions = {}): Promise<string[]> => {
  const failed: string[] = [];
  for (const { id, run } of deviceSuite(() => ({ device: make() }), { accesses: 400, ...options })) {
    await run().catch((error: unknown) => {
      expect(error).toMatchObject({ code: 'VIV_TESTKIT_FAILED' });
      failed.push(id);
    });
  }
  return failed;
};

const changed = (change: (device: Scratch) => void) => () => {
  const device = new Scratch();
  change(device);
  return device;
};

describe('deviceSuite', () => {
  it('passes a device that keeps the contract, with and without state and device tree', async () => {
    expect(await failing(() => new Scratch())).toEqual([]);
    expect(await failing(() => ({ regions: [], reset: () => {} }))).toEqual([]);
    expect(
      await failing(() => ({
        regions: [{ name: 'rom', length: 2 ** 33, read: () => 0, write: () => {} }],
        reset: () => {},
      })),
    ).toEqual([]);
  });

  it.each<[string, string[], () => Device]>([
    [
      'two regions of one name',
      ['device/regions'],
      changed((d) => {
        d.regions = [d.registers, d.registers];
      }),
    ],
    [
      'a region of length 0',
      ['device/regions'],
      changed((d) => {
        d.regions = [{ ...d.registers, length: 0 }];
      }),
    ],
    [
      'a region of half a byte',
      ['device/regions'],
      changed((d) => {
        d.regions = [{ ...d.registers, length: 0.5 }];
      }),
    ],
    ['an interrupt twice', ['device/regions'], changed((d) => Object.assign(d, { interrupts: ['irq', 'irq'] }))],
    [
      'a read too wide at one offset',
      [
        'device/reads',
        'device/storm',
        'device/reset',
        'device/state-plain',
        'device/state-restore',
        'device/state-hostile',
      ],
      changed((d) => {
        d.read = (offset) => (offset === 5 ? 256 : 0);
      }),
    ],
    [
      'a 64-bit read that is negative',
      ['device/storm', 'device/reset', 'device/state-plain', 'device/state-restore', 'device/state-hostile'],
      changed((d) => {
        d.regions = [{ ...d.registers, read64: () => -1n }];
      }),
    ],
    [
      'a write that throws',
      ['device/storm', 'device/reset', 'device/state-plain', 'device/state-restore', 'device/state-hostile'],
      changed((d) => {
        d.write = () => {
          throw new Error('boo');
        };
      }),
    ],
    [
      'a reset that throws',
      ['device/storm', 'device/state-hostile'],
      changed((d) => {
        const { reset } = d;
        let resets = 0;
        d.reset = () => {
          if (++resets > 2) throw new Error('boo');
          reset.call(d);
        };
      }),
    ],
    [
      'a reset that forgets a register',
      ['device/reset', 'device/state-hostile'],
      changed((d) => {
        d.reset = () => {
          d.wide = 0n;
        };
      }),
    ],
    [
      'state that lives on',
      ['device/state-plain'],
      changed((d) => {
        d.state.save = () => ({
          get value() {
            return d.value;
          },
          wide: d.wide,
          name: 'scratch',
        });
      }),
    ],
    [
      'state that is an instance',
      ['device/state-plain'],
      changed((d) => {
        d.state.save = () =>
          Object.assign(Object.create({ odd: 1 }), { value: d.value, wide: d.wide, name: 'scratch' }) as StateValue;
      }),
    ],
    [
      'version 0',
      ['device/state-plain', 'device/state-restore'],
      changed((d) => Object.assign(d.state, { version: 0 })),
    ],
    [
      'a restore that loses a field',
      ['device/state-restore'],
      changed((d) => {
        const { restore } = d;
        d.restore = (state, version) => {
          restore.call(d, state, version);
          d.wide = 0n;
        };
      }),
    ],
    [
      'a restore that takes anything',
      ['device/state-hostile'],
      changed((d) => {
        d.restore = (state) => {
          d.value = (state?.value ?? 0) as number;
          d.wide = (state?.wide ?? 0n) as bigint;
        };
      }),
    ],
    [
      'a restore that takes any version',
      ['device/state-hostile'],
      changed((d) => {
        const { restore } = d;
        d.restore = (state) => restore.call(d, state, 2);
      }),
    ],
    [
      'a restore that throws without a code',
      ['device/state-hostile'],
      changed((d) => {
        const { restore } = d;
        d.restore = (state, version) => {
          try {
            restore.call(d, state, version);
          } catch {
            throw new TypeError('no');
          }
        };
      }),
    ],
    [
      'a refused restore that leaves the device as it was',
      ['device/state-hostile'],
      changed((d) => {
        const { restore } = d;
        d.restore = (state, version) => {
          const { value, wide } = d;
          try {
            restore.call(d, state, version);
          } catch (error) {
            Object.assign(d, { value, wide });
            throw error;
          }
        };
      }),
    ],
    [
      'no compatible',
      ['device/device-tree'],
      changed((d) => Object.assign(d, { deviceTree: { name: 'x', properties: {} } })),
    ],
    [
      'an empty compatible',
      ['device/device-tree'],
      changed((d) => Object.assign(d, { deviceTree: { name: 'x', properties: { compatible: [] } } })),
    ],
    [
      'a node name with a blank',
      ['device/device-tree'],
      changed((d) => Object.assign(d, { deviceTree: { name: 'x y', properties: { compatible: 'x' } } })),
    ],
    [
      'a property name with a slash',
      ['device/device-tree'],
      changed((d) => Object.assign(d, { deviceTree: { name: 'x', properties: { compatible: 'x', 'a/b': 1 } } })),
    ],
    [
      'a function in the tree',
      ['device/device-tree'],
      changed((d) => Object.assign(d, { deviceTree: { name: 'x', properties: { compatible: 'x', f: () => 1 } } })),
    ],
  ])('fails a device with %s', async (_what, expected, make) => {
    expect(await failing(make)).toEqual(expected);
  });

  it('leaves unstable registers out of comparisons, and only those', async () => {
    let ticks = 0;
    const ticking = changed((device) => {
      const { read } = device;
      device.read = (offset, width) => (offset >= 12 ? ++ticks & 0xff : read.call(device, offset, width));
    });
    expect(await failing(ticking)).toEqual(['device/reset', 'device/state-restore']);
    expect(await failing(ticking, { unstable: (region, offset) => region === 'registers' && offset >= 12 })).toEqual(
      [],
    );
  });

  it('does the same accesses for the same seed, and disposes every subject', async () => {
    const traces: string[] = [];
    let [made, disposed] = [0, 0];
    for (const seed of [7, 7, 8]) {
      const trace: unknown[] = [];
      const make = () => {
        made++;
        const device = new Scratch();
        device.write = (...access) => void trace.push(access);
        return { device, dispose: () => void disposed++ };
      };
      for (const { id, run } of deviceSuite(make, { seed, accesses: 100 })) if (id === 'device/storm') await run();
      traces.push(JSON.stringify(trace));
    }
    expect(traces[0]).toBe(traces[1]);
    expect(traces[0]).not.toBe(traces[2]);
    expect([made, disposed]).toEqual([3, 3]);
  });
});
