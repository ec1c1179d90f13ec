import { type CompressedRow, compressedImmediate, compressedRegister, isAllowed } from './compressed-row.ts';
import { type Encoding, insertField, parseEncoding } from './encoding.ts';
import { errors } from './errors.ts';
import { instructions } from './instructions.ts';
import { compressedRows } from './rows/compressed.ts';

/** Every 16-bit instruction. */
export const compressedInstructions: readonly CompressedRow[] = compressedRows;

const REGISTER_FIELDS = ['rd', 'rs1', 'rs2'] as const;

interface ExpansionTarget {
  readonly match: number;
  readonly layout: Encoding;
  /** `imm`, `shamt`, or empty. */
  readonly immediateName: string;
}

const targetOf = (row: CompressedRow): ExpansionTarget => {
  const target = instructions.find((instruction) => instruction.name === row.expansion.instruction);
  if (target === undefined) {
    throw errors.make('VIV_ISA_ENCODING', `${row.name} stands for '${row.expansion.instruction}', which is no row`);
  }
  const layout = parseEncoding(target.encoding, 32);
  const names = layout.fields.map((field) => field.name);
  return {
    match: target.match,
    layout,
    immediateName: names.find((name) => name === 'imm' || name === 'shamt') ?? '',
  };
};

const expand = (row: CompressedRow, target: ExpansionTarget, half: number): number => {
  let word = target.match;
  for (const field of REGISTER_FIELDS) {
    const source = row.expansion[field] ?? 0;
    const register = typeof source === 'number' ? source : compressedRegister(row, half, source);
    word += insertField(target.layout, field, BigInt(register));
  }
  const immediate = row.expansion.immediate ?? compressedImmediate(row, half);
  return word + insertField(target.layout, target.immediateName, BigInt(immediate));
};

/** Calls `visit` with each 16-bit encoding of `row`. */
export const forEachEncoding = (row: CompressedRow, visit: (half: number) => void): void => {
  const free = ~row.mask & 0xffff;
  for (let subset = free; ; subset = (subset - 1) & free) {
    const half = row.match | subset;
    if (isAllowed(row, half)) visit(half);
    if (subset === 0) break;
  }
};

/** For each 16-bit encoding the 32-bit one that it stands for, or 0 when it is illegal, reserved or not 16 bits long. */
export const createCompressedTable = (): Uint32Array => {
  const table = new Uint32Array(0x10000);
  for (const row of compressedRows) {
    const target = targetOf(row);
    forEachEncoding(row, (half) => {
      table[half] = expand(row, target, half);
    });
  }
  return table;
};
