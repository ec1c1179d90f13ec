import { createHost, inlineCells, type MachineDescription } from '@vivarium/host';
import { describe, expect, it } from 'vitest';
import { recipe } from '../cells/cell-suite.ts';

const PAGE = 4096;

const giving = (most: number): MachineDescription => ({
  name: 'm',
  cell: 'inline',
  recipe: recipe('giving', { most: most * PAGE }),
});

describe('a machine of a host', () => {
  it('begins later runs with what was changed of it, and so it does on the next host', async () => {
    await using host = createHost({ kinds: [inlineCells()] });
    const machine = await host.create(giving(8));
    const size = machine.info().facts.memory;
    await machine.start();
    await machine.setMemory(size - 4 * PAGE);
    await machine.stop();
    expect(machine.info().facts.hardware.memory).toBe(size - 4 * PAGE);
    await expect(machine.setMemory(size)).rejects.toMatchObject({ code: 'VIV_HOST_STATE' });
    await machine.start();
    expect(machine.info()).toMatchObject({
      facts: { hardware: { memory: size - 4 * PAGE } },
      changes: { memory: size - 4 * PAGE },
    });
    await using next = createHost({ kinds: [inlineCells()], past: () => machine.info() });
    const enlisted = next.enlist(machine.description);
    await enlisted.start();
    expect(enlisted.info().facts.hardware.memory).toBe(size - 4 * PAGE);
  });

  it('stays as it was when its guest does not follow, or it is asked for what cannot be', async () => {
    await using host = createHost({ kinds: [inlineCells()] });
    const machine = await host.create(giving(1));
    const size = machine.info().facts.memory;
    await machine.start();
    await expect(machine.setMemory(size - 2 * PAGE, { timeout: 30 })).rejects.toMatchObject({ code: 'VIV_CELL_GUEST' });
    await expect(machine.setMemory(0)).rejects.toMatchObject({ code: 'VIV_CELL_CHANGE' });
    await expect(machine.setMemory(size, { timeout: -1 })).rejects.toMatchObject({ code: 'VIV_CELL_CHANGE' });
    expect(machine.info()).toMatchObject({ facts: { hardware: { memory: size } }, changes: {} });
  });
});
