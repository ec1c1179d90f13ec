import { defineManyToken, type Token } from './token.ts';

/** What the owner of a machine wants when its run is over. */
export type RestartWish = 'never' | 'on-failure' | 'always';

/** What is known when a machine's run is over, and nobody had asked for that. Times are in milliseconds. */
export interface EndFacts {
  readonly machine: string;
  /** `crashed` is the end of its cell; the others are those of the guest, or a part of the machine. */
  readonly end: 'power-off' | 'failure' | 'fault' | 'stopped' | 'crashed';
  /** Of a fault or a crash. */
  readonly code?: string;
  readonly ranFor: number;
  /** How long ago it was restarted, latest first; at most 64. */
  readonly restarts: readonly number[];
  /** Absent: the owner did not say. */
  readonly wish?: RestartWish;
}

export type RestartDecision =
  | { readonly kind: 'leave' }
  | { readonly kind: 'restart'; readonly after: number }
  /** It would be restarted if that had helped before. For people: why not. */
  | { readonly kind: 'give-up'; readonly reason: string };

/** What is known of a cell that gives no sign of life. */
export interface SilenceFacts {
  readonly machine: string;
  /** Milliseconds, at least `deadline`. */
  readonly silentFor: number;
  /** Milliseconds after which the host asks. */
  readonly deadline: number;
}

/** What becomes of machines that end, and of cells that hang. It starts and kills nothing: the host does. */
export interface SupervisionPolicy {
  readonly name: string;
  ended(facts: EndFacts): RestartDecision;
  /** Asked again every quarter of the host's deadline while the silence lasts. */
  silent(facts: SilenceFacts): 'wait' | 'kill';
}

export const SupervisionPolicyToken: Token<SupervisionPolicy> = defineManyToken('vivarium/supervision-policy', 1);
