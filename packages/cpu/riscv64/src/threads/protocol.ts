import type { MemoryBank, PrivilegeLevel } from '@vivarium/contracts';
import type { RiscvMmuData } from '@vivarium/isa-riscv';
import type { RiscvCoreOptions } from '../core.ts';

/** What a hart's thread asks the cell's thread for: operations of `VcpuThread.call`. */
export const Call = {
  /** An environment call; the answer is made of the bits below. */
  environment: 0,
  /** Of the interrupt file of a level (0 machine, 1 supervisor): `top`, `claim`, `read`, and both halves of `write`. */
  fileTop: 1,
  fileClaim: 2,
  fileRead: 3,
  fileWriteMachine: 4,
  fileWriteSupervisor: 5,
} as const;

/** Answer to an environment call: it was handled; the hart goes on at its pc; from here on, harts to wait for. */
export const HANDLED = 1;
export const JUMPED = 2;
export const WAIT_SHIFT = 8;

export const LEVELS: readonly PrivilegeLevel[] = ['machine', 'supervisor'];

/** What a hart's thread is told. Offsets are in linear memory. */
export interface HartThreadData {
  readonly index: number;
  readonly banks: readonly MemoryBank[];
  readonly mmu: RiscvMmuData;
  readonly options: RiscvCoreOptions;
  /** Its registers, its MMU's, and an area for everything else. */
  readonly state: number;
  readonly translation: number;
  readonly area: number;
  /** The registers of all harts, which their signals follow. */
  readonly states: readonly number[];
  /** Levels that have an interrupt file. */
  readonly files: readonly PrivilegeLevel[];
}
