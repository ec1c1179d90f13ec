/**
 * What every scheduler keeps about its vCPUs: who is asleep, ready or on a pCPU, time stamps and statistics, checked
 * parameters, caps. An algorithm extends {@link SchedulerFrame} and adds what is its own: an order.
 *
 * Contract: `Scheduler` in `@vivarium/contracts`.
 *
 * @example
 * import { type Choice, type Pcpu, SchedulerFrame, Vcpu } from '@vivarium/vcpu-accounting';
 *
 * // Whoever ran longest ago, for a millisecond.
 * class RoundRobin extends SchedulerFrame<Vcpu> {
 *   readonly name = 'round-robin';
 *   readonly honours = ['affinity', 'cap'] as const;
 *   protected make(...[id, domain, parameters, now]: ConstructorParameters<typeof Vcpu>) {
 *     return new Vcpu(id, domain, parameters, now);
 *   }
 *   protected joined() {}
 *   protected left() {}
 *   protected charged() {}
 *   protected choose({ id }: Pcpu): Choice<Vcpu> {
 *     const [vcpu] = this.competing
 *       .filter((candidate) => candidate.state === 'ready' && candidate.mayRunOn(id))
 *       .toSorted((one, other) => one.chargedAt - other.chargedAt);
 *     return vcpu === undefined ? { kind: 'idle', until: undefined } : { kind: 'run', vcpu, slice: 1_000_000 };
 *   }
 *   protected victim() {
 *     return undefined;
 *   }
 * }
 *
 * @module
 */
export { Cap, type CapLoad } from './cap.ts';
export { CapWindow } from './cap-window.ts';
export { errorTable } from './errors.ts';
export { LatencyHistogram } from './latency-histogram.ts';
export { type CheckedParameters, DEFAULT_WEIGHT, LIMITS } from './parameters.ts';
export { type Choice, SchedulerFrame } from './scheduler-frame.ts';
export { type Domain, Pcpu, Vcpu } from './vcpu.ts';
