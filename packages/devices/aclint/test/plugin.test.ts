import { ClockToken, DeviceToken, type SetupContext } from '@vivarium/contracts';
import { describe, expect, it } from 'vitest';
import plugin, { type Aclint, aclint, aclintOptions } from '../src/index.ts';
import * as r from '../src/registers.ts';
import { FakeClock, makeRig } from './rig.ts';

const setUp = async (given: unknown, harts: number, inputs: readonly string[] = ['msip', 'mtip']) => {
  const log: string[] = [];
  const clock = new FakeClock();
  const options = aclintOptions.parse(given);
  const vcpus = Array.from({ length: harts }, (_, index) => ({
    index,
    interruptInput: (name: string) =>
      inputs.includes(name)
        ? {
            set: (level: boolean) => {
              if (level) log.push(`hart ${index} ${name}`);
            },
          }
        : undefined,
  }));
  const part = await aclint.setup({
    id: 'clint0',
    options,
    get: (token: unknown) => (token === ClockToken ? clock : { vcpus }),
    grants: { timer: (expired: () => void) => clock.timer(expired) },
  } as unknown as SetupContext<typeof options>);
  const device = part.provides?.find((binding) => binding.token.id === DeviceToken.id)?.value as Aclint;
  return { log, clock, device };
};

describe('the ACLINT plugin', () => {
  it('describes itself in the device tree with every hart', async () => {
    expect(plugin).toBe(aclint);
    const { device } = await setUp(undefined, 2);
    expect(device.regions.map(({ name, length }) => ({ name, length }))).toEqual([{ name: 'clint', length: 0x1_0000 }]);
    expect(device.deviceTree).toEqual({
      name: 'clint',
      label: 'clint0',
      properties: {
        compatible: ['sifive,clint0', 'riscv,clint0'],
        'interrupts-extended': [
          { phandle: 'cpu0-intc' },
          3,
          { phandle: 'cpu0-intc' },
          7,
          { phandle: 'cpu1-intc' },
          3,
          { phandle: 'cpu1-intc' },
          7,
        ],
      },
    });
  });

  it('drives the inputs of each vCPU, at the timebase it is given', async () => {
    const { device, clock, log } = await setUp({ timebaseFrequency: 1_000_000 }, 2);
    device.reset();
    const clint = device.regions[0];
    clint.write(r.MSIP_BASE, 4, 1);
    clint.write64!(r.MTIMECMP_BASE + r.MTIMECMP_STRIDE, 2n);
    expect(log).toEqual(['hart 0 msip']);
    clock.advanceTo(2000);
    expect(log).toEqual(['hart 0 msip', 'hart 1 mtip']);
  });

  it('has an SSWI region when asked for, if the core can take it', async () => {
    const { device, log } = await setUp({ sswi: true }, 1, ['msip', 'mtip', 'ssip']);
    expect(device.regions.map(({ name }) => name)).toEqual(['clint', 'sswi']);
    device.regions[1].write(0, 4, 1);
    expect(log).toEqual(['hart 0 ssip']);
    await expect(setUp({ sswi: true }, 1)).rejects.toMatchObject({ code: 'VIV_ACLINT_SSIP' });
  });

  it('refuses a machine that is too large, and options that make no sense', async () => {
    await expect(setUp({}, 4096)).rejects.toMatchObject({ code: 'VIV_ACLINT_HARTS' });
    expect(aclintOptions.safeParse({ timebaseFrequency: 0 }).success).toBe(false);
    expect(aclintOptions.safeParse({ frequency: 1 }).success).toBe(false);
  });

  it('is as after power-on after a reset', async () => {
    const { aclint: device, clint, clock, levels } = makeRig();
    const fresh = device.state.save();
    clint.write(r.MSIP_BASE, 4, 1);
    clint.write64!(r.MTIME, 77n);
    clint.write64!(r.MTIMECMP_BASE, 1n);
    device.reset();
    expect(levels).toMatchObject({ msip0: false, mtip0: false });
    expect(device.state.save()).toEqual(fresh);
    clock.advanceTo(1e9);
    expect(levels['mtip0']).toBe(false);
  });
});

describe('the state of an ACLINT', () => {
  const busy = () => {
    const rig = makeRig();
    rig.clint.write(r.MSIP_BASE, 4, 1);
    rig.clint.write64!(r.MTIME, 1000n);
    rig.clint.write64!(r.MTIMECMP_BASE, 1n);
    rig.clint.write64!(r.MTIMECMP_BASE + 8, 1010n);
    return rig;
  };

  it('goes into another ACLINT on another clock, which goes on where the first was', () => {
    const saved = busy().aclint.state.save();
    const to = makeRig();
    to.clock.advanceTo(123_456_789);
    to.aclint.state.restore(saved, 1);
    expect(to.aclint.state.save()).toEqual(saved);
    expect(to.levels).toMatchObject({ msip0: true, msip1: false, mtip0: true, mtip1: false });
    to.clock.advanceTo(123_456_789 + 1000);
    expect(to.levels['mtip1']).toBe(true);
  });

  it.each([
    ['nothing', null, 1],
    ['another version', busy().aclint.state.save(), 2],
    ['other harts', makeRig(3).aclint.state.save(), 1],
    ['a time out of range', { ...(busy().aclint.state.save() as object), mtime: 2n ** 64n }, 1],
    ['a number for a time', { ...(busy().aclint.state.save() as object), mtimecmp: [1, 2] }, 1],
  ])('refuses %s and is reset', (_name, state, version) => {
    const { aclint: device, levels } = busy();
    expect(() => device.state.restore(state, version)).toThrow(expect.objectContaining({ code: 'VIV_ACLINT_STATE' }));
    expect(levels).toMatchObject({ msip0: false, mtip0: false });
  });
});
