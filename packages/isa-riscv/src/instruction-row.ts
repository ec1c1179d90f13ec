import { type Encoding, parseEncoding } from './encoding.ts';
import { type Format, formats, type Operand } from './format.ts';
import type { RegisterField, Semantics } from './semantics.ts';

/** Which register file a field names. */
export type RegisterFile = 'x' | 'f' | 'none';

/** One 32-bit instruction. */
export interface InstructionRow {
  /** As the assembler spells it, without `.aq`, `.rl` or `.aqrl`. */
  readonly name: string;
  readonly extension: string;
  /** Most significant bit first; `mask` and `match` come from it. */
  readonly encoding: string;
  /** Fixed bits and their values, unsigned 32-bit: a word is this instruction when `(word & mask) >>> 0 === match`. */
  readonly mask: number;
  readonly match: number;
  /** The encoding taken apart. */
  readonly layout: Encoding;
  readonly format: Format;
  /** In the order of assembler source. */
  readonly operands: readonly Operand[];
  /** Register file of each register field; `none` when the bits mean something else. Same answer as `operands`. */
  readonly registers: Readonly<Record<RegisterField, RegisterFile>>;
  /** Bits [14:12] are a rounding mode, of which 5 and 6 are reserved. */
  readonly hasRoundingMode: boolean;
  /** Name of the row of which this one is a special case and before which it is decoded. */
  readonly specializes?: string;
  readonly semantics: Semantics;
}

const registerFile = (operands: readonly Operand[], field: RegisterField): RegisterFile => {
  if (operands.some((operand) => operand === `f${field}`)) return 'f';
  return operands.some((operand) => operand === field || operand.includes(`(${field})`)) ? 'x' : 'none';
};

/** Makes rows of one extension. */
export const rowsOf =
  (extension: string) =>
  (name: string, encoding: string, format: Format, semantics: Semantics, specializes?: string): InstructionRow => {
    const layout = parseEncoding(encoding, 32);
    const operands: readonly Operand[] = formats[format].operands;
    return {
      name,
      extension,
      encoding,
      mask: layout.mask,
      match: layout.match,
      layout,
      format,
      operands,
      registers: {
        rd: registerFile(operands, 'rd'),
        rs1: registerFile(operands, 'rs1'),
        rs2: registerFile(operands, 'rs2'),
        rs3: registerFile(operands, 'rs3'),
      },
      hasRoundingMode: layout.fields.some((field) => field.name === 'rm'),
      ...(specializes === undefined ? {} : { specializes }),
      semantics,
    };
  };
