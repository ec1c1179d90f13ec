import type { PcpuId, SchedulerFactory } from '@vivarium/contracts';
import { CpuPools } from '@vivarium/cpu-pools';
import { Credit2 } from '@vivarium/scheduler-credit2';
import { Eevdf } from '@vivarium/scheduler-eevdf';
import { Rtds } from '@vivarium/scheduler-rtds';
import { alwaysRunnable, bursty, interactive } from '@vivarium/scheduler-sim';
import { type Check, MILLISECOND, SECOND, simulate } from './check.ts';

/** Those that leave no pCPU idle while there is work; rtds by way of extra time. */
const FACTORIES: readonly SchedulerFactory[] = [
  { name: 'eevdf', create: () => new Eevdf() },
  { name: 'credit2', create: () => new Credit2({ rateLimit: MILLISECOND, pcpusPerQueue: 16 }) },
  { name: 'rtds', create: () => new Rtds() },
];

const EXTRA = { reservation: { budget: MILLISECOND, period: 10 * MILLISECOND, extra: true } };

export const poolChecks: readonly Check[] = [
  {
    scheduler: 'pools',
    workload: 'each 7 ms a pCPU moves, each 50 ms a pool gets another scheduler, guests look every 50 µs',
    bound: 'no pCPU idle beside work, all time accounted',
    measure: (scale) => {
      const pools = new CpuPools(FACTORIES[0], 'first');
      pools.createPool('second', FACTORIES[1]);
      for (const domain of ['c', 'd']) pools.moveDomain(domain, 'second', 0);
      const guests = ['a', 'b', 'c', 'd'].flatMap((domain) => [
        // Two in each pool would be enough to keep four pCPUs busy.
        ...[0, 1, 2].map(() => ({ domain, ...EXTRA, workload: alwaysRunnable() })),
        { domain, ...EXTRA, workload: bursty(3 * MILLISECOND, 5 * MILLISECOND) },
        { domain, ...EXTRA, workload: interactive(100_000, 2 * MILLISECOND) },
      ]);
      const simulation = simulate(pools, 4, guests, { quantum: 50_000, trace: true });
      const apply = (hints: readonly PcpuId[]) => {
        for (const pcpu of hints) simulation.reschedule(pcpu);
      };
      const end = 10 * SECOND * scale;
      let [moves, changes] = [0, 0];
      for (let time = 7 * MILLISECOND; time < end; time += 7 * MILLISECOND) {
        simulation.at(time, () => {
          moves += 1;
          apply(pools.movePcpu(moves % 4, moves % 3 === 0 ? 'first' : 'second', simulation.now));
        });
      }
      for (let time = 50 * MILLISECOND; time < end; time += 50 * MILLISECOND) {
        simulation.at(time, () => {
          changes += 1;
          const factory = FACTORIES[changes % FACTORIES.length];
          apply(pools.setScheduler(changes % 2 === 0 ? 'first' : 'second', factory, simulation.now));
        });
      }
      simulation.runUntil(end);
      const { vcpus, decisions } = simulation.report();
      const idle = 4 * end - vcpus.reduce((sum, { service }) => sum + service, 0);
      const miscounted = vcpus.filter(({ service, stats }) => {
        const age = (stats?.run ?? 0) + (stats?.ready ?? 0) + (stats?.blocked ?? 0);
        return stats?.run !== service || age !== end;
      });
      const starved = vcpus.filter(({ service }) => service === 0);
      const measured = `${moves} moves, ${changes} changes: ${idle} ns idle, ${miscounted.length} miscounted`;
      return { measured, holds: idle === 0 && miscounted.length + starved.length === 0, decisions };
    },
  },
];
