import { errors } from '../errors.ts';
import { isVivariumError } from '@vivarium/contracts';

/** A piece of output whose size is known, or found while laying out. */
export type Item = { readonly line: number } & (
  | {
      readonly kind: 'instruction';
      readonly mnemonic: string;
      readonly operands: readonly string[];
      readonly mayCompress: boolean;
    }
  | { readonly kind: 'data'; readonly bytes: 1 | 2 | 4 | 8; readonly text: string }
  | { readonly kind: 'text'; readonly bytes: Uint8Array }
  | { readonly kind: 'space'; readonly size: number; readonly fill: number }
  /** Up to a multiple of `boundary` bytes from address 0. */
  | { readonly kind: 'align'; readonly boundary: number }
  /** Up to `offset` bytes from the start of the output. */
  | { readonly kind: 'origin'; readonly offset: number }
);

/** Runs `action`, putting the line number before the message of a coded error. */
export const atLine = <T>(line: number, action: () => T): T => {
  try {
    return action();
  } catch (error) {
    if (!isVivariumError(error) || error.details['line'] !== undefined) throw error;
    throw errors.make(error.code as keyof typeof errors.table, `line ${line}: ${error.message}`, {
      cause: error,
      details: { line },
    });
  }
};
