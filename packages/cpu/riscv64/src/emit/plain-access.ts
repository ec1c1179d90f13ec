import type { MemoryOpcode, ModuleBuilder } from '@vivarium/wasm-emit';
import { STATE_VALUE } from '../state/layout.ts';

/** Loads and stores of the host's own, for accesses that TypeScript has translated: each is one access, never torn. */
export interface PlainAccess {
  /** STATE_VALUE = what is at an offset in linear memory. `kind`: log2 of the bytes, + 4 when signed. */
  take(offset: number, kind: number): void;
  /** Stores the low bytes of STATE_VALUE. `kind`: log2 of the bytes. */
  put(offset: number, kind: number): void;
}

/** By kind. */
const TAKES: readonly MemoryOpcode[] = [
  'i64.load8_u',
  'i64.load16_u',
  'i64.load32_u',
  'i64.load',
  'i64.load8_s',
  'i64.load16_s',
  'i64.load32_s',
  'i64.load',
];
const PUTS: readonly MemoryOpcode[] = ['i64.store8', 'i64.store16', 'i64.store32', 'i64.store'];

/** Exports `take` and `put` for the hart whose state is at `state`. */
export const exportPlainAccess = (module: ModuleBuilder, state: number): void => {
  const define = (name: keyof PlainAccess, opcodes: readonly MemoryOpcode[]): void => {
    const { index, body: f } = module.function(['i32', 'i32'], []);
    opcodes.forEach((opcode, kind) => {
      f.get(1).i32(kind).op('i32.eq').if();
      if (name === 'take') {
        f.i32(0);
        f.get(0)
          .memory(opcode, 0)
          .memory('i64.store', state + STATE_VALUE);
      } else {
        f.get(0).i32(0);
        f.memory('i64.load', state + STATE_VALUE).memory(opcode, 0);
      }
      f.op('return');
      f.end();
    });
    module.exportFunction(name, index);
  };
  define('take', TAKES);
  define('put', PUTS);
};
