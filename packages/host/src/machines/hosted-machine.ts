import type { CellStats } from '../cell.ts';
import type { HostConsole } from '../cells/console-hub.ts';
import type { CellEnd } from '../cells/end.ts';
import type { MachineFacts, PlainEnd } from '../cells/messages.ts';
import type { DeviceDescription, KeptChanges } from '../hardware/change.ts';
import type { Lease } from '../lease.ts';
import type { MemoryAct, MemoryAnswer } from '../memory/acts.ts';
import type { MachineDescription } from './description.ts';

/**
 * `created`: its cell is there and has not run. `waiting`: it ended, and starts again by itself in a moment. `ended`: it
 * has no cell any more; `start` makes a new one.
 */
export type MachineStatus = 'created' | 'running' | 'paused' | 'waiting' | 'ended' | 'destroyed';

/** A machine as plain data, for lists. */
export interface MachineInfo {
  readonly name: string;
  readonly cell: string;
  readonly status: MachineStatus;
  readonly description: MachineDescription;
  /** Of the present cell, or the last. */
  readonly facts: MachineFacts;
  /** What was changed of it since it was described; a new run begins with that. */
  readonly changes: KeptChanges;
  readonly stats: CellStats;
  readonly pid?: number;
  readonly consoles: readonly { readonly name: string; readonly viewers: number }[];
  /** How the last run ended. */
  readonly end?: PlainEnd;
  /** Times it was started again by itself, and when lately; milliseconds since 1970. */
  readonly restarts: number;
  readonly restartedAt: readonly number[];
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly startedAt?: number;
  readonly endedAt?: number;
}

/** What a host before this one knew of a machine. Milliseconds since 1970. */
export interface MachinePast
  extends Partial<Pick<MachineInfo, 'restarts' | 'restartedAt' | 'createdAt' | 'startedAt'>> {
  readonly changes?: KeptChanges | undefined;
  readonly end?: PlainEnd | undefined;
  readonly endedAt?: number | undefined;
}

/** How long a guest has to do its part of a change. */
export interface ChangeOptions {
  /** Milliseconds, 30,000 unless given; at most 600,000. */
  readonly timeout?: number;
}

export interface DetachOptions extends ChangeOptions {
  /** Takes the device out at once, whatever the guest does with it. Default false. */
  readonly force?: boolean;
}

/** A machine of a host. */
export interface HostedMachine {
  readonly name: string;
  readonly description: MachineDescription;
  readonly status: MachineStatus;
  info(): MachineInfo;
  /** Stats as of now; those of the last run when it is over. */
  measure(): Promise<CellStats>;
  /** Starts it; when its run is over, in a new cell. */
  start(): Promise<void>;
  pause(): Promise<void>;
  resume(): Promise<void>;
  reset(): Promise<void>;
  /** Asks the guest, and pulls the plug after `grace` milliseconds (default 10,000). Nothing starts it again by itself. */
  powerOff(grace?: number): Promise<CellEnd>;
  /** Pulls the plug. */
  stop(): Promise<CellEnd>;
  /** Ends its cell, whatever that does. */
  kill(): Promise<void>;
  /** Ends it if need be, gives everything back and takes it off its host. */
  destroy(): Promise<void>;
  /** Resolves when the present run, or the next if there is none, is over. */
  ended(): Promise<CellEnd>;
  readonly consoles: readonly HostConsole[];
  /** Throws `VIV_CELL_CONSOLE`. Viewers stay attached over restarts. */
  console(name: string): HostConsole;
  /**
   * Lets its guest have so many bytes of the memory that the machine has: the balloon takes the rest. Resolves when the
   * guest has given them, or taken them back. Throws `VIV_CELL_GUEST` when it does not, and then asks for nothing new.
   * What was changed holds for later runs, too.
   */
  setMemory(bytes: number, options?: ChangeOptions): Promise<void>;
  /**
   * Lets its guest have so many of the vCPUs that the machine has, the first ones. An agent in the guest starts and stops
   * them; without one, a guest gets more and gives none back. Throws as `setMemory`.
   */
  setVcpus(count: number, options?: ChangeOptions): Promise<void>;
  /**
   * Puts a device into a free hot-plug slot; its recipe says what `options` can be. Resolves when an agent in the guest has
   * found it, or at once where there is none. Throws as `setMemory`.
   */
  attachDevice(device: DeviceDescription, options?: ChangeOptions): Promise<void>;
  /** Has the guest let go of a device that was attached, and takes it out. Throws as `setMemory`, but for `force`. */
  detachDevice(name: string, options?: DetachOptions): Promise<void>;
  /** Does something with the pages of its guest; see `MemoryControl`, which does. */
  page(act: MemoryAct, bytes?: Uint8Array): Promise<MemoryAnswer & { readonly bytes?: Uint8Array }>;
  /** Of the present cell, when the machine is leased. */
  readonly lease: Lease | undefined;
}
