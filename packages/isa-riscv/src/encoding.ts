import { errors } from './errors.ts';

/** A run of bits in an instruction word that carries an operand, or a part of one. */
export interface EncodingField {
  /** `rd`, `rs1`, `rm`, `imm`, `csr`… A compressed register field ends in `'` and means x8–x15 or f8–f15. */
  readonly name: string;
  /** Lowest bit in the instruction word. */
  readonly position: number;
  /** Which bit of the operand each bit of the run is, most significant first. */
  readonly bits: readonly number[];
  /** Values of the whole field that make the encoding another instruction, or reserved. */
  readonly excluded: readonly number[];
}

/** An instruction format, read from the notation of the manual's opcode listings. */
export interface Encoding {
  readonly width: 16 | 32;
  /** Bits that are fixed, and their values; both unsigned. */
  readonly mask: number;
  readonly match: number;
  readonly fields: readonly EncodingField[];
}

/** Widths of fields that are written without bit numbers. */
const FIELD_WIDTHS: Readonly<Record<string, number>> = {
  rd: 5,
  rs1: 5,
  rs2: 5,
  rs3: 5,
  "rd'": 3,
  "rs1'": 3,
  "rs2'": 3,
  rm: 3,
  aq: 1,
  rl: 1,
  csr: 12,
  uimm: 5,
  constant: 5,
  fm: 4,
  pred: 4,
  succ: 4,
  any3: 3,
  any5: 5,
  any12: 12,
};

const TOKEN = /^([a-z][a-z0-9]*'?)(?:\[([\d:|]+)\])?(?:!=([\d,]+))?$/;

/** `12|10:5` → [12, 10, 9, 8, 7, 6, 5]. */
const parseBits = (text: string): number[] =>
  text.split('|').flatMap((part) => {
    const [high = Number.NaN, low = high] = part.split(':').map(Number);
    return Array.from({ length: high - low + 1 }, (_, index) => high - index);
  });

/**
 * Reads an encoding, most significant bit first: fixed bits as digits, operands by name, scattered immediates with the
 * bits they hold (`imm[12|10:5]`), excluded values after `!=` (`rd!=0,2`).
 *
 * @throws VIV_ISA_ENCODING when a token is unknown or the bits do not add up to `width`.
 */
export const parseEncoding = (text: string, width: 16 | 32): Encoding => {
  let mask = 0;
  let match = 0;
  let position: number = width;
  const fields: EncodingField[] = [];
  for (const token of text.split(' ')) {
    if (/^[01]+$/.test(token)) {
      position -= token.length;
      mask += (2 ** token.length - 1) * 2 ** position;
      match += Number.parseInt(token, 2) * 2 ** position;
      continue;
    }
    const [, name = '', bitText, excluded = ''] = TOKEN.exec(token) ?? [];
    const plainWidth = FIELD_WIDTHS[name];
    const bits =
      bitText !== undefined
        ? parseBits(bitText)
        : Array.from({ length: plainWidth ?? 0 }, (_, index) => (plainWidth ?? 0) - 1 - index);
    if (bits.length === 0) throw errors.make('VIV_ISA_ENCODING', `encoding '${text}' has an unknown field '${token}'`);
    position -= bits.length;
    fields.push({ name, position, bits, excluded: excluded === '' ? [] : excluded.split(',').map(Number) });
  }
  if (position !== 0) {
    throw errors.make('VIV_ISA_ENCODING', `encoding '${text}' has ${width - position} bits instead of ${width}`);
  }
  return { width, mask, match, fields };
};

/** The operand called `name` in `word`, its bits put together, unsigned; 0 when the encoding has no such field. */
export const extractField = (encoding: Encoding, word: number, name: string): number => {
  let value = 0;
  for (const field of encoding.fields) {
    if (field.name !== name) continue;
    field.bits.forEach((bit, index) => {
      const position = field.position + field.bits.length - 1 - index;
      value += ((word >>> position) & 1) * 2 ** bit;
    });
  }
  return value;
};

/** The bits of a word that carry `value` in the operand called `name`, unsigned; bits without a place are dropped. */
export const insertField = (encoding: Encoding, name: string, value: bigint): number => {
  let word = 0;
  for (const field of encoding.fields) {
    if (field.name !== name) continue;
    field.bits.forEach((bit, index) => {
      const position = field.position + field.bits.length - 1 - index;
      word += Number((value >> BigInt(bit)) & 1n) * 2 ** position;
    });
  }
  return word;
};
