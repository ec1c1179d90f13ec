import type { SchedulerFactory, VcpuParameters } from '@vivarium/contracts';
import { createInlineCell, Dispatcher, type Guest, type HostThread } from '@vivarium/host';
import { assemble } from '@vivarium/kernel';
import { alwaysRunnable, type Driven, periodic, Simulation } from '@vivarium/scheduler-sim';
import { type BareWork, bareGuest } from './bare-guest.ts';

/** A guest with one vCPU. */
export interface MixGuest {
  readonly name: string;
  readonly work: BareWork;
  readonly parameters: Omit<VcpuParameters, 'domain'>;
}

/** Something that happens while guests run. */
export interface At<Act> {
  readonly at: number;
  readonly act: Act;
}

/** Nanoseconds that each guest ran until `time`, in a simulation. `changes` happen at their time. */
export const simulated = (
  scheduler: Driven,
  guests: readonly MixGuest[],
  time: number,
  changes: readonly At<(simulation: Simulation) => void>[] = [],
): readonly number[] => {
  const simulation = new Simulation({ scheduler, pcpus: [0], quantum: 1 });
  for (const [id, { name, work, parameters }] of guests.entries()) {
    const workload = work.kind === 'busy' ? alwaysRunnable() : periodic(work.service, work.period);
    simulation.spawn(id, { domain: name, ...parameters }, workload);
  }
  for (const { at, act } of changes) simulation.at(at, () => act(simulation));
  simulation.runUntil(time);
  return guests.map((_, id) => simulation.service(id));
};

/** The same with real guests that share one pCPU, on this thread. */
export const onHost = async (
  scheduler: SchedulerFactory,
  guests: readonly MixGuest[],
  thread: HostThread,
  time: number,
  changes: readonly At<(dispatcher: Dispatcher, guests: readonly Guest[]) => void>[] = [],
): Promise<readonly number[]> => {
  const dispatcher = new Dispatcher({ scheduler, pcpus: 1, time: thread });
  const cells = await Promise.all(
    guests.map(async ({ name, work }) =>
      createInlineCell(await assemble(bareGuest(name, work, thread.kind)), { leased: thread }),
    ),
  );
  const began = thread.now();
  const attached = guests.map(({ name, parameters }, index) => {
    const { lease } = cells[index];
    if (lease === undefined) throw new Error(`${name} has no lease`);
    return dispatcher.attach({ name, lease, vcpus: [parameters] });
  });
  for (const { at, act } of changes) thread.timer(() => act(dispatcher, attached)).arm(began + at);
  const ends = cells.map((cell) => cell.run());
  let ran: readonly number[] = [];
  await new Promise<void>((resolve) => {
    thread
      .timer(() => {
        ran = attached.map(({ stats }) => stats[0].run);
        resolve();
      })
      .arm(began + time);
  });
  for (const cell of cells) await cell.stop();
  await Promise.all(ends);
  for (const cell of cells) await cell[Symbol.asyncDispose]();
  return ran;
};
