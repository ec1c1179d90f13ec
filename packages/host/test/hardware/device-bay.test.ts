import { pipeConsole, pluggedDisk, virtBoard } from '@vivarium/board-virt';
import { type PciFunction, PciFunctionToken } from '@vivarium/contracts';
import type { DevicePlace, HardwareAgent, MachineDevice } from '@vivarium/host';
import { memoryFile } from '@vivarium/host-file';
import { assemble } from '@vivarium/kernel';
import { describe, expect, it } from 'vitest';
import { DeviceBay } from '../../src/hardware/device-bay.ts';
import { Patience } from '../../src/hardware/patience.ts';

const EXPRESS = 0x10;
const SLOT_CONTROL = 0x18;
const POWER_OFF = 0x0400;
const MIB = 1024 * 1024;
const late = new Error('too late');

/** A guest turns the power of a slot off. */
const turnOff = (port: PciFunction): void => {
  let at = port.readConfig(0x34, 1);
  while (port.readConfig(at, 1) !== EXPRESS) at = port.readConfig(at + 1, 1);
  port.writeConfig(at + SLOT_CONTROL, 2, POWER_OFF);
};

/** A machine with two slots, whose guest is the test; devices are disks. */
const world = async (agent?: Partial<HardwareAgent>) => {
  const bytes = new Uint8Array(4);
  const machine = await assemble(
    virtBoard({
      memory: 16 * MIB,
      slots: 2,
      boot: { kind: 'bios', bios: { name: 'none', bytes } },
      consoles: [pipeConsole()],
    }),
  );
  await machine.start();
  const open = new Set<string>();
  const device = (options: unknown, place: DevicePlace): MachineDevice => {
    if (options === 'none') throw new Error('no such device');
    open.add(place.name);
    const parts = pluggedDisk({ file: memoryFile({ bytes: new Uint8Array(MIB) }) }, place);
    return {
      parts: options === 'broken' ? parts.slice(1) : parts,
      close: () => void open.delete(place.name),
    };
  };
  const before = machine.parts.length;
  const bay = new DeviceBay({
    machine,
    parts: { spec: machine.spec, device, ...(agent && { hardware: agent as HardwareAgent }) },
  });
  return {
    bay,
    open,
    devices: () => bay.view.devices.map(({ name, slot }) => `${name} ${slot}`),
    added: () => machine.parts.length - before,
    port: (slot: string) => machine.get(PciFunctionToken, slot),
    [Symbol.asyncDispose]: () => machine.dispose(),
  };
};

const within = async (milliseconds: number, act: (patience: Patience) => Promise<void>): Promise<void> => {
  using patience = new Patience(milliseconds, () => late);
  await act(patience);
};

const silent = (): Promise<void> => new Promise(() => {});

describe('devices of a machine that runs', () => {
  it('take the slots one after the other, and none when all are taken or the name is', async () => {
    await using it = await world();
    expect(it.bay.view).toEqual({ slots: 2, devices: [] });
    await it.bay.attach('one', {}, undefined);
    await expect(it.bay.attach('one', {}, undefined)).rejects.toMatchObject({ code: 'VIV_CELL_CHANGE' });
    await Promise.all([
      it.bay.attach('two', {}, undefined),
      expect(it.bay.attach('three', {}, undefined)).rejects.toMatchObject({ code: 'VIV_CELL_CHANGE' }),
    ]);
    expect(it.devices()).toEqual(['one slot0', 'two slot1']);
    await it.bay.close();
    expect([...it.open]).toEqual([]);
  });

  it.each(['none', 'broken'])('leave nothing behind when they cannot be made: %s', async (options) => {
    await using it = await world();
    await expect(it.bay.attach('odd', options, undefined)).rejects.toBeInstanceOf(Error);
    expect([it.devices(), [...it.open], it.added()]).toEqual([[], [], 0]);
  });

  it('leave when the guest has turned the power of their slot off, and stay while it has not', async () => {
    await using it = await world();
    await it.bay.attach('disk', {}, undefined);
    await expect(within(50, (patience) => it.bay.detach('disk', patience))).rejects.toBe(late);
    expect([it.devices(), it.added()]).toEqual([['disk slot0'], 4]);
    await within(10_000, async (patience) => {
      const detached = it.bay.detach('disk', patience);
      await expect(it.bay.detach('disk', patience)).rejects.toMatchObject({ code: 'VIV_CELL_CHANGE' });
      turnOff(it.port('slot0'));
      await detached;
    });
    expect([it.devices(), [...it.open], it.added()]).toEqual([[], [], 0]);
    await expect(it.bay.tearOut('disk')).rejects.toMatchObject({ code: 'VIV_CELL_CHANGE' });
  });

  it('are taken out again when the agent does not find them', async () => {
    await using it = await world({ plugged: silent });
    await expect(within(50, (patience) => it.bay.attach('disk', {}, patience))).rejects.toBe(late);
    expect([it.devices(), [...it.open], it.added()]).toEqual([[], [], 0]);
  });

  it('stay when the agent says that it cannot let go of them, or nothing at all', async () => {
    const no = new Error('in use');
    let answer: () => Promise<void> = () => Promise.reject(no);
    await using it = await world({ plugged: async () => {}, release: () => answer() });
    await within(1000, (patience) => it.bay.attach('disk', {}, patience));
    await expect(within(1000, (patience) => it.bay.detach('disk', patience))).rejects.toBe(no);
    answer = silent;
    await expect(within(50, (patience) => it.bay.detach('disk', patience))).rejects.toBe(late);
    expect(it.devices()).toEqual(['disk slot0']);
    answer = async () => {};
    await within(1000, (patience) => it.bay.detach('disk', patience));
    expect([it.devices(), [...it.open], it.added()]).toEqual([[], [], 0]);
  });

  it('are torn out whoever waits for the guest, and their slots are the last to be used again', async () => {
    await using it = await world({ plugged: silent, release: silent });
    await within(10_000, async (patience) => {
      const attached = it.bay.attach('one', {}, patience);
      const refused = attached.catch((error: unknown) => error);
      await it.bay.tearOut('one');
      expect(await refused).toMatchObject({ code: 'VIV_CELL_CHANGE' });
    });
    await it.bay.attach('two', {}, undefined);
    expect(it.devices()).toEqual(['two slot1']);
    await within(10_000, async (patience) => {
      const detached = it.bay.detach('two', patience);
      const refused = detached.catch((error: unknown) => error);
      await Promise.all([it.bay.tearOut('two'), it.bay.tearOut('two')]);
      expect(await refused).toMatchObject({ code: 'VIV_CELL_CHANGE' });
    });
    expect([it.devices(), [...it.open], it.added()]).toEqual([[], [], 0]);
    await it.bay.attach('three', {}, undefined);
    await it.bay.attach('four', {}, undefined);
    expect(it.devices()).toEqual(['three slot0', 'four slot1']);
  });
});
