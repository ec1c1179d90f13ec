import { CpuCoreToken } from '@vivarium/contracts';
import type { Machine } from '@vivarium/kernel';
import type { Cell, CellOptions } from '../cell.ts';
import { InlineCell } from '../inline-cell.ts';
import { ParallelCell } from '../parallel/parallel-cell.ts';
import { backgroundThreads } from './background-threads.ts';
import { startVcpuThread } from './vcpu-threads.ts';

/**
 * Puts `machine` (assembled, not started), whose vCPUs are to have threads of their own, into a cell that starts them.
 * Everything else of the machine stays on this thread. Throws `VIV_CELL_THREADS`.
 */
export const createParallelCell = (machine: Machine, options: CellOptions = {}): Cell =>
  new ParallelCell(machine, options, startVcpuThread);

/** The cell that suits the machine's core: a parallel one when its vCPUs are to have threads, or an inline one. */
export const createCell = (machine: Machine, options: CellOptions = {}): Cell =>
  machine.get(CpuCoreToken).threads === undefined
    ? new InlineCell(machine, { ...backgroundThreads(), ...options })
    : createParallelCell(machine, options);
