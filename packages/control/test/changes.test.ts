import type { Principal } from '@vivarium/control';
import { describe, expect, it } from 'vitest';
import { Incarnation, World } from './world.ts';

const admin: Principal = { name: 'root', role: 'admin', via: 'test' };
const name = 'web';
const MIB = 1 << 20;

const made = async (world: World): Promise<Incarnation> => {
  const first = new Incarnation(world);
  await first.control.call(admin, 'create', { name, template: 'plain', start: true });
  return first;
};

describe('changes of a machine that runs', () => {
  it('are told, kept, and made again in a new cell by the control plane after this one', async () => {
    const world = new World();
    const { control } = await made(world);
    const view = await control.call(admin, 'set', { name, vcpus: 2, memory: MIB / 2 });
    expect(view.hardware).toEqual({ vcpus: 2, memory: MIB / 2, slots: 1, devices: [] });
    const options = { disk: 'data.img' };
    await control.call(admin, 'attachDevice', { name, device: 'data', options });
    await control.call(admin, 'attachDevice', { name, device: 'more' });
    const devices = [{ name: 'data', slot: 'slot0' }];
    expect(await control.call(admin, 'detachDevice', { name, device: 'more', force: true })).toMatchObject({
      hardware: { devices },
    });
    expect(world.records.get(name)?.past.changes).toEqual({
      vcpus: 2,
      memory: MIB / 2,
      devices: [{ name: 'data', options }],
    });
    // The power is cut: no cell is left.
    world.cells.clear();
    const next = new Incarnation(world);
    await next.control.recover();
    expect(await next.control.call(admin, 'inspect', { name })).toMatchObject({
      status: 'running',
      hardware: { vcpus: 2, memory: MIB / 2, devices },
    });
  });

  it('that the guest does not follow are errors, of which nothing is kept', async () => {
    const world = new World();
    const { control } = await made(world);
    await control.call(admin, 'set', { name, vcpus: 2 });
    world.cell(name).follows = false;
    await expect(control.call(admin, 'set', { name, vcpus: 3, memory: MIB })).rejects.toMatchObject({
      code: 'VIV_CELL_GUEST',
    });
    await expect(control.call(admin, 'attachDevice', { name, device: 'data' })).rejects.toMatchObject({
      code: 'VIV_CELL_GUEST',
    });
    expect(world.records.get(name)?.past.changes).toEqual({ vcpus: 2 });
  });

  it.each([
    ['set', { name, vcpus: 0 }],
    ['set', { name, memory: -1 }],
    ['set', { name, vcpus: 2, timeout: 700_000 }],
    ['attachDevice', { name, device: 'no/name' }],
    ['attachDevice', { name, device: 'data', options: 'x'.repeat(70_000) }],
    ['detachDevice', { name, device: 'data', force: 'yes' }],
  ] as const)('that are none are refused: %s %o', async (operation, input) => {
    const { control } = await made(new World());
    const call = control.call(admin, operation as string, input);
    await expect(call).rejects.toMatchObject({ code: 'VIV_CONTROL_INPUT' });
  });
});
