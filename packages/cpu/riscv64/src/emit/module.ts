import { ModuleBuilder } from '@vivarium/wasm-emit';
import { defineHelpers, type HelperIndices } from './arithmetic.ts';
import { emitCold } from './cold.ts';
import { IMPORT_MODULE, importCalls } from './imports.ts';
import { emitMainLoop } from './main-loop.ts';
import type { MemoryShape } from './memory-shape.ts';
import { exportPlainAccess } from './plain-access.ts';
import { REGION_PARAMETERS, REGION_RESULTS } from './region-mark.ts';

export interface InterpreterOptions {
  /** Offset of the hart's state in linear memory. */
  readonly state: number;
  readonly tlbEntries: number;
  /** Of the memory that the module will import. */
  readonly memory: MemoryShape;
  /** Offset of the jump counters; undefined when nothing is translated. */
  readonly heat: number | undefined;
  /** Counts instructions in translated code at STATE_TRANSLATED, and entries to it. */
  readonly counted: boolean;
}

/**
 * The interpreter of one hart as a WebAssembly module: imports `hart.memory`, `hart.regions` (a table) and HartCalls,
 * exports `run`, PlainAccess, and the helper functions by their names.
 */
export const emitInterpreter = (options: InterpreterOptions): Uint8Array<ArrayBuffer> => {
  const module = new ModuleBuilder();
  const { pages, shared } = options.memory;
  module.importMemory(IMPORT_MODULE, 'memory', { minimum: pages, maximum: pages, shared });
  module.importTable(IMPORT_MODULE, 'regions', 1);
  const calls = importCalls(module);
  const helpers = defineHelpers(module);
  for (const name of Object.keys(helpers) as (keyof HelperIndices)[]) module.exportFunction(name, helpers[name]);
  exportPlainAccess(module, options.state);
  const context = { module, calls, helpers, state: options.state, tlbEntries: options.tlbEntries };
  const cold = emitCold({ ...context, sharedMemory: shared });
  const regionType = module.type(REGION_PARAMETERS, REGION_RESULTS);
  const { heat, counted } = options;
  module.exportFunction('run', emitMainLoop({ ...context, cold, regionType, heat, counted }));
  return module.encode();
};
