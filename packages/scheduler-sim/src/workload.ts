import type { VcpuId } from '@vivarium/contracts';
import type { Random } from './random.ts';

/** A lock that is waited for by spinning. */
export class SpinLock {
  holder: VcpuId | undefined;
}

/** What a guest does next. Times are nanoseconds. */
export type Step =
  /** Compute: until it got `service`, and no longer than to the time `until`. */
  | { readonly kind: 'run'; readonly service?: number; readonly until?: number }
  /** Wait for an interrupt, which comes at `until`. */
  | { readonly kind: 'sleep'; readonly until: number }
  /** Give way once. */
  | { readonly kind: 'yield'; readonly to?: VcpuId }
  /** Spin until the lock is ours; after every `patience` of spinning give way to its holder. */
  | { readonly kind: 'acquire'; readonly lock: SpinLock; readonly patience?: number }
  | { readonly kind: 'release'; readonly lock: SpinLock };

/** What a workload sees when it is asked for its next step. */
export interface WorkloadContext {
  readonly now: number;
  /** What the vCPU has run so far. */
  readonly service: number;
  readonly random: Random;
  /** A piece of work with a deadline was done. */
  readonly done: (late: boolean) => void;
}

/** The guest of one vCPU: asked for a step at the start and after each one that is done. */
export type Workload = (context: WorkloadContext) => Step;
