import type { Finding } from '../engine/finding.ts';
import type { Program } from '../engine/program.ts';

/** What a thread is to do. */
export interface Job {
  readonly target: string;
  readonly seed: number;
  readonly corpus: readonly Program[];
  readonly coverage: boolean;
  /** When it ends: whichever comes first. */
  readonly milliseconds: number;
  readonly executions: number;
  /** The input that runs, and how many have: {@link Slate}. */
  readonly slate: SharedArrayBuffer;
}

/** What it tells. */
export type Report =
  | { readonly kind: 'ready' }
  | { readonly kind: 'kept'; readonly program: Program }
  | { readonly kind: 'found'; readonly finding: Finding }
  | {
      readonly kind: 'done';
      readonly executions: number;
      /** Without loading. */
      readonly seconds: number;
      readonly corpus: number;
      readonly slowest: number;
      /** Executed characters of sources. */
      readonly covered: number;
    };
