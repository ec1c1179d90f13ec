import { bind, DeviceToken, type PartSpec, SystemBusToken } from '@vivarium/contracts';
import { describe, expect, it } from 'vitest';
import { assemble } from '../src/index.ts';
import {
  controller,
  controllerPlugin,
  device,
  devicePlugin,
  memory,
  memoryPlugin,
  plugin,
  region,
  rejection,
} from './specimens.ts';

const placed = (id: string, base: number, length = 0x100): PartSpec => ({
  id,
  plugin: devicePlugin(device(region({ length }))),
  regions: { registers: base },
});
const build = (...parts: PartSpec[]) => assemble({ name: 'm', parts });
const refused = (...parts: PartSpec[]) => rejection(build(...parts));

describe('placement', () => {
  it('H1 of two regions that overlap is refused, naming both', async () => {
    const error = await refused(placed('uart0', 0x1000), placed('rtc0', 0x10ff));
    expect(error).toMatchObject({ code: 'VIV_DEVICE_OVERLAP', details: { parts: ['uart0', 'rtc0'] } });
    expect(error.message).toContain(
      'region "registers" of part "uart0" at 0x1000 to 0x10ff overlaps region "registers" of part "rtc0" at 0x10ff',
    );
  });

  it('H1 of a region within another, however many lie between, is refused', async () => {
    expect(await refused(placed('wide', 0, 0x1000), placed('a', 0x2000), placed('inner', 0x800, 1))).toMatchObject({
      code: 'VIV_DEVICE_OVERLAP',
      details: { parts: ['wide', 'inner'] },
    });
  });

  it('H1 of a region upon guest RAM is refused, naming both', async () => {
    const error = await refused(placed('uart0', 0x8000_0ffc), { id: 'ram', plugin: memoryPlugin(memory()) });
    expect(error).toMatchObject({ code: 'VIV_DEVICE_OVERLAP', details: { parts: ['ram', 'uart0'] } });
  });

  it('of regions that touch each other and guest RAM is allowed', async () => {
    await using machine = await build(placed('b', 0x8000_1000), placed('a', 0x7fff_ff00), {
      id: 'ram',
      plugin: memoryPlugin(memory()),
    });
    expect(machine.get(SystemBusToken).placements.map(({ base }) => base)).toEqual([0x8000_1000, 0x7fff_ff00]);
  });

  it.each([[0], [-1], [0.5], [Number.NaN], [2 ** 53], ['4'], [4n]])(
    'H1 of a region of length %s is refused',
    async (length) => {
      const error = await refused(placed('a', 0, length as number));
      expect(error).toMatchObject({ code: 'VIV_DEVICE_REGION', details: { part: 'a' } });
    },
  );

  it('H1 of a region that ends above 2^53 is refused; one that ends there is allowed', async () => {
    expect(await refused(placed('a', 2 ** 53 - 0xff))).toMatchObject({
      code: 'VIV_DEVICE_ADDRESS',
      details: { part: 'a' },
    });
    await (await build(placed('a', 2 ** 53 - 0x100))).dispose();
  });

  it('of a region without an address is refused, and of an address without a region', async () => {
    const bare = devicePlugin(device(region()));
    expect(await refused({ id: 'a', plugin: bare })).toMatchObject({
      code: 'VIV_DEVICE_UNPLACED',
      details: { region: 'registers' },
    });
    const error = await refused({ id: 'a', plugin: bare, regions: { registers: 0, config: 0x1000 } });
    expect(error.code).toBe('VIV_DEVICE_UNPLACED');
    expect(error.message).toContain('"config"');
    expect(await refused({ id: 'a', plugin: plugin(), regions: { registers: 0 } })).toMatchObject({
      code: 'VIV_DEVICE_UNPLACED',
    });
    // A name that every object has is not an address.
    expect(
      await refused({ id: 'a', plugin: devicePlugin(device(region({ name: 'toString' }))), regions: {} }),
    ).toMatchObject({
      code: 'VIV_DEVICE_UNPLACED',
    });
  });

  it('of two devices of one part is allowed when their regions have different names', async () => {
    const two = (left: string, right: string) =>
      plugin({
        provides: [DeviceToken],
        setup: () => ({
          provides: [left, right].map((name) => bind(DeviceToken, device(region({ name })))),
        }),
      });
    expect(await refused({ id: 'a', plugin: two('x', 'x'), regions: { x: 0 } })).toMatchObject({
      code: 'VIV_DEVICE_REGION',
    });
    await using machine = await build({ id: 'a', plugin: two('x', 'y'), regions: { x: 0, y: 0x100 } });
    expect(machine.all(DeviceToken)).toHaveLength(2);
  });

  it.each([
    ['no device at all', 7],
    ['no regions', { reset: () => {} }],
    ['no reset', { regions: [] }],
    ['a region that is null', { regions: [null], reset: () => {} }],
    ['a region without a name', { regions: [{ ...region(), name: '' }], reset: () => {} }],
    ['a region without read', { regions: [{ ...region(), read: 1 }], reset: () => {} }],
    ['interrupts that are no names', { regions: [], reset: () => {}, interrupts: [1] }],
  ])('of %s is refused', async (_what, subject) => {
    expect(await refused({ id: 'a', plugin: devicePlugin(subject as never) })).toMatchObject({
      code: 'VIV_DEVICE_REGION',
    });
  });

  it('shows where interrupts go, and refuses to wire one that the device does not have', async () => {
    const subject = { ...device(region()), interrupts: ['irq'] };
    const uart = (name: string): PartSpec => ({
      id: 'uart0',
      plugin: devicePlugin(subject, {}, { grants: ['interrupts'] }),
      regions: { registers: 0 },
      interrupts: { [name]: { controller: 'pic', line: 3 } },
    });
    const pic = { id: 'pic', plugin: controllerPlugin(controller()) };
    await using machine = await build(uart('irq'), pic);
    expect(machine.get(SystemBusToken).interrupts).toEqual([
      { part: 'uart0', name: 'irq', controller: 'pic', line: 3 },
    ]);
    const error = await refused(uart('irg'), pic);
    expect(error).toMatchObject({ code: 'VIV_INTERRUPT_UNKNOWN', details: { part: 'uart0', interrupt: 'irg' } });
  });

  it('that is refused takes down the parts that were built', async () => {
    let disposed = 0;
    const counting = devicePlugin(device(region()), { dispose: () => void disposed++ });
    await refused(
      { id: 'a', plugin: counting, regions: { registers: 0 } },
      { id: 'b', plugin: counting, regions: { registers: 0 } },
    );
    expect(disposed).toBe(2);
  });
});
