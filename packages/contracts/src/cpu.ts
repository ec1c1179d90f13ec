import type { StartBackgroundThread } from './core-background.ts';
import type { CoreThreads } from './core-threads.ts';
import type { DebugPoint, WatchedAccess } from './debug-point.ts';
import type { DeviceTreeNode } from './device-tree.ts';
import type { GuestFault } from './fault.ts';
import type { InterruptLine } from './interrupt.ts';
import type { InterruptFile, PrivilegeLevel } from './interrupt-file.ts';
import type { StateCodec } from './state.ts';
import { defineToken, type Token } from './token.ts';

/** Why a vCPU came back. */
export type VcpuExit =
  /** The budget is used up, or something asked for an early return. */
  | { readonly kind: 'budget' }
  /** It waits for an interrupt; run it again when one is pending or its deadline has come. */
  | { readonly kind: 'idle' }
  /** It is stopped (never started, or stopped itself) and stays so until `start`. */
  | { readonly kind: 'stopped' }
  /** It hit a breakpoint that a debugger set, before executing it. */
  | { readonly kind: 'breakpoint'; readonly pc: bigint }
  /**
   * It is about to execute an instruction that touches what a debugger watches, and does so in the next run. `address`
   * is the first byte of it that is watched.
   */
  | { readonly kind: 'watchpoint'; readonly address: bigint; readonly access: WatchedAccess }
  /** The guest did something it cannot recover from. */
  | { readonly kind: 'fault'; readonly fault: GuestFault };

/** What one vCPU asks another to forget (RISC-V: FENCE.I and SFENCE.VMA on behalf of a remote hart). */
export type RemoteFence =
  /** Everything that was fetched or translated from memory as code before now. */
  | { readonly kind: 'code' }
  /**
   * Address translations of `length` bytes from guest-virtual `address`, or all of them when `range` is absent; of
   * one address space (RISC-V: ASID) or of all.
   */
  | {
      readonly kind: 'translations';
      readonly range?: { readonly address: bigint; readonly length: bigint };
      readonly addressSpace?: number;
    };

/** One virtual CPU (for RISC-V: one hart). */
export interface Vcpu {
  /** 0-based; for RISC-V the hart id. */
  readonly index: number;
  /**
   * Runs at most `budget` instructions (a positive integer up to 2^31−1), exactly that many on `budget` unless
   * `interrupt run` cut it short.
   */
  run(budget: number): VcpuExit;
  /** Makes a `run` in progress return after the instruction it is at (called from within device or firmware code). */
  yieldSoon(): void;
  /** Instructions retired since reset (a safe integer). During `run` only exact inside device and firmware calls. */
  readonly retired: number;
  /**
   * Instructions attempted (retired or trapped) in the `run` in progress, or in the last one when none is; 0 before
   * the first. This is what the virtual clock counts.
   */
  readonly attemptedInSlice: number;
  /** True when an enabled interrupt is pending, so that an idle vCPU should run again. */
  readonly wakeup: boolean;
  /**
   * Calls `listener` whenever an interrupt input rises (or the vCPU is started) while no `run` of it is in progress,
   * so that a run loop that sleeps because every vCPU is idle looks at `wakeup` again. One call per rise; also when
   * the interrupt is not enabled: the listener checks `wakeup` itself. The listener must not call `run` from inside.
   * Returns its removal. Absent: the core has no inputs that can rise outside of `run`.
   */
  onWakeup?(listener: () => void): () => void;
  /** When its own timer comparator is due, in nanoseconds of the machine's clock; undefined when it has none armed. */
  readonly nextDeadline: number | undefined;
  /**
   * The core's input named `name` (RISC-V: `meip`, `seip`, `msip`, `mtip`); undefined when it has no such input.
   * RISC-V `ssip`, where a core has it, is no level but an edge: a rise sets mip.SSIP, which stays until software
   * clears it (ACLINT specification, chapter 4).
   */
  interruptInput(name: string): InterruptLine | undefined;
  /**
   * Plugs in the interrupt file of a level, which stays. Its notification comes by `interruptInput`. False when the core
   * was not asked to have the registers for it; absent when it never has.
   */
  connectInterruptFile?(level: PrivilegeLevel, file: InterruptFile): boolean;
  /** Starts a stopped vCPU. What `entry` and `argument` do is the architecture's business (RISC-V: pc and a1). */
  start(entry: bigint, argument: bigint): void;
  /** Stops it; `run` then returns `stopped`. */
  stop(): void;
  readonly running: boolean;
  /** Takes effect before its next instruction. For firmware, between two instructions of any vCPU. */
  fence(request: RemoteFence): void;
  /** Registers by the names of the ISA manual (`pc`, `x1`, `ra`, `f0`, `fa0`, `mstatus`, `satp`…) plus `priv`. */
  readonly registerNames: readonly string[];
  /** Undefined for an unknown name. */
  readRegister(name: string): bigint | undefined;
  /** False for an unknown or read-only name. Values are taken modulo 2^64. */
  writeRegister(name: string, value: bigint): boolean;
  reset(): void;
  readonly state?: StateCodec;
}

/** What the firmware decided about an environment call. */
export type EnvironmentCallOutcome = 'handled' | 'reflect';

/** What a core did, summed over its vCPUs, since it was made. Counts, but for what names another unit. */
export interface CoreStatistics {
  /** Instructions retired. */
  readonly instructions: number;
  /** Instructions attempted in translated code; absent when the core was not asked to count them. */
  readonly translated?: number;
  /** Pieces of translated code: made, dropped again, and there now, with their size; and what making them took. */
  readonly translations: {
    readonly made: number;
    readonly dropped: number;
    readonly live: number;
    readonly bytes: number;
    readonly milliseconds: number;
  };
  /** Accesses that no TLB entry served: translated anew, to devices, across pages, or to code. */
  readonly misses: { readonly fetch: number; readonly load: number; readonly store: number };
  /** Times generated code was left for the host's, by what for. */
  readonly exits: Readonly<Record<string, number>>;
  /** Traps taken, by the specification's name of the cause. */
  readonly traps: Readonly<Record<string, number>>;
}

/**
 * What a CPU core does for debuggers, between two `run`s. Points hold for every vCPU and survive a reset. A core in
 * which no point was ever set runs as fast as one without this.
 */
export interface CoreDebug {
  /** Sets a point; setting it again changes nothing. False when the core has no room for another. */
  insert(point: DebugPoint): boolean;
  /** Takes a point away; false when it was not set. */
  remove(point: DebugPoint): boolean;
  readonly points: readonly DebugPoint[];
  /** Takes all away, and with them whatever they cost. */
  clear(): void;
  /**
   * Runs one instruction of a vCPU: also at a breakpoint, also one that waits for an interrupt, and without taking an
   * interrupt, so that a step does not end in a handler that has nothing to do with it. Traps that the instruction
   * itself causes are taken. It stops before the instruction when a watchpoint says so, as `run` does.
   * `attemptedInSlice` counts as after `run(1)`.
   */
  step(vcpu: Vcpu): VcpuExit;
  /**
   * Guest-physical address of a guest-virtual one as the vCPU sees it now; undefined when nothing is mapped there. No
   * permission is asked, nothing changes (no accessed or dirty bits, no TLB), no fault is taken.
   */
  translate(vcpu: Vcpu, address: bigint): number | undefined;
}

/** A CPU core with all vCPUs of a machine. */
export interface CpuCore {
  /** For example `riscv64`. */
  readonly architecture: string;
  readonly vcpus: readonly Vcpu[];
  /** The `/cpus` node with one child per vCPU. */
  readonly deviceTree: DeviceTreeNode;
  /**
   * Installs host-side firmware: it sees each environment call that the guest's operating system makes to its
   * execution environment (RISC-V: `ecall` from S-mode). `reflect` makes it an ordinary trap. Undefined removes it.
   */
  onEnvironmentCall(handler: ((vcpu: Vcpu) => EnvironmentCallOutcome) | undefined): void;
  /** Code at these guest-physical bytes may have changed behind the core's back. */
  invalidateCode(address: number, length: number): void;
  /** What the core did; absent when it does not keep account. */
  statistics?(): CoreStatistics;
  /** What it does for debuggers; absent when it can do nothing for them. */
  readonly debug?: CoreDebug;
  /**
   * From now on it may leave work to a thread beside its vCPUs; what is given back ends that. A guest sees no difference.
   * Absent when there is no such work.
   */
  background?(start: StartBackgroundThread): () => void;
  /** Present when each vCPU runs on a thread of its own, and only there. */
  readonly threads?: CoreThreads;
}

export const CpuCoreToken: Token<CpuCore> = defineToken('vivarium/cpu-core', 1);
