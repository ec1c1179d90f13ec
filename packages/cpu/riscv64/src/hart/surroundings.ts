import type { Clock, EnvironmentCallOutcome, Vcpu } from '@vivarium/contracts';
import type { RiscvMmu } from '@vivarium/isa-riscv';
import type { StopPoints } from '../debug/stop-points.ts';
import type { CodeCache } from '../decode/code-cache.ts';
import type { InterpreterSurroundings } from './interpreter.ts';
import type { DeviceBus } from './memory-port.ts';

/** What the harts of a machine have in common. */
export interface HartSurroundings extends InterpreterSurroundings {
  readonly mmu: RiscvMmu;
  readonly bus: DeviceBus;
  readonly clock: Pick<Clock, 'now' | 'nextDeadline'>;
  readonly code: CodeCache;
  readonly guardedSlots: number;
  /** What debuggers have set. */
  readonly points: StopPoints;
  readonly hot: (slot: number) => void;
  readonly timebaseFrequency: number;
  /** Whether the harts have the registers of the Advanced Interrupt Architecture. */
  readonly advancedInterrupts: boolean;
  /** `jumped`: it was handled, and the hart goes on at its pc. */
  readonly environmentCall: (hart: Vcpu) => EnvironmentCallOutcome | 'jumped';
  /** True when no other hart than the one of this number can make progress that it could wait for. */
  readonly alone: (index: number) => boolean;
}
