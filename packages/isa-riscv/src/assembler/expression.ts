import { errors } from '../errors.ts';

/** What a symbol, `.`, or a numeric label reference such as `1b` is worth; undefined when it is not known (yet). */
type SymbolLookup = (name: string) => bigint | undefined;

/** Functions written `%name(symbol)`: their value needs the place of the instruction. */
type ModifierLookup = (name: string, argument: string) => bigint;

const TOKEN =
  /\s*(0[xX][\da-fA-F]+|0[bB][01]+|\d+[bf](?![\w$])|\d+|'(?:\\.|[^\\])'|%[a-z_]+|[A-Za-z_.$][\w.$]*|<<|>>|[-+*/&|^~()])/y;

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '0': '\0' };

const tokenize = (text: string): string[] => {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  const source = text.trimEnd();
  while (TOKEN.lastIndex < source.length) {
    const start = TOKEN.lastIndex;
    const token = TOKEN.exec(source)?.[1];
    if (token === undefined) throw errors.make('VIV_ASSEMBLER_SYNTAX', `cannot read '${source.slice(start)}'`);
    tokens.push(token);
  }
  return tokens;
};

/** Loosest first; operators of a level associate to the left. */
const LEVELS: readonly Readonly<Record<string, (left: bigint, right: bigint) => bigint>>[] = [
  { '|': (left, right) => left | right },
  { '^': (left, right) => left ^ right },
  { '&': (left, right) => left & right },
  { '+': (left, right) => left + right, '-': (left, right) => left - right },
  { '<<': (left, right) => left << shiftAmount(right), '>>': (left, right) => left >> shiftAmount(right) },
  {
    '*': (left, right) => left * right,
    '/': (left, right) => {
      if (right === 0n) throw errors.make('VIV_ASSEMBLER_RANGE', 'division by zero');
      return left / right;
    },
  },
];
const SHIFT_LIMIT = 64n;
const shiftAmount = (amount: bigint): bigint => {
  if (amount < 0n || amount > SHIFT_LIMIT) {
    throw errors.make('VIV_ASSEMBLER_RANGE', `the shift amount ${amount} is not within 0…${SHIFT_LIMIT}`);
  }
  return amount;
};

/**
 * Evaluates `text`: numbers (decimal, 0x, 0b, characters), symbols, `.`, `1b`/`1f`, `%hi(…)` and other modifiers, and
 * the operators of C, which bind as in C but that shifts bind tighter than sums, and all are left-associative.
 *
 * @throws VIV_ASSEMBLER_SYNTAX, VIV_ASSEMBLER_SYMBOL, VIV_ASSEMBLER_RANGE.
 */
export const evaluate = (text: string, symbols: SymbolLookup, modifiers: ModifierLookup): bigint => {
  const tokens = tokenize(text);
  let place = 0;
  const fail = (): Error => errors.make('VIV_ASSEMBLER_SYNTAX', `cannot read the expression '${text.trim()}'`);
  const take = (): string => {
    const token = tokens[place];
    if (token === undefined) throw fail();
    place += 1;
    return token;
  };
  const argument = (): string => {
    if (take() !== '(') throw fail();
    const first = place;
    for (let depth = 1; depth > 0; ) {
      const token = take();
      if (token === '(') depth += 1;
      if (token === ')') depth -= 1;
    }
    return tokens.slice(first, place - 1).join('');
  };
  const primary = (): bigint => {
    const token = take();
    if (token === '(') {
      const value = level(0);
      if (take() !== ')') throw fail();
      return value;
    }
    if (token === '-') return -primary();
    if (token === '+') return primary();
    if (token === '~') return ~primary();
    if (token.startsWith('%')) return modifiers(token.slice(1), argument());
    if (token.startsWith("'")) {
      const character = token.slice(1, -1);
      return BigInt(
        (character.startsWith('\\') ? (ESCAPES[character.charAt(1)] ?? character.slice(1)) : character).charCodeAt(0),
      );
    }
    if (/^\d/.test(token) && !/^\d+[bf]$/.test(token)) return BigInt(token);
    if (!/^[\w.$]/.test(token)) throw fail();
    const value = symbols(token);
    if (value === undefined) throw errors.make('VIV_ASSEMBLER_SYMBOL', `symbol '${token}' is not defined`);
    return value;
  };
  const level = (depth: number): bigint => {
    const operators = LEVELS[depth];
    if (operators === undefined) return primary();
    let value = level(depth + 1);
    for (;;) {
      const operator = operators[tokens[place] ?? ''];
      if (operator === undefined) return value;
      place += 1;
      value = operator(value, level(depth + 1));
    }
  };
  const value = level(0);
  if (place !== tokens.length) throw fail();
  return value;
};
