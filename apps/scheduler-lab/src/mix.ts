import type { Scheduler, VcpuParameters } from '@vivarium/contracts';
import { Arinc653 } from '@vivarium/scheduler-arinc653';
import { Credit2 } from '@vivarium/scheduler-credit2';
import { Eevdf } from '@vivarium/scheduler-eevdf';
import { Null } from '@vivarium/scheduler-null';
import { Rtds } from '@vivarium/scheduler-rtds';
import {
  alwaysRunnable,
  bursty,
  interactive,
  lockHolders,
  periodic,
  tickEvasion,
  type Workload,
} from '@vivarium/scheduler-sim';

const MILLISECOND = 1_000_000;

export interface Guest {
  readonly name: string;
  readonly parameters: Omit<VcpuParameters, 'domain'>;
  /** One for each vCPU. */
  readonly vcpus: () => readonly Workload[];
}

/** Two vCPUs that share a spin lock, and give way to its holder. */
const LOCK = { outside: 400_000, inside: 60_000, patience: 20_000 };

/** So many milliseconds in so many, and more when there is time. */
const reserve = (budget: number, period: number) => ({
  budget: budget * MILLISECOND,
  period: period * MILLISECOND,
  extra: true,
});

const guest = (name: string, vcpus: Guest['vcpus'], parameters: Guest['parameters']): Guest => ({
  name,
  vcpus,
  parameters,
});

/** What a small host has to do at once. */
export const GUESTS: readonly Guest[] = [
  guest('video', () => [periodic(4e6, 16e6)], { slice: 700_000, reservation: reserve(5, 16) }),
  guest('web', () => [interactive(300_000, 3e6)], { slice: 700_000, reservation: reserve(1, 5) }),
  guest('database', () => [bursty(2e6, 3e6)], { weight: 512, reservation: reserve(4, 10) }),
  guest('smp', () => lockHolders(2, LOCK), { gang: true, reservation: reserve(4, 10) }),
  guest('heavy', () => [alwaysRunnable()], { weight: 1000, reservation: reserve(5, 20) }),
  guest('light', () => [alwaysRunnable()], { weight: 10, reservation: reserve(0.1, 20) }),
  guest('attacker', () => [tickEvasion('yield')], { reservation: reserve(2, 10) }),
];

/** A window of 2 ms for each guest. */
const windows = GUESTS.map(({ name }) => ({ domain: name, duration: 2 * MILLISECOND }));

export const SCHEDULERS: Readonly<Record<string, () => Scheduler>> = {
  eevdf: () => new Eevdf(),
  credit2: () => new Credit2({ rateLimit: MILLISECOND, pcpusPerQueue: 16 }),
  rtds: () => new Rtds(),
  arinc653: () => new Arinc653({ majorFrame: GUESTS.length * 2 * MILLISECOND, windows, turn: MILLISECOND }),
  null: () => new Null(),
};
