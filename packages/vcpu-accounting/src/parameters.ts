import type { CpuReservation, PcpuId, VcpuChange, VcpuParameters } from '@vivarium/contracts';
import { errors } from './errors.ts';

const MICROSECOND = 1000;
const MILLISECOND = 1000 * MICROSECOND;

/** Ranges of the parameters; times in nanoseconds. */
export const LIMITS = {
  weight: { minimum: 1, maximum: 10_000 },
  /** Thousandths of a pCPU. */
  cap: { minimum: 0, maximum: 1_024_000 },
  slice: { minimum: 100 * MICROSECOND, maximum: 100 * MILLISECOND },
  budget: { minimum: 10 * MICROSECOND, maximum: 10_000 * MILLISECOND },
  period: { minimum: 10 * MICROSECOND, maximum: 10_000 * MILLISECOND },
  id: { minimum: 0, maximum: Number.MAX_SAFE_INTEGER },
  /** Entries of an affinity. */
  affinity: 1024,
} as const;

/** Weight of a vCPU for which none is given. */
export const DEFAULT_WEIGHT = 256;

/** Parameters of one vCPU, checked; what was not given and has no common default is undefined. */
export interface CheckedParameters {
  weight: number;
  slice: number | undefined;
  reservation: CpuReservation | undefined;
  /** Undefined: every pCPU of the pool. */
  affinity: ReadonlySet<PcpuId> | undefined;
  gang: boolean;
}

const refuse = (what: string, details: Readonly<Record<string, unknown>>): Error =>
  errors.make('VIV_SCHEDULER_PARAMETER', what, { details });

/** Throws unless `value` is a whole number within the limits of `name`. */
export const checkInteger = (name: 'weight' | 'cap' | 'slice' | 'budget' | 'period' | 'id', value: unknown): void => {
  const { minimum, maximum } = LIMITS[name];
  if (Number.isSafeInteger(value) && (value as number) >= minimum && (value as number) <= maximum) return;
  throw refuse(`${name} is ${String(value)}; it is a whole number from ${minimum} to ${maximum}`, { name, value });
};

const checkReservation = (reservation: CpuReservation): void => {
  checkInteger('budget', reservation.budget);
  checkInteger('period', reservation.period);
  if (reservation.budget <= reservation.period) return;
  const { budget, period } = reservation;
  throw refuse(`budget ${budget} does not fit in period ${period}`, { budget, period });
};

const checkAffinity = (affinity: readonly PcpuId[]): void => {
  if (affinity.length > LIMITS.affinity) {
    throw refuse(`affinity names ${affinity.length} pCPUs; ${LIMITS.affinity} are the most`, {});
  }
  for (const pcpu of affinity) checkInteger('id', pcpu);
};

/** Throws the first thing that is wrong with a change; checks everything before anything is changed. */
export const checkChange = (change: VcpuChange): void => {
  if (change.weight !== undefined) checkInteger('weight', change.weight);
  if (change.cap !== undefined) checkInteger('cap', change.cap);
  if (change.slice !== undefined) checkInteger('slice', change.slice);
  if (change.reservation !== undefined) checkReservation(change.reservation);
  if (change.affinity !== undefined) checkAffinity(change.affinity);
};

/** Throws the first thing that is wrong with the parameters of a new vCPU. */
export const checkParameters = (parameters: VcpuParameters): void => {
  if (typeof parameters.domain !== 'string' || parameters.domain === '') {
    throw refuse('a vCPU belongs to a domain, which has a name', {});
  }
  checkChange(parameters);
};

/** `before` with what `change` names. Both are checked. */
export const changed = (before: CheckedParameters, change: VcpuChange): CheckedParameters => ({
  weight: change.weight ?? before.weight,
  slice: change.slice ?? before.slice,
  reservation: change.reservation ?? before.reservation,
  affinity:
    change.affinity === undefined
      ? before.affinity
      : change.affinity.length === 0
        ? undefined
        : new Set(change.affinity),
  gang: change.gang ?? before.gang,
});

/** Parameters for which nothing is given. */
export const defaultParameters: Readonly<CheckedParameters> = {
  weight: DEFAULT_WEIGHT,
  slice: undefined,
  reservation: undefined,
  affinity: undefined,
  gang: false,
};
