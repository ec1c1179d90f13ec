import type { MachineMemory } from '@vivarium/contracts';
import { fakeMemory } from '@vivarium/testkit';
import { Laboratory, RAM, RAM_SIZE } from '@vivarium/testkit/hostile';
import { Choices } from '../../engine/choices.ts';
import type { Program } from '../../engine/program.ts';
import { type FuzzTarget, must, type See } from '../../engine/target.ts';
import type { MakeDevice } from './device.ts';
import { DriverSession } from './session.ts';

/** What waits for promises goes on. */
export const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/**
 * Requests of a virtio device, through its rings, over either transport and in either format. The first action says how
 * the device is attached, the others are what the driver and the host do.
 */
export const virtioTarget = (covers: readonly string[], make: MakeDevice): FuzzTarget => {
  // Made once: zeroing it is far cheaper than to allocate it anew.
  const memory = fakeMemory({ base: RAM, size: RAM_SIZE, privateSize: 0 });
  return { covers: [...covers, 'packages/virtio-transport'], run: (program, see) => run(memory, make, program, see) };
};

const run = async (memory: MachineMemory, make: MakeDevice, program: Program, see: See): Promise<void> => {
  const [first = new Uint8Array(0), ...actions] = program;
  const choices = new Choices(first);
  const transport = choices.pick(['mmio', 'pci'] as const);
  const format = choices.pick(['split', 'packed'] as const);
  const rings = { indirect: !choices.rarely(8), eventIndex: !choices.rarely(4), inOrder: choices.rarely(4) };
  const device = await make(choices);
  try {
    memory.clear();
    const lab = new Laboratory(device, { transport, format }, rings, memory);
    lab.start(lab.sibling);
    const session = new DriverSession(lab, device, see);
    session.start(choices);
    for (const action of actions) {
      session.act(new Choices(action));
      if (device.deferred === true) await turn();
      session.collect();
    }
    await device.heal?.();
    session.collect();
    lab.hooked.hook = undefined;
    must(lab.bench.failures.length === 0, `the device must not throw: ${lab.bench.failures.join('; ')}`);
    lab.serves(lab.sibling, 'after all that');
    lab.start(lab.bench);
    lab.serves(lab.bench, 'after a reset');
    device.check?.();
  } finally {
    device.dispose?.();
  }
};
