import { MachineMemoryToken } from '@vivarium/contracts';
import { createHostThread, createInlineCell, Dispatcher } from '@vivarium/host';
import { assemble } from '@vivarium/kernel';
import { Eevdf } from '@vivarium/scheduler-eevdf';
import { expect, it } from 'vitest';
import { SHMEM, supervisorGuest } from '../src/supervisor-guest.ts';

const MILLISECOND = 1_000_000;

it('a guest reads how long it waited for a pCPU', async () => {
  const thread = createHostThread('virtual');
  const scheduler = { name: 'eevdf', create: () => new Eevdf() };
  const dispatcher = new Dispatcher({ scheduler, pcpus: 1, time: thread });
  const guests = await Promise.all(
    [300, 100].map(async (weight, index) => {
      const machine = await assemble(supervisorGuest(`guest${index}`));
      const cell = createInlineCell(machine, { leased: thread });
      if (cell.lease === undefined) throw new Error('no lease');
      const guest = dispatcher.attach({ name: machine.name, lease: cell.lease, vcpus: [{ weight }] });
      const run = cell.run();
      return { machine, cell, guest, run };
    }),
  );
  const told = await new Promise<readonly [number, number][]>((resolve) => {
    const look = thread.timer(() =>
      resolve(
        guests.map(({ machine, guest }) => {
          const bytes = machine.get(MachineMemoryToken).read(SHMEM, 64);
          const steal = bytes === undefined ? 0n : new DataView(bytes.buffer).getBigUint64(8, true);
          return [Number(steal), guest.stats[0].ready];
        }),
      ),
    );
    look.arm(400 * MILLISECOND);
  });
  const [heavy, light] = told;
  // What it is told is as old as its present slice.
  for (const [steal, ready] of told) expect(Math.abs(steal - ready)).toBeLessThan(20 * MILLISECOND);
  expect(heavy[0]).toBeGreaterThan(80 * MILLISECOND);
  expect(light[0]).toBeGreaterThan(270 * MILLISECOND);
  for (const { cell, run } of guests) {
    await cell.stop();
    await run;
    await cell[Symbol.asyncDispose]();
  }
});
