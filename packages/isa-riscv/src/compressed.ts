import { type CompressedRow, compressedImmediate, compressedRegister, isAllowed } from './compressed-row.ts';
import { insertField } from './encoding.ts';
import { errors } from './errors.ts';
import type { InstructionRow } from './instruction-row.ts';
import { instructions } from './instructions.ts';
import { compressedRows } from './rows/compressed.ts';

/** Every 16-bit instruction. */
export const compressedInstructions: readonly CompressedRow[] = compressedRows;

const REGISTER_FIELDS = ['rd', 'rs1', 'rs2'] as const;

interface ExpansionTarget {
  readonly instruction: InstructionRow;
  /** `imm`, `shamt`, or empty. */
  readonly immediateName: string;
}

const targetOf = (row: CompressedRow): ExpansionTarget => {
  const target = instructions.find((instruction) => instruction.name === row.expansion.instruction);
  if (target === undefined) {
    throw errors.make('VIV_ISA_ENCODING', `${row.name} stands for '${row.expansion.instruction}', which is no row`);
  }
  const names = target.layout.fields.map((field) => field.name);
  return {
    instruction: target,
    immediateName: names.find((name) => name === 'imm' || name === 'shamt') ?? '',
  };
};

const expand = (row: CompressedRow, target: ExpansionTarget, half: number): number => {
  const { layout } = target.instruction;
  let word = target.instruction.match;
  for (const field of REGISTER_FIELDS) {
    const source = row.expansion[field] ?? 0;
    const register = typeof source === 'number' ? source : compressedRegister(row, half, source);
    word += insertField(layout, field, BigInt(register));
  }
  const immediate = row.expansion.immediate ?? compressedImmediate(row, half);
  return word + insertField(layout, target.immediateName, BigInt(immediate));
};

/** The row of a 16-bit encoding; undefined when it is illegal, reserved or not 16 bits long. */
export const findCompressed = (half: number): CompressedRow | undefined =>
  compressedRows.find((row) => (half & row.mask) === row.match && isAllowed(row, half));

/** The 32-bit encoding (unsigned) that `half`, an encoding of `row`, stands for. */
export const expandWith = (row: CompressedRow, half: number): number => expand(row, targetOf(row), half);

const HALF_BITS = [...Array(16).keys()];

/** Each free bit of a row flips the same bits of the expansion whatever the others are, sign extension included. */
interface BitMap {
  /** The expansion of the row with all free bits zero. */
  readonly base: number;
  /** By bit of the 16-bit encoding, what it flips; no two flip the same bit. */
  readonly flips: readonly number[];
}

const bitMapOf = (row: CompressedRow, target: ExpansionTarget): BitMap => {
  const free = ~row.mask & 0xffff;
  const base = expand(row, target, row.match);
  return {
    base,
    flips: HALF_BITS.map((bit) => ((free >> bit) & 1 ? expand(row, target, row.match | (1 << bit)) ^ base : 0)),
  };
};

/** For each 16-bit encoding the 32-bit one that it stands for, or 0 when it is illegal, reserved or not 16 bits long. */
export const createCompressedTable = (): Uint32Array => {
  const table = new Uint32Array(0x10000);
  for (const row of compressedRows) {
    const { base, flips } = bitMapOf(row, targetOf(row));
    const free = ~row.mask & 0xffff;
    for (let subset = free; ; subset = (subset - 1) & free) {
      const half = row.match | subset;
      if (isAllowed(row, half)) {
        let word = base;
        for (let bits = subset; bits !== 0; bits &= bits - 1) word ^= flips[31 - Math.clz32(bits & -bits)] ?? 0;
        table[half] = word;
      }
      if (subset === 0) break;
    }
  }
  return table;
};

/** Finds 16-bit encodings: undefined when a 32-bit one has none. Where there are several, the first row's. */
export const createCompressor = (): ((word: number) => number | undefined) => {
  const rows = compressedRows.map((row) => ({ row, target: targetOf(row) }));
  const bitMaps = new Map<CompressedRow, BitMap>();
  const compressAs = (row: CompressedRow, target: ExpansionTarget, word: number): number | undefined => {
    const bitMap = bitMaps.get(row) ?? bitMapOf(row, target);
    bitMaps.set(row, bitMap);
    let half = row.match;
    let rest = word ^ bitMap.base;
    bitMap.flips.forEach((flip, bit) => {
      if ((rest & flip & -flip) === 0) return;
      half |= 1 << bit;
      rest ^= flip;
    });
    return rest === 0 && isAllowed(row, half) ? half : undefined;
  };
  return (word) => {
    for (const { row, target } of rows) {
      const { mask, match } = target.instruction;
      const half = (word & mask) >>> 0 === match ? compressAs(row, target, word) : undefined;
      if (half !== undefined) return half;
    }
    return undefined;
  };
};
