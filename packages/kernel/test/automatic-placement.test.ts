import {
  bind,
  type Device,
  DeviceToken,
  type InterruptLine,
  type MachineSpec,
  type PartSpec,
  SystemBusToken,
} from '@vivarium/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assemble } from '../src/index.ts';
import { controller, controllerPlugin, device, devicePlugin, plugin, region, rejection } from './specimens.ts';

const WINDOW = { base: 0x400_0000, length: 0x10_0000, align: 0x1000 };
const sized = (id: string, lengths: Readonly<Record<string, number>>, regions?: PartSpec['regions']): PartSpec => ({
  id,
  plugin: devicePlugin(device(...Object.entries(lengths).map(([name, length]) => region({ name, length })))),
  ...(regions === undefined ? {} : { regions }),
});
const bases = async (spec: Omit<MachineSpec, 'name'>) => {
  await using machine = await assemble({ name: 'm', ...spec });
  return machine.get(SystemBusToken).placements.map(({ part, region: { name }, base }) => [`${part}.${name}`, base]);
};

describe('MMIO window', () => {
  it('takes regions without an address in the order of the spec, aligned to their size, around those with one', async () => {
    const parts = [
      sized('a', { small: 0x10, big: 0x1800 }),
      sized('fixed', { r: 0x1000 }, { r: 0x400_4000 }),
      sized('b', { one: 1, two: 0x1000 }, { two: 0x9000 }),
      sized('c', { huge: 0x4000 }),
    ];
    expect(await bases({ parts, mmioWindow: WINDOW })).toEqual([
      ['a.small', 0x400_0000],
      ['a.big', 0x400_2000],
      ['fixed.r', 0x400_4000],
      ['b.one', 0x400_5000],
      ['b.two', 0x9000],
      ['c.huge', 0x400_8000],
    ]);
  });

  it('that is full refuses the machine, naming the region; one that is filled exactly does not', async () => {
    const mmioWindow = { ...WINDOW, length: 0x2000 };
    expect(await bases({ parts: [sized('a', { x: 0x1000, y: 0x1000 })], mmioWindow })).toHaveLength(2);
    for (const parts of [
      [sized('a', { x: 1, y: 1, z: 1 })],
      [sized('a', { z: 0x2001 })],
      [sized('a', { z: 2 ** 53 - 1 })],
    ]) {
      const error = await rejection(assemble({ name: 'm', parts, mmioWindow }));
      expect(error).toMatchObject({ code: 'VIV_DEVICE_WINDOW_FULL', details: { part: 'a', region: 'z' } });
    }
  });

  it('never places a region upon another, out of itself or off its alignment', async () => {
    const lengths = fc.array(fc.integer({ min: 1, max: 0x5000 }), { minLength: 1, maxLength: 8 });
    const fixed = fc.uniqueArray(fc.nat(60), { maxLength: 6 });
    let placed = 0;
    await fc.assert(
      fc.asyncProperty(lengths, fixed, async (free, pages) => {
        const parts = [
          ...pages.map((page) => sized(`fixed${page}`, { r: 0x1000 }, { r: WINDOW.base + page * 0x1000 })),
          ...free.map((length, index) => sized(`free${index}`, { r: length })),
        ];
        // Overlaps would be refused by the check that follows placement.
        const found = await bases({ parts, mmioWindow: WINDOW });
        for (const [index, length] of free.entries()) {
          const base = found[pages.length + index]?.[1] as number;
          placed++;
          expect(base).toBeGreaterThanOrEqual(WINDOW.base);
          expect(base + length).toBeLessThanOrEqual(WINDOW.base + WINDOW.length);
          expect(base % Math.max(0x1000, 2 ** Math.ceil(Math.log2(length)))).toBe(0);
        }
      }),
    );
    expect(placed).toBeGreaterThan(100);
  });
});

describe('interrupt pool', () => {
  const irqDevice = (...interrupts: string[]): Device => ({ regions: [], reset: () => {}, interrupts });
  const part = (id: string, names: string[], lines: InterruptLine[], wired?: PartSpec['interrupts']): PartSpec => ({
    id,
    plugin: plugin({
      provides: [DeviceToken],
      grants: ['interrupts'],
      setup: ({ grants }) => {
        for (const name of names) lines.push(grants.interrupt(name));
        // Before there is a wire.
        lines[0]?.set(true);
        return { provides: [bind(DeviceToken, irqDevice(...names))] };
      },
    }),
    ...(wired === undefined ? {} : { interrupts: wired }),
  });

  it('gives its lines out in the order of the spec, but for those that the spec wires itself', async () => {
    const pic = controller();
    const lines: InterruptLine[] = [];
    await using machine = await assemble({
      name: 'm',
      parts: [
        part('a', ['x', 'y'], lines),
        part('b', ['z', 'w'], lines, { z: { controller: 'pic', line: 6 } }),
        { id: 'pic', plugin: controllerPlugin(pic) },
      ],
      interruptPool: { controller: 'pic', lines: [5, 6, 2, 7] },
    });
    expect(machine.get(SystemBusToken).interrupts.map(({ part: id, name, line }) => [id, name, line])).toEqual([
      ['a', 'x', 5],
      ['a', 'y', 2],
      ['b', 'z', 6],
      ['b', 'w', 7],
    ]);
    // The level from before the wire arrived with it.
    expect([...pic.levels]).toEqual([[5, true]]);
    lines[1]?.set(true);
    lines[0]?.set(false);
    expect([...pic.levels]).toEqual([
      [5, false],
      [2, true],
    ]);
  });

  it('gives no line to a device that does not ask for the grant', async () => {
    await using machine = await assemble({
      name: 'm',
      parts: [
        { id: 'a', plugin: devicePlugin(irqDevice('x')) },
        { id: 'pic', plugin: controllerPlugin(controller()) },
      ],
      interruptPool: { controller: 'pic', lines: [] },
    });
    expect(machine.get(SystemBusToken).interrupts).toEqual([]);
  });

  it.each([
    ['has no lines left', { controller: 'pic', lines: [1] }, 'VIV_INTERRUPT_POOL_EMPTY'],
    ['has a line that the controller has not', { controller: 'pic', lines: [1, 9] }, 'VIV_INTERRUPT_UNKNOWN'],
    ['is at no part', { controller: 'nowhere', lines: [1, 2] }, 'VIV_INTERRUPT_UNKNOWN'],
    ['is at a part that is no controller', { controller: 'a', lines: [1, 2] }, 'VIV_INTERRUPT_UNKNOWN'],
  ])('that %s refuses the machine', async (_what, interruptPool, code) => {
    const parts = [part('a', ['x', 'y'], []), { id: 'pic', plugin: controllerPlugin(controller()) }];
    expect(await rejection(assemble({ name: 'm', parts, interruptPool }))).toMatchObject({ code });
  });

  it('absent leaves interrupts without a wire', async () => {
    const lines: InterruptLine[] = [];
    await using machine = await assemble({ name: 'm', parts: [part('a', ['x'], lines)] });
    lines[0]?.set(true);
    expect(machine.get(SystemBusToken).interrupts).toEqual([]);
  });
});

describe('machine spec', () => {
  it.each([
    ['mmioWindow', 7],
    ['mmioWindow.align', { ...WINDOW, align: 0x800 }],
    ['mmioWindow.align', { ...WINDOW, align: 0x3000 }],
    ['mmioWindow.base', { ...WINDOW, base: 0x800 }],
    ['mmioWindow.base', { ...WINDOW, base: -0x1000 }],
    ['mmioWindow.length', { ...WINDOW, length: 0 }],
    ['mmioWindow.length', { ...WINDOW, length: 2 ** 53 - 1 }],
    ['interruptPool', 7],
    ['interruptPool.lines', { controller: 'pic', lines: 1 }],
    ['interruptPool.lines', { controller: 'pic', lines: [1, 1] }],
    ['interruptPool.lines[1]', { controller: 'pic', lines: [1, 0] }],
    ['interruptPool.controller', { controller: 'a b', lines: [1] }],
  ])('with a bad %s is refused', async (path, value) => {
    const spec = { name: 'm', parts: [], [path.replace(/\..*/, '')]: value } as unknown as MachineSpec;
    expect(await rejection(assemble(spec))).toMatchObject({ code: 'VIV_SPEC_INVALID', details: { path } });
  });

  it('with a field that nobody knows is refused', async () => {
    const spec = { name: 'm', parts: [], mmiowindow: WINDOW } as MachineSpec;
    expect(await rejection(assemble(spec))).toMatchObject({ code: 'VIV_SPEC_INVALID' });
  });
});
