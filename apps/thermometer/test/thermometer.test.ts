import { type AccessWidth, CONTRACTS_MAJOR, DeviceToken, type SetupContext } from '@vivarium/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import plugin, { type Probe, ProbeToken, type Thermometer, thermometerOptions } from '../src/index.ts';
import * as r from '../src/thermometer.ts';

/** A machine's side of the contracts, as much of it as a thermometer needs. */
const setUp = async (given: unknown = {}) => {
  const line = { level: false, set: (level: boolean) => (line.level = level) };
  const options = thermometerOptions.parse(given);
  const part = await plugin.setup({
    id: 'thermometer.0',
    options,
    grants: { interrupt: (name: string) => (name === 'alarm' ? line : undefined) },
  } as unknown as SetupContext<typeof options>);
  const provided = (id: string) => part.provides?.find(({ token }) => token.id === id)?.value;
  const device = provided(DeviceToken.id) as Thermometer;
  const [region] = device.regions;
  if (region === undefined) throw new Error('the thermometer has no region');
  return {
    device,
    line,
    region,
    probe: provided(ProbeToken.id) as Probe,
    read: (offset: number) => region.read(offset, 4),
    write: (offset: number, value: number) => region.write(offset, 4, value >>> 0),
  };
};

describe('the thermometer', () => {
  it('says what it is and how warm it is', async () => {
    const { read } = await setUp({ millidegrees: 36_600 });
    expect(Buffer.from(Uint32Array.of(read(r.ID)).buffer).toString()).toBe('THRM');
    expect(read(r.TEMPERATURE)).toBe(36_600);
  });

  it('knows frost, as two’s complement', async () => {
    const { read } = await setUp({ millidegrees: -5_500 });
    expect(read(r.TEMPERATURE)).toBe(2 ** 32 - 5_500);
    expect(read(r.TEMPERATURE) | 0).toBe(-5_500);
  });

  it('follows the probe that host code holds', async () => {
    const { probe, read } = await setUp();
    expect(probe.millidegrees).toBe(21_000);
    probe.millidegrees = 22_500.4;
    expect(read(r.TEMPERATURE)).toBe(22_500);
    for (const [given, kept] of [
      [Number.POSITIVE_INFINITY, 0x7fff_ffff],
      [Number.NEGATIVE_INFINITY, -0x7fff_ffff],
      [Number.NaN, 0],
    ] as const) {
      probe.millidegrees = given;
      expect(probe.millidegrees).toBe(kept);
    }
  });

  it('raises its alarm at the threshold, and interrupts if it may', async () => {
    const { line, probe, read, write } = await setUp();
    write(r.THRESHOLD, 30_000);
    expect(read(r.STATUS)).toBe(0);
    probe.millidegrees = 30_000;
    expect(read(r.STATUS)).toBe(r.STATUS_ALARM);
    expect(line.level).toBe(false);
    write(r.CONTROL, r.CONTROL_ENABLE);
    expect(line.level).toBe(true);
  });

  it('keeps the alarm until it is acknowledged, and past that while it is too warm', async () => {
    const { line, probe, read, write } = await setUp();
    write(r.CONTROL, r.CONTROL_ENABLE);
    write(r.THRESHOLD, -1_000);
    expect(line.level).toBe(true);
    write(r.STATUS, r.STATUS_ALARM);
    expect(line.level).toBe(true);
    probe.millidegrees = -2_000;
    expect(read(r.STATUS)).toBe(r.STATUS_ALARM);
    write(r.STATUS, 0);
    expect(line.level).toBe(true);
    write(r.STATUS, r.STATUS_ALARM);
    expect(line.level).toBe(false);
    expect(read(r.THRESHOLD) | 0).toBe(-1_000);
  });

  it('forgets the alarm at reset and keeps the temperature', async () => {
    const { device, line, probe, read, write } = await setUp();
    probe.millidegrees = 25_000;
    write(r.THRESHOLD, 0);
    write(r.CONTROL, 1);
    device.reset();
    expect(line.level).toBe(false);
    expect([read(r.TEMPERATURE), read(r.THRESHOLD), read(r.STATUS), read(r.CONTROL)]).toEqual([
      25_000,
      r.NO_THRESHOLD,
      0,
      0,
    ]);
  });

  it('never throws and answers unsigned words, whatever is accessed', async () => {
    const { region } = await setUp();
    const access = fc.record({
      write: fc.boolean(),
      offset: fc.oneof(fc.nat(0x14), fc.nat(0xffc)),
      width: fc.constantFrom<AccessWidth>(1, 2, 4),
      value: fc.nat(0xffff_ffff),
    });
    fc.assert(
      fc.property(fc.array(access), (accesses) => {
        for (const { write, offset, width, value } of accesses) {
          const aligned = offset - (offset % width);
          if (write) region.write(aligned, width, value % 2 ** (8 * width));
          const answer = region.read(aligned, width);
          expect(Number.isInteger(answer) && answer >= 0 && answer <= 0xffff_ffff).toBe(true);
        }
      }),
    );
  });
});

describe('the thermometer as a plugin', () => {
  it('declares what it is and how a guest finds it', async () => {
    expect(plugin).toMatchObject({ name: 'vivarium-thermometer', api: CONTRACTS_MAJOR, grants: ['interrupts'] });
    const { device } = await setUp();
    expect(device.deviceTree).toEqual({ name: 'thermometer', properties: { compatible: 'vivarium,thermometer' } });
    expect(device.interrupts).toEqual(['alarm']);
    expect(device.regions.map(({ name, length }) => ({ name, length }))).toEqual([
      { name: 'registers', length: 0x1000 },
    ]);
  });

  it.each([{ millidegrees: -273_151 }, { millidegrees: 20.5 }, { millidegrees: 'warm' }, { celsius: 21 }])(
    'refuses %o',
    (options) => {
      expect(thermometerOptions.safeParse(options).success).toBe(false);
    },
  );
});

describe('the state of a thermometer', () => {
  it('goes into another thermometer', async () => {
    const from = await setUp({ millidegrees: 5 });
    from.write(r.THRESHOLD, 0);
    from.write(r.CONTROL, 1);
    const saved = from.device.state.save();
    const to = await setUp();
    to.device.state.restore(saved, 1);
    expect(to.device.state.save()).toEqual(saved);
    expect(to.line.level).toBe(true);
  });

  it.each([
    ['nothing', null, 1],
    ['another version', { temperature: 1, threshold: 2, alarm: false, enabled: false }, 2],
    ['a temperature out of range', { temperature: 2 ** 31, threshold: 2, alarm: false, enabled: false }, 1],
  ])('refuses %s and is reset', async (_name, state, version) => {
    const { device, line, write } = await setUp();
    write(r.THRESHOLD, 0);
    write(r.CONTROL, 1);
    expect(() => device.state.restore(state, version)).toThrow(
      expect.objectContaining({ code: 'VIV_THERMOMETER_STATE' }),
    );
    expect(line.level).toBe(false);
  });
});
