import type { Program } from './program.ts';

/** What running a program came to. */
export type Outcome =
  /** It reached its end; this is the data segment then. */
  | { readonly kind: 'finished'; readonly data: Uint8Array }
  /** It stopped before its end. */
  | { readonly kind: 'died'; readonly reason: string };

/** A world in which a program can run. */
export interface World {
  /** For reports. */
  readonly name: string;
  run(program: Program): Promise<Outcome>;
}
