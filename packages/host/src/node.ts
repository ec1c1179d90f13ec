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
import type { CellKind, CellLimits } from './cells/link.ts';
import type { MachineRecipe } from './cells/recipe.ts';
import { RemoteCell, type RemoteCellOptions } from './cells/remote-cell.ts';
import { type ProcessCellOptions, processCells } from './node/process-cells.ts';
import { workerCells } from './node/worker-cells.ts';

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
export { createCell, createParallelCell } from './node/create-cell.ts';
export { backgroundThreads, startBackgroundThread } from './node/background-threads.ts';
export { enableMemoryControl } from './node/memory-control.ts';
export { sharedFiles } from './node/shared-file.ts';
export { nodePageTools } from './node/page-tools.ts';
export { workerCells } from './node/worker-cells.ts';
