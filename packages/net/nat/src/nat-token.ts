import { defineToken, type Token } from '@vivarium/contracts';
import type { Nat } from './nat.ts';

/** The translator, for host code that opens forwards while the machine runs, or reads counters. */
export const NatToken: Token<Pick<Nat, 'forwards' | 'addForward' | 'removeForward' | 'counters'>> = defineToken(
  'vivarium/nat',
  1,
);
