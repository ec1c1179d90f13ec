import type { CellOutcome } from '../cell.ts';

/** An error as plain data. */
export interface CodedError {
  /** `VIV_…`; errors that are none of ours have the code of what failed. */
  readonly code: string;
  readonly message: string;
  readonly hint?: string | undefined;
}

/** The cell itself came to an end, or the host's side of it failed: nothing that the guest asked for. */
export interface CellCrash {
  readonly kind: 'crashed';
  readonly error: CodedError;
}

/** How a cell that is reached by messages ended. */
export type CellEnd = CellOutcome | CellCrash;
