import type { MachineMemory } from '@vivarium/contracts';
import { emitInterpreter } from '../emit/module.ts';
import { type HartCalls, IMPORT_MODULE } from '../emit/imports.ts';
import { memoryShape } from '../emit/memory-shape.ts';

/** What the interpreter of a hart shares with others. */
export interface InterpreterSurroundings {
  readonly memory: MachineMemory;
  /** Table of translated regions. */
  readonly regions: WebAssembly.Table;
  /** Offset of the jump counters; undefined when nothing is translated. */
  readonly heat: number | undefined;
  /** Whether instructions in translated code are counted. */
  readonly statistics: boolean;
}

/** The interpreter of the hart whose state is at `state`; exports `run`, PlainAccess and the helpers of regions. */
export const instantiateInterpreter = (
  { memory, regions, heat, statistics }: InterpreterSurroundings,
  state: number,
  tlbEntries: number,
  calls: HartCalls,
): WebAssembly.Exports => {
  const shape = memoryShape(memory.linear.buffer);
  const bytes = emitInterpreter({ state, tlbEntries, memory: shape, heat, counted: statistics });
  const imports = { [IMPORT_MODULE]: { ...calls, regions, memory: memory.linear as WebAssembly.Memory } };
  return new WebAssembly.Instance(new WebAssembly.Module(bytes), imports).exports;
};
