import { defineToken, type Token } from './token.ts';

/** What a guest asks its machine to do. */
export type PowerRequest =
  | { readonly kind: 'power-off' }
  | { readonly kind: 'reboot' }
  /** Powered off with a failure code (SiFive test finisher FAIL, SBI system failure). */
  | { readonly kind: 'failure'; readonly code: number };

/** Takes power requests of the guest. The request acts after the present instruction; the caller just returns. */
export interface PowerControl {
  request(request: PowerRequest): void;
}

export const PowerControlToken: Token<PowerControl> = defineToken('vivarium/power-control', 1);
