import { defineToken, type Token } from './token.ts';

/** Tells a guest how long its vCPUs could have run and had no pCPU. A machine without one has no way to tell. */
export interface StealTime {
  /** `stolen` nanoseconds in all, a safe integer that never gets smaller. For whoever runs vCPUs, before it runs one. */
  report(vcpu: number, stolen: number): void;
}

export const StealTimeToken: Token<StealTime> = defineToken('vivarium/steal-time', 1);
