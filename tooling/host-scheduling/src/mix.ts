import type { SchedulerFactory, VcpuParameters } from '@vivarium/contracts';
import type { Dispatcher, Guest, HostThread } from '@vivarium/host';
import { alwaysRunnable, type Driven, periodic, Simulation } from '@vivarium/scheduler-sim';
import type { BareWork } from './bare-guest.ts';
import { BareHost } from './bare-host.ts';

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
  await using host = new BareHost(scheduler, thread);
  const began = thread.now();
  const attached = await Promise.all(guests.map((guest) => host.add(guest)));
  for (const { at, act } of changes) thread.timer(() => act(host.dispatcher, attached)).arm(began + at);
  return await host.at(began + time, () => attached.map(({ stats }) => stats[0].run));
};
