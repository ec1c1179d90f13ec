/**
 * What page and worker say to each other. One worker runs one machine: it is given one `boot`, and is done after
 * `ended` or `failed`. Bytes are transferred, not copied. In both directions the sender counts what the receiver has
 * not acknowledged and stops at a window, so that neither a flooding guest nor a paste can grow memory.
 */

/** Bytes of console output on the way to the page before the guest has to wait. */
export const OUTPUT_WINDOW = 256 * 1024;
/** Bytes of input on the way to the guest; further input waits in the page. */
export const INPUT_WINDOW = 16 * 1024;
/** Bytes of input that wait in the page; what is typed or pasted beyond is refused. */
export const INPUT_LIMIT = 1024 * 1024;

/** A machine's place on the switch of the page. */
export interface NetworkSeat {
  /** The machine's end of the cable; transferred. */
  readonly channel: MessagePort;
  readonly mac: string;
  /** Words for the kernel command line, which tell the guest its address. */
  readonly words: string;
}

/** A disk on the web server: `/dev/vda` as it is, and `/dev/vdb` with what the guest writes kept in memory. */
export interface ServedDisk {
  /** Path on the same origin. */
  readonly path: string;
}

export interface BootRequest {
  /** Bytes of guest RAM. */
  readonly memory: number;
  /** Size of the terminal in characters. */
  readonly columns: number;
  readonly rows: number;
  readonly network?: NetworkSeat;
  readonly disk?: ServedDisk;
}

/** Page → worker. */
export type Command =
  | ({ readonly kind: 'boot' } & BootRequest)
  | { readonly kind: 'input'; readonly bytes: Uint8Array<ArrayBuffer> }
  /** The page is done with this many bytes of output. */
  | { readonly kind: 'shown'; readonly count: number }
  | { readonly kind: 'resize'; readonly columns: number; readonly rows: number }
  /** The reset button. */
  | { readonly kind: 'reset' }
  /** The plug is pulled. */
  | { readonly kind: 'stop' };

/** An error as far as it can be sent: a `VivariumError` without its stack. */
export interface Problem {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
}

/** How a machine ended, without the host's own failures. */
export type Ending =
  | { readonly kind: 'power-off' }
  | { readonly kind: 'stopped' }
  /** The guest powered off with a failure code. */
  | { readonly kind: 'failure'; readonly code: number }
  /** A guest fault: `code` is a `GUEST_…` code. */
  | { readonly kind: 'fault'; readonly problem: Problem };

/** What the page is told about the machine besides its output. */
export type MachineEvent =
  /** Before the machine starts: what is being done; `done` and `total` in bytes or in parts of a hundred. */
  | { readonly kind: 'progress'; readonly message: string; readonly done?: number; readonly total?: number }
  /** Guest code runs. */
  | { readonly kind: 'running'; readonly release: string }
  /** Something that a part of the machine has to say to people. */
  | { readonly kind: 'notice'; readonly message: string }
  /** What was fetched of the served disk so far. */
  | { readonly kind: 'fetched'; readonly requests: number; readonly bytes: number }
  | { readonly kind: 'ended'; readonly ending: Ending }
  | { readonly kind: 'failed'; readonly problem: Problem };

/** Worker → page. */
export type Report =
  | MachineEvent
  | { readonly kind: 'output'; readonly bytes: Uint8Array<ArrayBuffer> }
  /** The guest has taken this many bytes of input. */
  | { readonly kind: 'taken'; readonly count: number };
