import { defineToken, type Token } from './token.ts';

/**
 * How many of a machine's vCPUs its guest may have: the first so many. Firmware that starts vCPUs for the guest refuses the
 * others. Outlives resets.
 */
export interface VcpuAllotment {
  readonly count: number;
  /**
   * Allots another number, of which the firmware's error says what it can be. A vCPU that runs goes on all the same: it
   * is the guest that stops it.
   */
  allot(count: number): void;
}

export const VcpuAllotmentToken: Token<VcpuAllotment> = defineToken('vivarium/vcpu-allotment', 1);
