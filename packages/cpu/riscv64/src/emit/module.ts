import { ModuleBuilder } from '@vivarium/wasm-emit';
import { emitCold } from './cold.ts';
import { defineHelpers } from './arithmetic.ts';
import { IMPORT_MODULE, importCalls } from './imports.ts';
import { emitMainLoop } from './main-loop.ts';

export interface InterpreterOptions {
  /** Offset of the hart's state in linear memory. */
  readonly state: number;
  readonly tlbEntries: number;
  /** Of the memory that the module will import. */
  readonly memory: { readonly pages: number; readonly shared: boolean };
}

/** The interpreter of one hart as a WebAssembly module: imports `hart.memory` and HartCalls, exports `run`. */
export const emitInterpreter = (options: InterpreterOptions): Uint8Array<ArrayBuffer> => {
  const module = new ModuleBuilder();
  const { pages, shared } = options.memory;
  module.importMemory(IMPORT_MODULE, 'memory', { minimum: pages, maximum: pages, shared });
  const calls = importCalls(module);
  const helpers = defineHelpers(module);
  const context = { module, calls, helpers, state: options.state, tlbEntries: options.tlbEntries };
  const cold = emitCold({ ...context, sharedMemory: shared });
  module.exportFunction('run', emitMainLoop({ ...context, cold }));
  return module.encode();
};
