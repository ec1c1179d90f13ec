import { setTimeout as sleep } from 'node:timers/promises';
import type { VcpuStats } from '@vivarium/contracts';
import { prepareDebian } from '@vivarium/guest-debian';
import { createHost, Dispatcher, type DispatcherTrouble, inlineCells } from '@vivarium/host';
import { processCells, workerCells } from '@vivarium/host/node';
import { Eevdf } from '@vivarium/scheduler-eevdf';
import { BEGUN, type GuestPlan, resultOf, scriptOf } from './guests.ts';
import { Resident } from './resident.ts';

export interface ConsolidationOptions {
  readonly guests: readonly GuestPlan[];
  readonly pcpus: number;
  /** How long shares are measured for. */
  readonly seconds: number;
  readonly cell: 'inline' | 'worker' | 'process';
  /** Of the checksum job. */
  readonly rounds: number;
  readonly memory: number;
  readonly progress: (text: string) => void;
}

/** What came of a guest. Times are nanoseconds of the time in which shares were measured. */
export interface Outcome {
  readonly plan: GuestPlan;
  /** How it ended; undefined for those that were still there. */
  readonly end: string | undefined;
  readonly ran: number;
  readonly ready: number;
  readonly blocked: number;
  /** Part of what those ran that compete for pCPUs, and what its weight entitles it to; for those that compete. */
  readonly share?: number;
  readonly entitled?: number;
  readonly wakeLatency: VcpuStats['wakeLatency'];
  readonly migrations: number;
  readonly printed: number;
  /** Whether its checksum is right; undefined for those that had none to make. */
  readonly right: boolean | undefined;
}

export interface Consolidation {
  readonly outcomes: readonly Outcome[];
  readonly troubles: readonly DispatcherTrouble[];
  /** What pCPUs were busy, in percent of the time. */
  readonly busy: number;
}

/** Sleeps for less than this part of the time is no choice of the guest. */
const COMPETES = 0.02;

/** Boots all guests with equal weights, lets three go wrong, gives the others their weights, and measures what the others have until they have done their work. */
export const consolidate = async (options: ConsolidationOptions): Promise<Consolidation> => {
  const { guests, pcpus, rounds, progress } = options;
  const { kernel, initrd } = await prepareDebian();
  const troubles: DispatcherTrouble[] = [];
  const dispatcher = new Dispatcher({
    scheduler: { name: 'eevdf', create: () => new Eevdf() },
    pcpus,
    onTrouble: (trouble) => troubles.push(trouble),
  });
  await using host = createHost({ kinds: [workerCells(), processCells(), inlineCells()] });
  const residents: Resident[] = [];
  for (const plan of guests) {
    const machine = await host.create({
      name: plan.name,
      cell: options.cell,
      leased: true,
      onReboot: 'stop',
      recipe: {
        module: import.meta.resolve('./debian.ts'),
        options: { kernel, initrd, memory: options.memory, command: scriptOf(plan, rounds) },
      },
    });
    residents.push(new Resident(plan, machine, dispatcher));
  }
  await Promise.all(residents.map(({ machine }) => machine.start()));
  const began = performance.now();
  await Promise.all(
    residents.map(async (resident) => {
      const { plan, machine, ended } = resident;
      await resident.line(BEGUN);
      progress(`${plan.name} is up after ${((performance.now() - began) / 1000).toFixed(1)} s`);
      if (plan.part === 'victim') await machine.kill();
      if (plan.part === 'panic' || plan.part === 'victim') progress(`${plan.name} ended: ${(await ended).kind}`);
    }),
  );
  for (const { plan, guest, end } of residents) if (end === undefined) guest.change({ weight: plan.weight });
  const now = () => ({
    stats: residents.map(({ guest }) => guest.stats[0]),
    busy: dispatcher.pcpus.reduce((sum, { busy }) => sum + busy, 0),
  });
  progress(`measuring for ${options.seconds} s`);
  const [before, from] = [now(), performance.now()];
  await sleep(options.seconds * 1000);
  const [after, time] = [now(), (performance.now() - from) * 1e6];
  const workers = residents.filter(({ plan }) => plan.part === 'work');
  // One that ends before has no result, and its outcome says so.
  await Promise.allSettled(workers.map((worker) => worker.line(resultOf(worker.plan.name, rounds))));
  const busy = ((after.busy - before.busy) / time / pcpus) * 100;
  return { outcomes: outcomes(residents, before.stats, after.stats, rounds, pcpus), troubles, busy };
};

const outcomes = (
  residents: readonly Resident[],
  before: readonly VcpuStats[],
  after: readonly VcpuStats[],
  rounds: number,
  pcpus: number,
): readonly Outcome[] => {
  const measured = residents.map((resident, index) => {
    const { plan, end, printed } = resident;
    const [from, to] = [before[index], after[index]];
    const [ran, ready, blocked] = [to.run - from.run, to.ready - from.ready, to.blocked - from.blocked];
    const { wakeLatency, migrations } = to;
    const right = plan.part === 'work' ? resident.has(resultOf(plan.name, rounds)) : undefined;
    // One that has ended gives up its share to the others.
    const competes = end === undefined && ran > 0 && blocked / (ran + ready + blocked) < COMPETES;
    return { plan, end: end?.kind, ran, ready, blocked, wakeLatency, migrations, printed, right, competes };
  });
  const competing = measured.filter(({ competes }) => competes);
  const all = competing.reduce((sum, { ran }) => sum + ran, 0);
  const shares = entitlements(
    competing.map(({ plan }) => plan.weight),
    pcpus,
  );
  return measured.map(({ competes, ...outcome }) =>
    competes
      ? {
          ...outcome,
          share: outcome.ran / all,
          entitled: shares[competing.findIndex(({ plan }) => plan === outcome.plan)],
        }
      : outcome,
  );
};

/** What each of the weights is entitled to of all pCPUs together, where nobody can use more than one of them. */
export const entitlements = (weights: readonly number[], pcpus: number): readonly number[] => {
  const shares = weights.map(() => 0);
  let left = Math.min(pcpus, weights.length);
  const open = new Set(weights.keys());
  while (open.size > 0) {
    const sum = [...open].reduce((total, index) => total + (weights[index] ?? 0), 0);
    const each = (index: number): number => (left * (weights[index] ?? 0)) / sum;
    const capped = [...open].filter((index) => each(index) > 1);
    if (capped.length === 0) {
      for (const index of open) shares[index] = each(index);
      break;
    }
    for (const index of capped) {
      shares[index] = 1;
      open.delete(index);
    }
    left -= capped.length;
  }
  return shares.map((share) => share / Math.min(pcpus, weights.length));
};
