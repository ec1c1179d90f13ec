/**
 * A WebAssembly binary encoder for code generators: modules, functions, structured control flow. It writes bytes and
 * checks nothing; the engine's validator and this package's tests do.
 *
 * Specification: WebAssembly Core 2.0, section 5 (binary format), with the threads proposal's atomics.
 *
 * @example
 * import { ModuleBuilder } from '@vivarium/wasm-emit';
 *
 * const module = new ModuleBuilder();
 * const add = module.function(['i32', 'i32'], ['i32']);
 * add.body.get(0).get(1).op('i32.add');
 * module.exportFunction('add', add.index);
 * const bytes = module.encode();
 *
 * @module
 */
export { Bytes } from './bytes.ts';
export { FunctionBuilder, type Label } from './function.ts';
export { type MemoryLimits, ModuleBuilder } from './module.ts';
export {
  ATOMIC_OPCODES,
  type AtomicOpcode,
  MEMORY_OPCODES,
  type MemoryOpcode,
  OPCODES,
  type Opcode,
  VALUE_TYPES,
  type WasmType,
} from './opcodes.ts';
