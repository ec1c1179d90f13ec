import { DeviceToken, InterruptControllerToken, type SetupContext } from '@vivarium/contracts';
import { describe, expect, it } from 'vitest';
import plugin, { type Plic, plic, plicOptions } from '../src/index.ts';
import { makeRig } from './rig.ts';

const setUp = async (given: unknown, harts: number) => {
  const log: string[] = [];
  const options = plicOptions.parse(given);
  const vcpus = Array.from({ length: harts }, (_, index) => ({
    index,
    interruptInput: (name: string) =>
      name === 'meip' || name === 'seip'
        ? { set: (level: boolean) => log.push(`hart ${index} ${name} ${level}`) }
        : undefined,
  }));
  const part = await plic.setup({
    id: 'plic0',
    options,
    get: () => ({ vcpus }),
  } as unknown as SetupContext<typeof options>);
  const provided = (id: string) => part.provides?.find((binding) => binding.token.id === id)?.value as Plic;
  return { log, device: provided(DeviceToken.id), controller: provided(InterruptControllerToken.id) };
};

describe('the PLIC plugin', () => {
  it('describes itself in the device tree with every hart', async () => {
    expect(plugin).toBe(plic);
    const { device, controller } = await setUp(undefined, 2);
    expect(device).toBe(controller);
    expect(controller.sources).toBe(95);
    expect(device.regions[0]).toMatchObject({ name: 'registers', length: 0x60_0000 });
    expect(device.deviceTree).toEqual({
      name: 'plic',
      label: 'plic0',
      properties: {
        compatible: ['sifive,plic-1.0.0', 'riscv,plic0'],
        '#address-cells': 0,
        '#interrupt-cells': 1,
        'interrupt-controller': true,
        'riscv,ndev': 95,
        'interrupts-extended': [
          { phandle: 'cpu0-intc' },
          11,
          { phandle: 'cpu0-intc' },
          9,
          { phandle: 'cpu1-intc' },
          11,
          { phandle: 'cpu1-intc' },
          9,
        ],
      },
    });
  });

  it('drives meip from even contexts and seip from odd ones', async () => {
    const { device, log } = await setUp({ sources: 8 }, 2);
    device.reset();
    expect(log.splice(0)).toEqual(['hart 0 meip false', 'hart 0 seip false', 'hart 1 meip false', 'hart 1 seip false']);
    const region = device.regions[0];
    region.write(4, 4, 1);
    region.write(0x2000, 4, 2);
    region.write(0x2180, 4, 2);
    device.line(1)!.set(true);
    expect(log).toEqual(['hart 0 meip true', 'hart 1 seip true']);
  });

  it('refuses more harts than it has contexts for, and sources out of range', async () => {
    await expect(setUp({}, 513)).rejects.toMatchObject({ code: 'VIV_PLIC_HARTS' });
    expect(plicOptions.safeParse({ sources: 0 }).success).toBe(false);
    expect(plicOptions.safeParse({ sources: 1024 }).success).toBe(false);
  });
});

describe('the state of a PLIC', () => {
  const busy = () => {
    const rig = makeRig();
    rig.priority(5, 1);
    rig.priority(6, 2);
    rig.priority(7, 1);
    rig.enable(1, 5, 6, 7);
    rig.plic.line(5)!.set(true);
    rig.plic.line(6)!.set(true);
    rig.claim(1);
    return rig;
  };

  it('goes into another PLIC, which goes on where the first was', () => {
    const saved = busy().plic.state.save();
    const to = makeRig();
    to.plic.state.restore(saved, 1);
    expect(to.plic.state.save()).toEqual(saved);
    expect(to.levels).toEqual([false, true]);
    // The device of source 6, restored after the PLIC, drives its line again: its gateway is still closed.
    to.plic.line(6)!.set(true);
    expect(to.claim(1)).toBe(5);
    expect(to.claim(1)).toBe(0);
    to.complete(1, 6);
    expect(to.claim(1)).toBe(6);
  });

  it.each([
    ['nothing', null, 1],
    ['another version', busy().plic.state.save(), 2],
    ['other sources', makeRig(40).plic.state.save(), 1],
    ['other contexts', makeRig(95, 4).plic.state.save(), 1],
    ['a priority out of range', { ...(busy().plic.state.save() as object), threshold: [8, 0] }, 1],
    ['a source that does not exist', { ...(busy().plic.state.save() as object), pending: [1, 0, 0] }, 1],
  ])('refuses %s and is reset', (_name, state, version) => {
    const { plic, levels } = busy();
    expect(() => plic.state.restore(state, version)).toThrow(expect.objectContaining({ code: 'VIV_PLIC_STATE' }));
    expect(levels).toEqual([false, false]);
    expect(plic.state.save()).toEqual(makeRig().plic.state.save());
  });
});
