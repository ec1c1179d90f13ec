import { defineManyToken, type Token } from './token.ts';

/** A limit that saves up: `rate` units a second come in, at most `burst` are kept; `once` come on top, once. */
export interface RateLimit {
  readonly rate: number;
  readonly burst: number;
  readonly once?: number;
}

/** Limits on transfers. Absent is unlimited. */
export interface TransferLimits {
  readonly bytes?: RateLimit;
  readonly operations?: RateLimit;
}

/** A device whose transfers are limited, by direction or kind; limits change while it works. */
export interface RateLimited {
  /** What is limited by itself: `requests` of a disk, `transmit` and `receive` of a network card. */
  readonly flows: readonly string[];
  limits(flow: string): TransferLimits;
  /** Throws a coded error for a flow that is not there, or a limit that is none. */
  limit(flow: string, limits: TransferLimits): void;
}

export const RateLimitedToken: Token<RateLimited> = defineManyToken('vivarium/rate-limited', 1);
