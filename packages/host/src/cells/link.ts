import type { CellChannel } from './channel.ts';
import type { CodedError } from './end.ts';

/** What a cell may take of the host's resources. What a kind of cell cannot bound, its documentation says. */
export interface CellLimits {
  /** MiB of JavaScript heap. Default 512. */
  readonly heap?: number | undefined;
  /** MiB of memory of its own, guest RAM and generated code included: of process cells. Default: no bound. */
  readonly data?: number | undefined;
  /** MiB of address space, of process cells. A core reserves 10 GiB for each memory it may grow. Default: no bound. */
  readonly addressSpace?: number | undefined;
  /** Open files, of process cells. Default 256. */
  readonly files?: number | undefined;
  /** Processes and threads of the user that runs it, all together, of process cells. Default: no bound. */
  readonly processes?: number | undefined;
}

/** A cell that was just started, or found again: what only its kind knows. */
export interface CellLink {
  readonly channel: CellChannel;
  /** Number of the process, of cells that are one. */
  readonly pid?: number;
  /** Resolves once the cell is gone, with the reason if that is known and was not asked for. */
  readonly died: Promise<CodedError | undefined>;
  /** Ends it at once, whatever it does. Resolves when it is gone. */
  kill(): Promise<void>;
  /** Removes what it leaves behind. Called after it has died, or been let go. */
  clean(): Promise<void>;
}

/** A way to contain machines: a thread, a process… */
export interface CellKind {
  /** `inline`, `worker`, `process`, or a name of yours. */
  readonly name: string;
  /** Starts an empty cell for the machine of this name. */
  launch(order: CellOrder): Promise<CellLink>;
  /** Whether its cells go on when the host is gone. Default false. */
  readonly outlives?: boolean;
  /** Finds cells again that outlived the host that launched them, and clears away what is left of others. */
  readonly adopt?: () => Promise<readonly Foundling[]>;
}

/** What a kind needs to know to launch a cell. */
export interface CellOrder {
  /** Of the machine. */
  readonly name: string;
  readonly limits: CellLimits;
  /** Files and folders that its machine writes to, besides its own: disks, shares. Absolute. */
  readonly writable?: readonly string[] | undefined;
  /** Plain JSON that comes back with the cell when it is adopted. */
  readonly keepsake?: unknown;
}

/** A cell that outlived its host. */
export interface Foundling {
  readonly name: string;
  readonly keepsake: unknown;
  /** Absent: it has died meanwhile, with this last word if there was time for one; it is cleaned up already. */
  readonly link?: CellLink;
  /** A `CellEnd` as it was written, not checked. */
  readonly lastWord?: unknown;
}
