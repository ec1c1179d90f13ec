import type { AtomicOpcode, MemoryOpcode, Opcode, WasmType } from '../src/index.ts';

/** Operand and result types of an instruction, read from its name (WebAssembly 2.0, section 3.3). */
export interface Signature {
  readonly operands: readonly WasmType[];
  readonly results: readonly WasmType[];
}

const COMPARISON = /^(?:eq|ne|lt|gt|le|ge)(?:_[su])?$/;
const CONVERSION =
  /^(?:wrap|extend|trunc|trunc_sat|convert|demote|promote|reinterpret)_(?<source>[if](?:32|64))(?:_[su])?$/;
const UNARY = /^(?:clz|ctz|popcnt|abs|neg|ceil|floor|trunc|nearest|sqrt|extend\d+_s)$/;

export const signatureOf = (name: Opcode): Signature => {
  const [type, operation] = name.split('.') as [WasmType, string | undefined];
  if (operation === undefined) {
    const operands: Readonly<Record<string, readonly WasmType[]>> = { drop: ['i64'], select: ['i64', 'i64', 'i32'] };
    return { operands: operands[name] ?? [], results: name === 'select' ? ['i64'] : [] };
  }
  if (operation === 'eqz') return { operands: [type], results: ['i32'] };
  if (COMPARISON.test(operation)) return { operands: [type, type], results: ['i32'] };
  const source = CONVERSION.exec(operation)?.groups?.['source'] as WasmType | undefined;
  if (source !== undefined) return { operands: [source], results: [type] };
  return { operands: UNARY.test(operation) ? [type] : [type, type], results: [type] };
};

export const accessSignature = (name: MemoryOpcode | AtomicOpcode): Signature => {
  const type = name.slice(0, 3) as WasmType;
  if (name.endsWith('cmpxchg')) return { operands: ['i32', type, type], results: [type] };
  if (name.includes('.rmw.')) return { operands: ['i32', type], results: [type] };
  if (name.includes('store')) return { operands: ['i32', type], results: [] };
  return { operands: ['i32'], results: [type] };
};
