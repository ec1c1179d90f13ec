import type { ModuleBuilder } from '@vivarium/wasm-emit';

/**
 * What generated code asks of TypeScript. The caller has put pc and budget into the hart's state first and takes the
 * budget from there afterwards. A result of 1 means that pc was set (a trap, a jump): go on there.
 */
export interface HartCalls {
  /** pc has no entry in the fetch TLB: enters one or traps. */
  fetchMiss(): void;
  /** The slot was not decoded yet. */
  decode(slot: number): void;
  /** Decodes the instruction that starts in the last halfword of a page; gives a slot to execute, or 0 on a trap. */
  straddle(): number;
  /** Loads at STATE_ADDRESS into STATE_VALUE. `kind`: log2 of the bytes, + 4 when signed. */
  loadMiss(kind: number): number;
  /** Stores STATE_VALUE at STATE_ADDRESS. `kind`: log2 of the bytes. */
  storeMiss(kind: number): number;
  /** Carries out an atomic instruction whole. */
  atomicMiss(slot: number): number;
  /** Carries out a system instruction whole. */
  system(slot: number): number;
  /** Carries out a floating-point instruction whole. */
  float(slot: number): number;
  /** Illegal-instruction exception. */
  illegal(): number;
  /** Address-misaligned exception of an atomic instruction, for STATE_ADDRESS. */
  misaligned(slot: number): number;
  /** The instruction of this slot was jumped to often. */
  hot(slot: number): void;
  /** The hart jumps to itself: the rest of the slice is spent. */
  selfJump(): void;
}

/** Function indices of the calls in a module. */
export type CallIndices = Readonly<Record<keyof HartCalls, number>>;

export const IMPORT_MODULE = 'hart';

/** Declares all calls as imports. */
export const importCalls = (module: ModuleBuilder): CallIndices => {
  const declare = (name: keyof HartCalls, parameters: number, results: number): number =>
    module.importFunction(IMPORT_MODULE, name, Array(parameters).fill('i32'), Array(results).fill('i32'));
  return {
    fetchMiss: declare('fetchMiss', 0, 0),
    decode: declare('decode', 1, 0),
    straddle: declare('straddle', 0, 1),
    loadMiss: declare('loadMiss', 1, 1),
    storeMiss: declare('storeMiss', 1, 1),
    atomicMiss: declare('atomicMiss', 1, 1),
    system: declare('system', 1, 1),
    float: declare('float', 1, 1),
    illegal: declare('illegal', 0, 1),
    misaligned: declare('misaligned', 1, 1),
    hot: declare('hot', 1, 0),
    selfJump: declare('selfJump', 0, 0),
  };
};
