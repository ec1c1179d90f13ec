import type { GuestFault } from '@vivarium/contracts';
import type { VcpuOrder } from './vcpu-loop.ts';

/** What a cell hears of the thread of a vCPU. */
export interface VcpuThreadEvents {
  fault(fault: GuestFault): void;
  /** It came to an end by itself. */
  died(error: unknown): void;
}

/** A thread that executes a vCPU. */
export interface VcpuThreadHandle {
  /** Ends it, whatever it does. */
  end(): Promise<void>;
}

/** How the host starts the thread of a vCPU: it calls `executeVcpu` there. */
export type StartVcpuThread = (order: VcpuOrder, events: VcpuThreadEvents) => VcpuThreadHandle;
