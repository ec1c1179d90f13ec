import type { Vcpu } from '@vivarium/contracts';
import { SBI_SUCCESS } from './sbi.ts';

/** An environment call of the supervisor: `a7` chose the extension, `a6` is `functionId`, `a0…a5` are `args`. */
export interface SbiCall {
  readonly hart: Vcpu;
  readonly functionId: bigint;
  readonly args: readonly [bigint, bigint, bigint, bigint, bigint, bigint];
}

/** What goes back to the supervisor. */
export type SbiReturn =
  /** The binary encoding of section 3: `a0` is the error, `a1` the value. */
  | { readonly kind: 'pair'; readonly error: number; readonly value: bigint }
  /** Legacy extensions (chapter 5) return in `a0` alone. */
  | { readonly kind: 'legacy'; readonly value: bigint }
  /** The call does not return: its hart has been stopped, or sent elsewhere. */
  | { readonly kind: 'none' };

/** One extension: its id, and its functions. Nothing in it throws, whatever the guest passes. */
export interface SbiExtension {
  readonly id: number;
  call(call: SbiCall): SbiReturn;
  /** Back to the state after power-on. */
  reset?(): void;
}

export const success = (value = 0n): SbiReturn => ({ kind: 'pair', error: SBI_SUCCESS, value });
export const failure = (error: number): SbiReturn => ({ kind: 'pair', error, value: 0n });
export const NO_RETURN: SbiReturn = { kind: 'none' };
