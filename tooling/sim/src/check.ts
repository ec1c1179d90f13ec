import type { Scheduler, VcpuParameters } from '@vivarium/contracts';
import { type Driven, Simulation, tickEvasion, type Workload } from '@vivarium/scheduler-sim';

export const MILLISECOND = 1_000_000;
export const SECOND = 1000 * MILLISECOND;

/** What came of a check. */
export interface Measurement {
  /** For people. */
  readonly measured: string;
  readonly holds: boolean;
  readonly decisions: number;
}

/** A bound that a scheduler is held to under a workload. */
export interface Check {
  readonly scheduler: string;
  readonly workload: string;
  readonly bound: string;
  /** `scale` of the usual effort: 1 is thorough. */
  readonly measure: (scale: number) => Measurement;
}

/** A vCPU of a simulation. */
export interface Guest extends Partial<VcpuParameters> {
  readonly workload: Workload;
}

/** One vCPU for each guest, numbered from 0, on so many pCPUs; every guest is a domain unless it names one. */
export const simulate = (
  scheduler: Driven,
  pcpus: number,
  guests: readonly Guest[],
  options: { readonly seed?: number; readonly quantum?: number; readonly trace?: boolean } = {},
): Simulation => {
  const simulation = new Simulation({ scheduler, pcpus: [...Array(pcpus).keys()], ...options });
  for (const [id, { workload, ...parameters }] of guests.entries()) {
    simulation.spawn(id, { domain: `guest-${id}`, ...parameters }, workload);
  }
  return simulation;
};

/** As a percentage. */
export const percent = (part: number, digits = 2): string => `${(part * 100).toFixed(digits)}%`;

/** Nanoseconds as milliseconds. */
export const milliseconds = (time: number): string => `${(time / MILLISECOND).toFixed(3)} ms`;

/** The attack on accounting by ticks: a vCPU that yields or sleeps after 9.5 ms of every 10. */
export const attackCheck = (
  scheduler: string,
  make: () => Scheduler,
  bound: number,
  guest: (role: 'attacker' | 'victim') => Partial<VcpuParameters> = () => ({}),
): Check => ({
  scheduler,
  workload: 'yields or sleeps after 9.5 ms of each 10 ms tick, beside one that computes',
  bound: `attacker ≤ ${percent(bound)}`,
  measure: (scale) => {
    let decisions = 0;
    let most = 0;
    let exact = true;
    for (const way of ['yield', 'sleep'] as const) {
      const attacker = { domain: 'attacker', ...guest('attacker'), workload: tickEvasion(way) };
      const victim: Guest = { domain: 'victim', ...guest('victim'), workload: () => ({ kind: 'run' }) };
      const simulation = simulate(make(), 1, [attacker, victim]);
      simulation.runUntil(100 * SECOND * scale);
      const report = simulation.report();
      const [stolen] = report.vcpus;
      decisions += report.decisions;
      most = Math.max(most, stolen.share);
      // What the scheduler counted is what the attacker had.
      exact &&= stolen.stats?.run === stolen.service;
    }
    return { measured: `${percent(most)}${exact ? '' : ', miscounted'}`, holds: most <= bound && exact, decisions };
  },
});
