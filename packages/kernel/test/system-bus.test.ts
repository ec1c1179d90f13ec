import {
  BUS_FAULT,
  type Device,
  type MachineEvents,
  type MmioRegion,
  type SystemBus,
  SystemBusToken,
} from '@vivarium/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assemble } from '../src/index.ts';
import { device, devicePlugin, plugin, region, rejection } from './specimens.ts';

const BASE = 0x1000_0000;

/** A machine of devices, each with one region, and what its bus reports. */
const busOf = async (...placed: readonly (readonly [MmioRegion, number])[]) => {
  const machine = await assemble({
    name: 'm',
    parts: placed.map(([subject, base], index) => ({
      id: `dev${index}`,
      plugin: devicePlugin(device(subject)),
      regions: { [subject.name]: base },
    })),
  });
  const failures: MachineEvents['part:failure'][] = [];
  machine.events.on('part:failure', (failure) => failures.push(failure));
  return { machine, bus: machine.get(SystemBusToken), failures };
};

describe('system bus', () => {
  it('gives a device offsets into its own region, and values within the width', async () => {
    const seen: unknown[] = [];
    const { bus, machine } = await busOf([
      region({
        read: (...access) => (seen.push(access), 0x12),
        write: (...access) => void seen.push(access),
      }),
      BASE,
    ]);
    expect(bus.read(BASE + 8, 2)).toBe(0x12);
    expect(bus.write(BASE + 0xfc, 4, -1)).toBe(true);
    expect(bus.write(BASE + 1, 1, 0x1ff)).toBe(true);
    expect(bus.write(BASE, 4, Number.NaN)).toBe(true);
    expect(seen).toEqual([
      [8, 2],
      [0xfc, 4, 0xffff_ffff],
      [1, 1, 0xff],
      [0, 4, 0],
    ]);
    await machine.dispose();
  });

  it('H2 H3 faults where no region holds the whole aligned access, and calls nobody', async () => {
    let calls = 0;
    const counting = (name: string, length: number) =>
      region({ name, length, read: () => ++calls, write: () => void calls++ });
    const { bus, machine, failures } = await busOf(
      [counting('a', 6), BASE],
      [counting('b', 8), BASE + 6],
      [counting('c', 3), 0],
    );
    for (const [address, width] of [
      [BASE - 1, 1],
      [BASE - 4, 4],
      [BASE + 4, 4],
      [BASE + 1, 2],
      [BASE + 2, 4],
      [BASE + 14, 1],
      [2, 2],
      [0, 4],
      // Aligned in the address space but not in region b, and the other way round.
      [BASE + 8, 4],
      [BASE + 6, 4],
    ] as const) {
      expect([address, width, bus.read(address, width)]).toEqual([address, width, BUS_FAULT]);
      expect(bus.write(address, width, 0)).toBe(false);
    }
    expect(calls).toBe(0);
    expect(failures).toEqual([]);
    expect(bus.read(BASE + 4, 2)).toBe(1);
    expect(bus.read(BASE + 6, 2)).toBe(2);
    await machine.dispose();
  });

  it('H5 faults at addresses that are no address, and keeps those beyond 2^32 apart', async () => {
    const { bus, machine } = await busOf(
      [region({ read: () => 1 }), 0],
      [region({ read: () => 2 }), 2 ** 32],
      [region({ read: () => 3 }), 2 ** 53 - 0x100],
    );
    expect([bus.read(0, 4), bus.read(2 ** 32, 4), bus.read(2 ** 53 - 4, 4)]).toEqual([1, 2, 3]);
    for (const address of [-4, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, 2 ** 64, -(2 ** 31), 2 ** 31]) {
      expect(bus.read(address, 4)).toBe(BUS_FAULT);
      expect(bus.write(address, 4, 0)).toBe(false);
      expect(bus.read64(address)).toBeUndefined();
      expect(bus.write64(address, 0n)).toBe(false);
    }
    await machine.dispose();
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('boo');
      },
    ],
    ['answers NaN', () => Number.NaN],
    ['answers a negative number', () => -1],
    ['answers a fraction', () => 0.5],
    ['answers 2^32', () => 2 ** 32],
    ['answers infinity', () => Number.POSITIVE_INFINITY],
    ['answers a bigint', () => 1n],
    ['answers a string', () => '1'],
    ['answers nothing', () => undefined],
    [
      'answers an object that throws',
      () => ({
        valueOf: () => {
          throw new Error('boo');
        },
      }),
    ],
  ])('P7 P12 reads all ones from a device that %s, reports it once, and goes on', async (_what, read) => {
    const { bus, machine, failures } = await busOf(
      [region({ read: read as () => number }), BASE],
      [region({ read: () => 5 }), 0],
    );
    expect([bus.read(BASE, 1), bus.read(BASE, 2), bus.read(BASE, 4), bus.read64(BASE)]).toEqual([
      0xff,
      0xffff,
      0xffff_ffff,
      0xffff_ffff_ffff_ffffn,
    ]);
    expect(failures).toMatchObject([
      { part: 'dev0', hook: 'bus', error: { code: 'VIV_DEVICE_CONTRACT', details: { part: 'dev0' } } },
    ]);
    expect(failures[0]?.plugin).toMatch(/^specimen-/);
    expect(bus.read(0, 4)).toBe(5);
    await machine.dispose();
  });

  it.each([
    [1, 0x100],
    [2, 0x1_0000],
  ] as const)('P7 takes a value too wide for %i bytes as nonsense', async (width, value) => {
    const { bus, machine, failures } = await busOf([region({ read: () => value }), BASE]);
    expect(bus.read(BASE, width)).toBe(value - 1);
    expect(failures).toHaveLength(1);
    expect(bus.read(BASE, 4)).toBe(value);
    await machine.dispose();
  });

  it('P7 survives writes that throw', async () => {
    const write = () => {
      throw new Error('boo');
    };
    const { bus, machine, failures } = await busOf([region({ write }), BASE], [region({ write64: write }), 0]);
    expect([bus.write(BASE, 4, 1), bus.write64(BASE, 1n), bus.write64(0, 1n)]).toEqual([true, true, true]);
    expect(failures.map(({ part }) => part)).toEqual(['dev0', 'dev1']);
    await machine.dispose();
  });

  it('reads minus zero as zero', async () => {
    const { bus, machine, failures } = await busOf([region({ read: () => -0 }), BASE]);
    expect(Object.is(bus.read(BASE, 4), 0)).toBe(true);
    expect(failures).toEqual([]);
    await machine.dispose();
  });

  it('splits a 64-bit access low half first where the device has no 64-bit registers', async () => {
    const seen: unknown[] = [];
    const halves = region({
      read: (offset, width) => (seen.push(['r', offset, width]), offset === 8 ? 0x8000_0001 : 0xf000_0002),
      write: (...access) => void seen.push(access),
    });
    const { bus, machine } = await busOf([halves, BASE]);
    expect(bus.read64(BASE + 8)).toBe(0xf000_0002_8000_0001n);
    expect(bus.write64(BASE + 8, 0x1_8765_4321_0fed_cba9n)).toBe(true);
    expect(seen).toEqual([
      ['r', 8, 4],
      ['r', 12, 4],
      [8, 4, 0x0fed_cba9],
      [12, 4, 0x8765_4321],
    ]);
    expect(bus.read64(BASE + 4)).toBeUndefined();
    await machine.dispose();
  });

  it('passes a 64-bit access whole to a device that has 64-bit registers', async () => {
    let value = 0n;
    const whole = region({
      length: 8,
      read64: () => value,
      write64: (_offset, next) => {
        value = next;
      },
    });
    const { bus, machine, failures } = await busOf([whole, BASE]);
    expect(bus.write64(BASE, -1n)).toBe(true);
    expect(bus.read64(BASE)).toBe(0xffff_ffff_ffff_ffffn);
    for (const nonsense of [-1n, 2n ** 64n, 1, Number.NaN, undefined]) {
      value = nonsense as bigint;
      expect(bus.read64(BASE)).toBe(0xffff_ffff_ffff_ffffn);
    }
    expect(failures).toHaveLength(1);
    await machine.dispose();
  });

  it('P8 lets a device reach another through the bus, and cuts a loop short', async () => {
    const buses: { bus?: SystemBus } = {};
    let entered = 0;
    const looping: Device = device(
      region({
        read: (offset) => {
          entered++;
          return offset === 0 ? (buses.bus?.read(BASE, 4) ?? 0) : (buses.bus?.read(0, 4) ?? 0);
        },
        write: () => void buses.bus?.write(BASE, 4, 0),
        write64: () => void buses.bus?.write64(BASE, 0n),
        read64: () => buses.bus?.read64(BASE) ?? 0n,
      }),
    );
    const bridge = devicePlugin(
      looping,
      {},
      {
        requires: [SystemBusToken],
        setup: (context) => {
          buses.bus = context.get(SystemBusToken);
          return devicePlugin(looping).setup(context);
        },
      },
    );
    await using machine = await assemble({
      name: 'm',
      parts: [
        { id: 'loop', plugin: bridge, regions: { registers: BASE } },
        { id: 'other', plugin: devicePlugin(device(region({ read: () => 42 }))), regions: { registers: 0 } },
      ],
    });
    const failures: unknown[] = [];
    machine.events.on('part:failure', ({ part }) => failures.push(part));
    const bus = machine.get(SystemBusToken);
    expect(bus.read(BASE + 4, 4)).toBe(42);
    expect(failures).toEqual([]);
    entered = 0;
    expect(bus.read(BASE, 4)).toBe(0xffff_ffff);
    expect(entered).toBe(8);
    expect([bus.write(BASE, 4, 0), bus.write64(BASE, 0n), bus.read64(BASE)]).toEqual([
      true,
      true,
      0xffff_ffff_ffff_ffffn,
    ]);
    expect(failures).toEqual(['loop']);
    // The depth is given back, also after it was used up.
    expect(bus.read(BASE + 4, 4)).toBe(42);
  });

  it('is empty in setup, complete in wire, and silent after dispose', async () => {
    const seen: unknown[] = [];
    const watcher = plugin({
      requires: [SystemBusToken],
      setup: ({ get }) => {
        const bus = get(SystemBusToken);
        seen.push(bus.placements.length, bus.read(BASE, 4));
        return { wire: () => void seen.push(bus.placements.length, bus.read(BASE, 4)) };
      },
    });
    const subject = device(region({ read: () => 3 }));
    const machine = await assemble({
      name: 'm',
      parts: [
        { id: 'watcher', plugin: watcher },
        { id: 'lamp', plugin: devicePlugin(subject), regions: { registers: BASE } },
      ],
    });
    expect(seen).toEqual([0, BUS_FAULT, 1, 3]);
    const bus = machine.get(SystemBusToken);
    expect(bus.placements).toEqual([{ part: 'lamp', device: subject, region: subject.regions[0], base: BASE }]);
    await machine.dispose();
    expect([bus.read(BASE, 4), bus.write(BASE, 4, 0), bus.placements]).toEqual([BUS_FAULT, false, []]);
  });

  it('H4 lets an access end within which its machine is disposed of, and no other after it', async () => {
    let ending: Promise<void> | undefined;
    let calls = 0;
    const end = (): number => {
      calls++;
      ending ??= subject.machine.dispose();
      return 7;
    };
    const subject = await busOf([region({ read: end, write: end }), BASE]);
    const { bus, failures } = subject;
    expect([bus.read(BASE, 4), calls]).toEqual([7, 1]);
    // Parts are released in turns of the event loop; from the moment it began nobody is called any more or all still are.
    await ending;
    calls = 0;
    expect([bus.read(BASE, 4), bus.write(BASE, 4, 1), bus.read64(BASE), calls]).toEqual([
      BUS_FAULT,
      false,
      undefined,
      0,
    ]);
    expect(failures).toEqual([]);
  });

  it('finds for any placement and any address what a search of all regions finds', async () => {
    const layout = fc.array(fc.tuple(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 1, max: 40 })), {
      minLength: 1,
      maxLength: 12,
    });
    const access = fc.tuple(fc.integer({ min: 0, max: 1000 }), fc.constantFrom(1, 2, 4, 8));
    await fc.assert(
      fc.asyncProperty(layout, fc.array(access, { minLength: 50, maxLength: 50 }), async (gaps, accesses) => {
        let end = 0;
        const placed = gaps.map(([gap, length], index) => {
          const base = end + gap;
          end = base + length;
          return { base, length, index };
        });
        const { bus, machine, failures } = await busOf(
          ...placed
            .toReversed()
            .map(
              ({ base, length, index }) =>
                [region({ length, read: () => index, read64: () => BigInt(index) }), base] as const,
            ),
        );
        for (const [address, size] of accesses) {
          const found = placed.find(
            ({ base, length }) =>
              address >= base &&
              address + size <= base + length &&
              address % size === 0 &&
              (address - base) % size === 0,
          );
          const answer = size === 8 ? bus.read64(address) : bus.read(address, size);
          const nothing = size === 8 ? undefined : BUS_FAULT;
          expect(answer === nothing ? undefined : Number(answer)).toBe(found?.index);
        }
        expect(failures).toEqual([]);
        await machine.dispose();
      }),
    );
  });

  it('refuses to be built of regions that overlap, for any pair of ranges that do', async () => {
    const range = fc.record({ base: fc.nat(60), length: fc.integer({ min: 1, max: 20 }) });
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(range, { minLength: 2, maxLength: 5 }), async (ranges) => {
        const overlap = ranges.some((a, i) =>
          ranges.some((b, j) => i < j && a.base < b.base + b.length && b.base < a.base + a.length),
        );
        const building = busOf(...ranges.map(({ base, length }) => [region({ length }), base] as const));
        if (!overlap) return void (await building).machine.dispose();
        refused++;
        const error = await rejection(building);
        expect(error.code).toBe('VIV_DEVICE_OVERLAP');
        const [one, other] = (error.details as { parts: string[] }).parts.map((id) => ranges[Number(id.slice(3))]);
        if (one === undefined || other === undefined) throw new Error('names no part');
        expect(one.base < other.base + other.length && other.base < one.base + one.length).toBe(true);
      }),
    );
    expect(refused).toBeGreaterThan(10);
  });
});
