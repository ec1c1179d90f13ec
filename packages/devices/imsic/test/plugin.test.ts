import { describe, expect, it } from 'vitest';
import plugin, { imsic, imsicOptions } from '../src/index.ts';
import { makeRig } from './rig.ts';

describe('the IMSIC plugin', () => {
  it('has a page for each hart at each level, in the device tree with every hart', async () => {
    expect(plugin).toBe(imsic);
    const { devices, regions } = await makeRig();
    expect(regions.map(({ name, length }) => [name, length])).toEqual([
      ['supervisor', 0x2000],
      ['machine', 0x2000],
    ]);
    const node = (label: string, interrupt: number) => ({
      name: 'interrupt-controller',
      label,
      properties: {
        compatible: ['qemu,imsics', 'riscv,imsics'],
        'interrupt-controller': true,
        '#interrupt-cells': 0,
        'msi-controller': true,
        '#msi-cells': 0,
        'riscv,num-ids': 255,
        'interrupts-extended': [{ phandle: 'cpu0-intc' }, interrupt, { phandle: 'cpu1-intc' }, interrupt],
      },
    });
    expect(devices.map(({ deviceTree }) => deviceTree)).toEqual([node('imsic', 9), node('imsic-machine', 11)]);
  });

  it('keeps harts and levels apart', async () => {
    const rig = await makeRig();
    for (const hart of [0, 1]) {
      for (const level of ['supervisor', 'machine'] as const) {
        rig.file(hart, level).write(0x70, 1);
        rig.file(hart, level).write(0xc0, 0xffff_fffe);
      }
    }
    const told = () => [0, 1].flatMap((hart) => (['seip', 'meip'] as const).map((input) => rig.level(hart, input)));
    rig.page(1, 0, 4, 7);
    expect(told()).toEqual([false, false, true, false]);
    rig.page(0, 0, 4, 3, 'machine');
    expect(told()).toEqual([false, true, true, false]);
    rig.files.send('machine', 1, 4);
    expect([rig.file(1).top, rig.file(0, 'machine').top, rig.file(1, 'machine').top]).toEqual([7, 3, 4]);
    for (const device of rig.devices) device.reset();
    expect(told()).toEqual([false, false, false, false]);
  });

  it('can do without the machine level', async () => {
    const { devices, files } = await makeRig({ machine: false });
    expect(devices.length).toBe(1);
    expect([files.label('supervisor'), files.label('machine'), files.identities]).toEqual(['imsic', undefined, 255]);
    files.send('machine', 0, 1);
    files.send('supervisor', 7, 1);
    files.send('supervisor', -1, 1);
  });

  it('refuses a core that has no registers for it, and numbers that no file has', async () => {
    await expect(makeRig({}, 1, false)).rejects.toMatchObject({ code: 'VIV_IMSIC_CORE' });
    for (const identities of [0, 62, 64, 256, 2048, 2111]) {
      expect(imsicOptions.safeParse({ identities }).success).toBe(false);
    }
  });
});

describe('the state of interrupt files', () => {
  const busy = async (identities = 255) => {
    const rig = await makeRig({ identities });
    rig.file(1).write(0x70, 1);
    rig.enable(40, 1);
    rig.page(1, 0, 4, 40);
    rig.page(1, 0, 4, 41);
    return rig;
  };
  const state = async (identities?: number) => (await busy(identities)).devices[0]?.state?.save() ?? null;

  it('goes into other files, which go on where the first were', async () => {
    const to = await makeRig();
    to.devices[0]?.state?.restore(await state(), 1);
    expect([to.level(0), to.level(1), to.file(1).top]).toEqual([false, true, 40]);
    to.file(1).claim();
    to.enable(41, 1);
    expect(to.file(1).top).toBe(41);
  });

  it.each([
    ['nothing', async () => null],
    ['other identities', () => state(63)],
    ['other harts', async () => (await makeRig({}, 3)).devices[0]?.state?.save() ?? null],
    ['identity 0', async () => ({ files: [file({ pending: [1, 0, 0, 0, 0, 0, 0, 0] }), file({})] })],
    ['a threshold out of range', async () => ({ files: [file({ threshold: 256 }), file({})] })],
    ['an unknown delivery', async () => ({ files: [file({ delivery: 2 }), file({})] })],
  ])('refuses %s and is reset', async (_name, bad) => {
    const rig = await busy();
    const { state: codec } = rig.devices[0] ?? {};
    const value = await bad();
    expect(() => codec?.restore(value, 1)).toThrow(expect.objectContaining({ code: 'VIV_IMSIC_STATE' }));
    expect(rig.level(1)).toBe(false);
    expect(codec?.save()).toEqual((await makeRig()).devices[0]?.state?.save());
  });
});

const file = (changes: object) => {
  const none = new Array<number>(8).fill(0);
  return { delivery: 0, threshold: 0, pending: none, enabled: none, ...changes };
};
