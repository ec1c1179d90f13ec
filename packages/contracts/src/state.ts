/** Plain data: JSON values plus bigint and bytes. */
export type StateValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly StateValue[]
  | { readonly [key: string]: StateValue };

/**
 * How a part saves itself, separate from its run-time objects. `restore` gets untrusted data: it checks everything
 * and throws a coded error, leaving the part reset, when the data is not right.
 */
export interface StateCodec {
  /** Name of the data's shape, for example `uart-16550`. */
  readonly schema: string;
  /** Positive integer; goes up when the shape changes. */
  readonly version: number;
  save(): StateValue;
  restore(state: StateValue, fromVersion: number): void;
}
