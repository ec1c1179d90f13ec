import type { DebugTarget, GuestFault, StartBackgroundThread, Vcpu } from '@vivarium/contracts';
import type { Lease } from './lease.ts';
import type { HostThread } from './scheduling/host-thread.ts';

/** How a cell's run ended. A guest's fault is a value; an error of the host rejects `run` instead. */
export type CellOutcome =
  | { readonly kind: 'power-off' }
  /** The guest powered off with a failure code (an unsigned 32-bit integer). */
  | { readonly kind: 'failure'; readonly code: number }
  | { readonly kind: 'fault'; readonly fault: GuestFault }
  /** `stop` was called, or the guest asked for a reboot and the cell stops on those. */
  | { readonly kind: 'stopped' };

/** What a cell has done so far. Counts go on over resets. */
export interface CellStats {
  /** Guest instructions retired by all vCPUs. */
  readonly instructions: number;
  /** Calls of `Vcpu.run`. */
  readonly slices: number;
  /** Milliseconds of host time asleep because every vCPU was idle. */
  readonly idleMilliseconds: number;
  /** Milliseconds of host time since `run` was called, until it ended. */
  readonly wallMilliseconds: number;
}

/** The container that runs one machine. Disposing of it stops the machine and disposes of that too. */
export interface Cell extends AsyncDisposable {
  /**
   * Starts the machine and drives it until it ends, then stops it. May be called once. Rejects when a part fails in a
   * life-cycle hook (the kernel's error) or throws while guest code runs (`VIV_CELL_PART_THREW`).
   */
  run(): Promise<CellOutcome>;
  /** Resolves when no guest code runs any more; time stands still until `resume`. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Like the reset button. */
  reset(): Promise<void>;
  /** Like pulling the plug: `run` resolves with `stopped`. Does nothing once the run has ended. */
  stop(): Promise<void>;
  readonly stats: CellStats;
  /** For a debugger; absent when the machine's CPU core can do nothing for one. */
  readonly debug?: DebugTarget;
  /** For whoever gives it pCPUs; absent when it runs whenever it can. */
  readonly lease?: Lease;
}

export interface CellOptions {
  /** What a guest's reboot request does. Default `reset`. */
  readonly onReboot?: 'reset' | 'stop';
  /**
   * Longest stretch of guest execution between two turns of the event loop, in milliseconds; a goal that a slow
   * instruction can miss. Default 4; with a lease 1, because grants may come over the event loop.
   */
  readonly turnMilliseconds?: number;
  /**
   * Runs guest code only while the cell's `lease` is granted. Inline cells that share a pCPU share a thread's time, too:
   * the one they are given here; `true` is real time of its own. Default false.
   */
  readonly leased?: boolean | HostThread;
  /** Starts a thread for work that the core can do beside its vCPUs. Without it, the core does all on this one. */
  readonly startBackgroundThread?: StartBackgroundThread;
  /** Starts paused, before the first instruction: for a debugger that wants to see all of it. Default false. */
  readonly startPaused?: boolean;
  /**
   * Called before every instruction, which makes the guest run one instruction at a time, thousands of times slower.
   * Returning `false` ends that for the rest of the run.
   */
  readonly step?: (vcpu: Vcpu) => boolean;
  /** Called after every slice, a fraction of a millisecond of guest execution, with the host milliseconds it took. */
  readonly sample?: (vcpu: Vcpu, milliseconds: number) => void;
}
