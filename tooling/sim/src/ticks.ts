import type { Scheduler } from '@vivarium/contracts';
import { Eevdf } from '@vivarium/scheduler-eevdf';
import { attackCheck, type Check, MILLISECOND } from './check.ts';

const TICK = 10 * MILLISECOND;

/** Eevdf on a host that accounts by ticks: who runs when one comes has run for all of it, and nobody else at all. */
export const accountedByTicks = (): Scheduler => {
  const scheduler = new Eevdf();
  const account = scheduler.account.bind(scheduler);
  scheduler.account = (vcpu, ranFor, now) => {
    const tickCame = Math.floor(now / TICK) > Math.floor((now - ranFor) / TICK);
    account(vcpu, tickCame ? ranFor : 0, now);
  };
  return scheduler;
};

const attack = attackCheck('eevdf', accountedByTicks, 0.505);

/** That the attack is one. */
export const tickChecks: readonly Check[] = [
  {
    ...attack,
    scheduler: 'by ticks',
    workload: `${attack.workload} (negative control)`,
    bound: 'attacker does have far more',
    measure: (scale) => {
      const { measured, decisions, holds } = attack.measure(scale);
      return { measured, decisions, holds: !holds && Number.parseFloat(measured) > 75 };
    },
  },
];
