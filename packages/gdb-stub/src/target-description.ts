import type { Vcpu } from '@vivarium/contracts';
import { errors } from './errors.ts';
import type { TargetDescription } from './register-description.ts';
import { riscv64Description } from './riscv64-description.ts';

/** Describes the registers of machines with this architecture, by one of their vCPUs. Throws `VIV_GDB_ARCHITECTURE`. */
export const describeTarget = (architecture: string, vcpu: Vcpu | undefined): TargetDescription => {
  if (architecture === 'riscv64' && vcpu !== undefined) return riscv64Description(vcpu.registerNames);
  throw errors.make('VIV_GDB_ARCHITECTURE', `registers of architecture '${architecture}' are not described`);
};
