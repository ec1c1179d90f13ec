import type { Vcpu } from '@vivarium/contracts';
import { errors } from './errors.ts';
import { riscv64Description } from './riscv64-description.ts';

/** A register as the protocol numbers it. */
export interface DescribedRegister {
  /** The vCPU's own name of it. */
  readonly name: string;
  readonly bytes: number;
}

/** What a client learns about the registers. */
export interface TargetDescription {
  /** The document `target.xml` (GDB manual, appendix "Target Descriptions"). */
  readonly xml: string;
  /** By number. */
  readonly registers: readonly DescribedRegister[];
  /** How many of them, from 0 on, are in the packets `g` and `G`; the others are read one by one. */
  readonly general: number;
}

/** Throws `VIV_GDB_ARCHITECTURE`. */
export const describeTarget = (architecture: string, vcpu: Vcpu | undefined): TargetDescription => {
  if (architecture === 'riscv64' && vcpu !== undefined) return riscv64Description(vcpu.registerNames);
  throw errors.make('VIV_GDB_ARCHITECTURE', `registers of architecture '${architecture}' are not described`);
};
