import { type Encoding, type EncodingField, extractField, parseEncoding } from './encoding.ts';

/** An operand of a compressed instruction as assembler source writes it. A register in quotes is one of x8–x15, f8–f15. */
export type CompressedOperand =
  | 'rd'
  | 'rs1'
  | 'rs2'
  | "rd'"
  | "rs1'"
  | "rs2'"
  | 'frd'
  | 'frs2'
  | "frd'"
  | "frs2'"
  /** The stack pointer, written although there is no choice. */
  | 'sp'
  | 'imm'
  | 'shamt'
  /** The upper 20 bits of the sign-extended immediate, as a 20-bit number. */
  | 'upper'
  | 'target'
  | "imm(rs1')"
  | 'imm(sp)';

/** A register of the expansion: a field of the compressed encoding, or a fixed number. */
type RegisterSource = string | number;

/** What a compressed instruction stands for: a row of the 32-bit table and its operands. */
export interface Expansion {
  readonly instruction: string;
  readonly rd?: RegisterSource;
  readonly rs1?: RegisterSource;
  readonly rs2?: RegisterSource;
  /** Where the immediate is not the compressed one. */
  readonly immediate?: number;
}

/** One 16-bit instruction. */
export interface CompressedRow {
  readonly name: string;
  readonly extension: string;
  /**
   * Most significant bit first, with the immediate's bits as the manual prints them. `imm` and `nzimm` are signed,
   * `uimm` and `nzuimm` unsigned; `nz…` must not be zero. Registers may exclude numbers, as in `rd!=0`.
   */
  readonly encoding: string;
  readonly mask: number;
  readonly match: number;
  readonly layout: Encoding;
  /** Bits that must not all be zero; 0 when there is no such demand. */
  readonly nonZeroMask: number;
  /** Register numbers that make the encoding another instruction, or reserved. */
  readonly exclusions: readonly { readonly mask: number; readonly match: number }[];
  /** Name of the immediate in `encoding`; empty when there is none. */
  readonly immediateName: string;
  readonly operands: readonly CompressedOperand[];
  readonly expansion: Expansion;
}

const isImmediate = (name: string): boolean => name.endsWith('imm');

/** Makes compressed rows of one extension. */
export const compressedRowsOf =
  (extension: string) =>
  (name: string, encoding: string, operands: readonly CompressedOperand[], expansion: Expansion): CompressedRow => {
    const layout = parseEncoding(encoding, 16);
    const bitsOf = ({ position, bits }: EncodingField): number => ((1 << bits.length) - 1) << position;
    return {
      name,
      extension,
      encoding,
      mask: layout.mask,
      match: layout.match,
      layout,
      nonZeroMask: layout.fields
        .filter((field) => field.name.startsWith('nz'))
        .reduce((mask, field) => mask | bitsOf(field), 0),
      exclusions: layout.fields.flatMap((field) =>
        field.excluded.map((value) => ({ mask: bitsOf(field), match: value << field.position })),
      ),
      immediateName: layout.fields.find((field) => isImmediate(field.name))?.name ?? '',
      operands,
      expansion,
    };
  };

/** A register operand of a compressed instruction; three-bit fields mean registers 8 to 15. */
export const compressedRegister = (row: CompressedRow, half: number, field: string): number =>
  extractField(row.layout, half, field) + (field.endsWith("'") ? 8 : 0);

/** The immediate of a compressed instruction, sign-extended when it is a signed one; 0 when it has none. */
export const compressedImmediate = (row: CompressedRow, half: number): number => {
  if (row.immediateName === '') return 0;
  const value = extractField(row.layout, half, row.immediateName);
  if (row.immediateName.includes('u')) return value;
  const bits = row.layout.fields.flatMap((field) => (field.name === row.immediateName ? field.bits : []));
  const sign = 2 ** Math.max(...bits);
  return value >= sign ? value - 2 * sign : value;
};

/** True when `half`, which must match the row's fixed bits, is not one of the encodings that the row leaves out. */
export const isAllowed = (row: CompressedRow, half: number): boolean =>
  (row.nonZeroMask === 0 || (half & row.nonZeroMask) !== 0) &&
  row.exclusions.every(({ mask, match }) => (half & mask) !== match);
