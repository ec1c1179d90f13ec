import type { BinaryOperation, Expression, Helper, InstructionRow, UnaryOperation, ValueType } from '../src/index.ts';

/** A hart's integer state for one instruction; memory is bytes by address. */
export interface State {
  readonly x: bigint[];
  pc: bigint;
  readonly memory: Map<bigint, number>;
}

interface Typed {
  readonly type: ValueType;
  /** Unsigned, within the type's width. */
  readonly value: bigint;
}

const bitsOf = (type: ValueType): number => (type === 'i32' ? 32 : 64);
const typed = (type: ValueType, value: bigint): Typed => ({ type, value: BigInt.asUintN(bitsOf(type), value) });
const signed = ({ type, value }: Typed): bigint => BigInt.asIntN(bitsOf(type), value);

const expectType = (operand: Typed, type: string, where: string): void => {
  if (operand.type !== type) throw new Error(`${where} got an ${operand.type}`);
};

const countBits = (value: bigint): bigint => BigInt(value.toString(2).replaceAll('0', '').length);

const unary = (operation: UnaryOperation, operand: Typed): Typed => {
  const conversions: Readonly<Record<string, () => Typed>> = {
    'i32.wrap_i64': () => typed('i32', operand.value),
    'i64.extend_i32_s': () => typed('i64', signed(operand)),
    'i64.extend_i32_u': () => typed('i64', operand.value),
  };
  const source = { 'i32.wrap_i64': 'i64', 'i64.extend_i32_s': 'i32', 'i64.extend_i32_u': 'i32' } as const;
  if (operation in source) expectType(operand, source[operation as keyof typeof source], operation);
  else expectType(operand, operation.slice(0, 3), operation);
  const conversion = conversions[operation];
  if (conversion !== undefined) return conversion();
  const { type, value } = operand;
  const width = BigInt(bitsOf(type));
  const text = value.toString(2).padStart(Number(width), '0');
  switch (operation.slice(4)) {
    case 'clz':
      return typed(type, BigInt(text.length - text.replace(/^0*/, '').length));
    case 'ctz':
      return typed(type, BigInt(text.length - text.replace(/0*$/, '').length));
    case 'popcnt':
      return typed(type, countBits(value));
    case 'eqz':
      return typed('i32', value === 0n ? 1n : 0n);
    default:
      return typed(type, BigInt.asIntN(Number(operation.match(/extend(\d+)_s/)?.[1]), value));
  }
};

const binary = (operation: BinaryOperation, left: Typed, right: Typed): Typed => {
  const type = operation.slice(0, 3) as ValueType;
  expectType(left, type, operation);
  expectType(right, type, operation);
  const width = BigInt(bitsOf(type));
  const [a, b, sa, sb] = [left.value, right.value, signed(left), signed(right)];
  const shift = b % width;
  const divide = (dividend: bigint, divisor: bigint): bigint => {
    if (divisor === 0n) throw new Error(`${operation} traps on zero`);
    const quotient = dividend / divisor;
    if (operation.endsWith('div_s') && quotient !== BigInt.asIntN(Number(width), quotient)) {
      throw new Error(`${operation} traps on overflow`);
    }
    return quotient;
  };
  const values: Readonly<Record<string, () => bigint>> = {
    add: () => a + b,
    sub: () => a - b,
    mul: () => a * b,
    and: () => a & b,
    or: () => a | b,
    xor: () => a ^ b,
    shl: () => a << shift,
    shr_s: () => sa >> shift,
    shr_u: () => a >> shift,
    rotl: () => (a << shift) | (a >> (width - shift)),
    rotr: () => (a >> shift) | (a << (width - shift)),
    div_s: () => divide(sa, sb),
    div_u: () => divide(a, b),
    rem_s: () => (divide(sa, sb), sa % sb),
    rem_u: () => (divide(a, b), a % b),
  };
  const tests: Readonly<Record<string, () => boolean>> = {
    eq: () => a === b,
    ne: () => a !== b,
    lt_s: () => sa < sb,
    lt_u: () => a < b,
    gt_s: () => sa > sb,
    gt_u: () => a > b,
    le_s: () => sa <= sb,
    le_u: () => a <= b,
    ge_s: () => sa >= sb,
    ge_u: () => a >= b,
  };
  const name = operation.slice(4);
  const value = values[name];
  if (value !== undefined) return typed(type, value());
  return typed('i32', tests[name]?.() ? 1n : 0n);
};

const carrylessProduct = (a: bigint, b: bigint): bigint => {
  let product = 0n;
  for (let bit = 0n; bit < 64n; bit += 1n) if ((b >> bit) & 1n) product ^= a << bit;
  return product;
};
const bytesOf = (value: bigint): bigint[] =>
  Array.from({ length: 8 }, (_, index) => (value >> BigInt(8 * index)) & 0xffn);
const fromBytes = (bytes: readonly bigint[]): bigint => bytes.reduceRight((value, byte) => (value << 8n) | byte, 0n);

const s64 = (value: bigint): bigint => BigInt.asIntN(64, value);
const helpers: Readonly<Record<Helper, (a: bigint, b: bigint) => bigint>> = {
  mulh: (a, b) => (s64(a) * s64(b)) >> 64n,
  mulhsu: (a, b) => (s64(a) * b) >> 64n,
  mulhu: (a, b) => (a * b) >> 64n,
  clmul: (a, b) => carrylessProduct(a, b),
  clmulh: (a, b) => carrylessProduct(a, b) >> 64n,
  clmulr: (a, b) => carrylessProduct(a, b) >> 63n,
  'orc.b': (a) => fromBytes(bytesOf(a).map((byte) => (byte === 0n ? 0n : 0xffn))),
  rev8: (a) => fromBytes(bytesOf(a).reverse()),
};

export interface Operands {
  readonly rd: number;
  readonly rs1: number;
  readonly rs2: number;
  readonly immediate: number;
  readonly bytes?: 2 | 4;
}

/**
 * Executes the statements of a row that are about integers and memory, checking types, that locals are bound before
 * they are used, and that no WebAssembly division traps. Returns false when the row does anything else.
 */
export const execute = (row: InstructionRow, state: State, operands: Operands): boolean => {
  const locals = new Map<string, Typed>();
  const next = BigInt.asUintN(64, state.pc + BigInt(operands.bytes ?? 4));
  let target = next;
  const evaluate = (expression: Expression): Typed => {
    switch (expression.kind) {
      case 'constant':
        return typed(expression.type, expression.value);
      case 'x':
        return typed('i64', state.x[operands[expression.field as 'rs1' | 'rs2' | 'rd']] ?? 0n);
      case 'immediate':
        return typed('i64', BigInt(operands.immediate));
      case 'pc':
        return typed('i64', state.pc);
      case 'next-pc':
        return typed('i64', next);
      case 'unary':
        return unary(expression.operation, evaluate(expression.operand));
      case 'binary':
        return binary(expression.operation, evaluate(expression.left), evaluate(expression.right));
      case 'select': {
        const condition = evaluate(expression.condition);
        expectType(condition, 'i32', 'select');
        const [then, otherwise] = [evaluate(expression.then), evaluate(expression.otherwise)];
        expectType(otherwise, then.type, 'select');
        return condition.value === 0n ? otherwise : then;
      }
      case 'local': {
        const value = locals.get(expression.name);
        if (value === undefined) throw new Error(`${row.name} uses ${expression.name} before it is bound`);
        expectType(value, expression.type, expression.name);
        return value;
      }
      case 'helper': {
        const values = expression.operands.map((operand) => {
          const value = evaluate(operand);
          expectType(value, 'i64', expression.helper);
          return value.value;
        });
        return typed('i64', helpers[expression.helper](values[0] ?? 0n, values[1] ?? 0n));
      }
      case 'f':
        throw new Error('no floating-point registers here');
    }
  };
  const evaluate64 = (expression: Expression): bigint => {
    const value = evaluate(expression);
    expectType(value, 'i64', row.name);
    return value.value;
  };
  for (const statement of row.semantics) {
    switch (statement.kind) {
      case 'let': {
        const value = evaluate(statement.value);
        expectType(value, statement.type, statement.name);
        if (locals.has(statement.name)) throw new Error(`${statement.name} is bound twice`);
        locals.set(statement.name, value);
        break;
      }
      case 'set-x': {
        const value = evaluate64(statement.value);
        if (operands.rd !== 0) state.x[operands.rd] = value;
        break;
      }
      case 'load': {
        const address = evaluate64(statement.address);
        let value = 0n;
        for (let index = 0n; index < BigInt(statement.bytes); index += 1n) {
          value |= BigInt(state.memory.get(BigInt.asUintN(64, address + index)) ?? 0) << (8n * index);
        }
        locals.set(statement.name, typed('i64', statement.signed ? BigInt.asIntN(8 * statement.bytes, value) : value));
        break;
      }
      case 'store': {
        const address = evaluate64(statement.address);
        const value = evaluate64(statement.value);
        for (let index = 0n; index < BigInt(statement.bytes); index += 1n) {
          state.memory.set(BigInt.asUintN(64, address + index), Number((value >> (8n * index)) & 0xffn));
        }
        break;
      }
      case 'branch': {
        const condition = evaluate(statement.condition);
        expectType(condition, 'i32', row.name);
        if (condition.value !== 0n) target = BigInt.asUintN(64, state.pc + BigInt(operands.immediate));
        break;
      }
      case 'jump':
        target = evaluate64(statement.target);
        break;
      case 'fence':
        break;
      default:
        return false;
    }
  }
  state.pc = target;
  return true;
};
