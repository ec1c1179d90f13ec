import { setupPart } from '@vivarium/testkit';
import { describe, expect, it } from 'vitest';
import { options, sampleDevice } from '../src/index.ts';
import * as r from '../src/sample-device.ts';

/** The device as a guest sees it, and its interrupt line. */
const started = async (given: unknown = {}) => {
  const part = await setupPart(sampleDevice, { options: given });
  const { device } = part;
  device.reset();
  const [registers] = device.regions;
  if (registers === undefined) throw new Error('the device has no registers');
  return {
    device,
    line: part.interrupt('limit'),
    read: (offset: number) => registers.read(offset, 4),
    write: (offset: number, value: number) => registers.write(offset, 4, value),
  };
};

describe('the counter', () => {
  it('says what it is', async () => {
    const { read } = await started();
    expect(read(r.ID)).toBe(r.ID_VALUE);
  });

  it('adds up what is written', async () => {
    const { read, write } = await started();
    write(r.COUNT, 2);
    write(r.COUNT, 3);
    expect(read(r.COUNT)).toBe(5);
  });

  it('interrupts at its limit, if it may', async () => {
    const { line, read, write } = await started({ limit: 3 });
    write(r.COUNT, 3);
    expect(read(r.STATUS)).toBe(r.STATUS_REACHED);
    expect(line.level).toBe(false);
    write(r.CONTROL, r.CONTROL_ENABLE);
    expect(line.level).toBe(true);
  });

  it('starts over when the limit is acknowledged', async () => {
    const { line, read, write } = await started({ limit: 3 });
    write(r.CONTROL, r.CONTROL_ENABLE);
    write(r.COUNT, 4);
    write(r.STATUS, 0);
    expect(line.level).toBe(true);
    write(r.STATUS, r.STATUS_REACHED);
    expect(line.level).toBe(false);
    expect(read(r.COUNT)).toBe(0);
  });

  it('stops at its largest count', async () => {
    const { read, write } = await started();
    write(r.COUNT, 0xffff_ffff);
    write(r.COUNT, 0xffff_ffff);
    expect(read(r.COUNT)).toBe(0xffff_ffff);
  });

  it('forgets everything at reset', async () => {
    const { device, line, read, write } = await started();
    write(r.CONTROL, r.CONTROL_ENABLE);
    write(r.LIMIT, 0);
    expect(line.level).toBe(true);
    device.reset();
    expect(line.level).toBe(false);
    expect([read(r.COUNT), read(r.LIMIT), read(r.STATUS), read(r.CONTROL)]).toEqual([0, 10, 0, 0]);
  });
});

describe('its options', () => {
  it.each([{ limit: 0 }, { limit: 1.5 }, { limit: 2 ** 32 }, { limits: 1 }])('refuse %o', (given) => {
    expect(options.safeParse(given).success).toBe(false);
  });
});
