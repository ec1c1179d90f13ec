import type { Vcpu } from './cpu.ts';
import type { DebugPoint, WatchedAccess } from './debug-point.ts';
import type { GuestFault } from './fault.ts';

/** Why guest execution stopped while a debugger is attached. */
export type DebugStop =
  /** Somebody asked: the debugger, or the host paused the machine. */
  | { readonly kind: 'halted'; readonly vcpu: number }
  | { readonly kind: 'step'; readonly vcpu: number }
  | { readonly kind: 'breakpoint'; readonly vcpu: number; readonly address: bigint }
  | {
      readonly kind: 'watchpoint';
      readonly vcpu: number;
      /** First byte accessed that is watched. */
      readonly address: bigint;
      /** As the watchpoint that was hit says. */
      readonly access: WatchedAccess;
    }
  /** The guest cannot go on from here by itself; without a debugger the run would have ended. */
  | { readonly kind: 'fault'; readonly vcpu: number; readonly fault: GuestFault }
  /** The machine has been stopped, with the guest's exit code: nothing can be asked of it any more. */
  | { readonly kind: 'ended'; readonly code: number };

/** What each vCPU does from now on. One that is in neither list stands still. */
export interface DebugResumption {
  /** One instruction each, then everything stops again. */
  readonly step: readonly number[];
  readonly run: readonly number[];
}

/**
 * A debugger's hold on a machine. Registers and memory are to be touched only while `halted`. No call throws; after
 * `detach` or the end of the machine all of them do nothing.
 */
export interface DebugSession {
  /** Nothing runs, and time stands still. */
  readonly halted: boolean;
  /** Stops the machine soon, if it runs. */
  halt(): void;
  /** Goes on, if it stands still. `stopped` of {@link DebugTarget.attach} is called once when it stops again. */
  resume(resumption: DebugResumption): void;
  /** Sets a point, also while the machine runs; false when the core has no room for another. */
  insert(point: DebugPoint): boolean;
  /** False when it was not set. */
  remove(point: DebugPoint): boolean;
  readonly points: readonly DebugPoint[];
  /** As `CoreDebug.translate`. */
  translate(vcpu: Vcpu, address: bigint): number | undefined;
  /** Copies guest RAM out; undefined when not all of it is RAM. Never reaches a device. */
  readPhysical(address: number, length: number): Uint8Array | undefined;
  /** False when not all of it is RAM; then nothing is written. */
  writePhysical(address: number, bytes: Uint8Array): boolean;
  /** The machine's reset button; it halts before it executes anything, if it was halted. */
  reset(): Promise<void>;
  /** Pulls the plug. */
  kill(): void;
  /** Takes all points away and lets the machine go on, if it was halted. */
  detach(): void;
}

/** A machine as a debugger finds it. */
export interface DebugTarget {
  /** For people. */
  readonly name: string;
  /** For example `riscv64`. */
  readonly architecture: string;
  readonly vcpus: readonly Vcpu[];
  /**
   * Attaches the one debugger that a machine can have; undefined while another is attached, and once the machine has
   * ended. The machine goes on as it was. `stopped` hears of every stop from then on, also of one that it did not ask
   * for; never from within a call of the session.
   */
  attach(stopped: (stop: DebugStop) => void): DebugSession | undefined;
}
