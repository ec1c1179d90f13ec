/**
 * Cells that Node has: threads and processes. Both are reached by the same messages, and what is behind them is made
 * from a recipe, because a machine's spec holds functions.
 *
 * @example
 * import { createWorkerCell } from '@vivarium/host/node';
 *
 * const recipe = { module: import.meta.resolve('./my-machine.js'), options: { memory: 2 ** 28 } };
 * await using cell = await createWorkerCell(recipe, { limits: { heap: 256 } });
 * cell.console('console0').attach({ output: (bytes) => void process.stdout.write(bytes) });
 * const end = await cell.run();
 * console.log(end.kind);
 *
 * @module
 */
import { CpuCoreToken } from '@vivarium/contracts';
import type { Machine } from '@vivarium/kernel';
import type { Cell, CellOptions } from './cell.ts';
import type { CellKind, CellLimits } from './cells/link.ts';
import type { MachineRecipe } from './cells/recipe.ts';
import { RemoteCell, type RemoteCellOptions } from './cells/remote-cell.ts';
import { type ProcessCellOptions, processCells } from './node/process-cells.ts';
import { createInlineCell } from './index.ts';
import { startVcpuThread } from './node/vcpu-threads.ts';
import { workerCells } from './node/worker-cells.ts';
import { ParallelCell } from './parallel/parallel-cell.ts';

/** Options of a cell that is not part of a host. */
export interface CreateCellOptions extends RemoteCellOptions {
  readonly limits?: CellLimits;
  /** Absolute paths of files and folders that the machine writes to: what a process cell is allowed besides its own. */
  readonly writable?: readonly string[];
}

const create = async (
  kind: CellKind,
  recipe: MachineRecipe,
  { limits = {}, writable, ...options }: CreateCellOptions,
): Promise<RemoteCell> => {
  const link = await kind.launch({ name: options.name ?? 'machine', limits, writable });
  return RemoteCell.create(link, recipe, options);
};

/** Makes a machine in a thread of its own. Rejects with coded errors, and leaves nothing behind then. */
export const createWorkerCell = (recipe: MachineRecipe, options: CreateCellOptions = {}): Promise<RemoteCell> =>
  create(workerCells(), recipe, options);

/** Makes a machine in a process of its own. Rejects with coded errors, and leaves nothing behind then. */
export const createProcessCell = (
  recipe: MachineRecipe,
  options: CreateCellOptions & { readonly process?: ProcessCellOptions } = {},
): Promise<RemoteCell> => create(processCells(options.process), recipe, options);

export { type ProcessCellOptions, processCells } from './node/process-cells.ts';
/**
 * Puts `machine` (assembled, not started), whose vCPUs are to have threads of their own, into a cell that starts them.
 * Everything else of the machine stays on this thread. Throws `VIV_CELL_THREADS`.
 */
export const createParallelCell = (machine: Machine, options: CellOptions = {}): Cell =>
  new ParallelCell(machine, options, startVcpuThread);

/** The cell that suits the machine's core: a parallel one when its vCPUs are to have threads, or an inline one. */
export const createCell = (machine: Machine, options: CellOptions = {}): Cell =>
  machine.get(CpuCoreToken).threads === undefined
    ? createInlineCell(machine, options)
    : createParallelCell(machine, options);

export { workerCells } from './node/worker-cells.ts';
