import { errors } from '../errors.ts';
import type { Item } from './item.ts';
import type { SourceStatement } from './source-line.ts';

/** Largest output in bytes, so that a slip in .space or .org is an error and not an exhausted heap. */
export const SIZE_LIMIT = 1 << 26;

const DATA_BYTES: Readonly<Record<string, 1 | 2 | 4 | 8>> = {
  '.byte': 1,
  '.half': 2,
  '.short': 2,
  '.2byte': 2,
  '.word': 4,
  '.long': 4,
  '.4byte': 4,
  '.dword': 8,
  '.quad': 8,
  '.8byte': 8,
};

/** Words of other assemblers' sources that mean nothing for one flat run of bytes. */
const IGNORED = ['.globl', '.global', '.text', '.type', '.size'];

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '0': '\0' };

const stringBytes = (text: string, terminator: string): Uint8Array => {
  const match = /^"((?:[^"\\]|\\.)*)"$/s.exec(text);
  if (match === null) throw errors.make('VIV_ASSEMBLER_SYNTAX', `${text} is not a string in double quotes`);
  const plain = (match[1] ?? '').replace(/\\(.)/gs, (_, character: string) => ESCAPES[character] ?? character);
  return Uint8Array.from(plain + terminator, (character) => {
    const code = character.charCodeAt(0);
    if (code > 0x7f) throw errors.make('VIV_ASSEMBLER_RANGE', `'${character}' is not an ASCII character`);
    return code;
  });
};

/** The items a data or layout directive makes; `evaluate` gives values that need no label. */
export const directiveItems = (statement: SourceStatement, evaluate: (text: string) => bigint): readonly Item[] => {
  const { line, mnemonic, operands } = statement;
  const [first = '', second] = operands;
  const size = (text: string, limit = SIZE_LIMIT): number => {
    const value = evaluate(text);
    if (value < 0n) throw errors.make('VIV_ASSEMBLER_RANGE', `${mnemonic} cannot take ${value}`);
    if (value > BigInt(limit)) throw errors.make('VIV_ASSEMBLER_TOO_LARGE', `${mnemonic} ${value} is over ${limit}`);
    return Number(value);
  };
  const bytes = DATA_BYTES[mnemonic];
  if (bytes !== undefined) return operands.map((text) => ({ kind: 'data', line, bytes, text }));
  switch (mnemonic) {
    case '.space':
    case '.zero':
    case '.skip':
      return [{ kind: 'space', line, size: size(first), fill: second === undefined ? 0 : size(second, 0xff) }];
    case '.align':
    case '.p2align':
      return [{ kind: 'align', line, boundary: 2 ** size(first, 16) }];
    case '.balign': {
      const boundary = size(first);
      if (boundary === 0 || (boundary & (boundary - 1)) !== 0) {
        throw errors.make('VIV_ASSEMBLER_RANGE', `.balign needs a power of two, not ${boundary}`);
      }
      return [{ kind: 'align', line, boundary }];
    }
    case '.org':
      return [{ kind: 'origin', line, offset: size(first) }];
    case '.ascii':
      return operands.map((text) => ({ kind: 'text', line, bytes: stringBytes(text, '') }));
    case '.asciz':
    case '.string':
      return operands.map((text) => ({ kind: 'text', line, bytes: stringBytes(text, '\0') }));
    default:
      if (IGNORED.includes(mnemonic)) return [];
      throw errors.make('VIV_ASSEMBLER_UNKNOWN', `there is no directive '${mnemonic}'`);
  }
};
