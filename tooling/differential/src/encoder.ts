import { createDecoder, type Encoding, type InstructionRow, insertField, instructions } from '@vivarium/isa-riscv';

/** Operands by the names of the encoding's fields (`rd`, `rs1`, `imm`, `shamt`…). */
export type Fields = Readonly<Record<string, number>>;

/** Makes 32-bit words from rows of the instruction table. */
export interface Encoder {
  row(name: string): InstructionRow;
  /** Fields that are not given are zero. */
  encode(row: InstructionRow | string, fields: Fields): number;
  /** Whether 32 bits, or 16 when their two low bits say so, are an instruction of the table. */
  isLegal(word: number): boolean;
}

export const encodeFields = (layout: Encoding, fields: Fields): number => {
  let word = layout.match;
  for (const name of new Set(layout.fields.map((field) => field.name))) {
    word += insertField(layout, name, BigInt(fields[name] ?? 0));
  }
  return word;
};

export const createEncoder = (): Encoder => {
  const rows = new Map(instructions.map((row) => [row.name, row]));
  const row = (name: string): InstructionRow => {
    const found = rows.get(name);
    if (found === undefined) throw new Error(`the instruction table has no '${name}'`);
    return found;
  };
  const decoder = createDecoder();
  return {
    row,
    encode: (of, fields) => encodeFields((typeof of === 'string' ? row(of) : of).layout, fields),
    isLegal: (word) => ((word & 3) === 3 ? decoder.decode(word) !== -1 : decoder.expandCompressed(word) !== 0),
  };
};
