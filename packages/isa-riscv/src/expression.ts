/**
 * Constructors for the language of semantics, named so that a row reads like the manual's description of it.
 */
import type {
  AccessBytes,
  BinaryOperation,
  Expression,
  FloatOperation,
  Helper,
  RegisterField,
  Statement,
  SystemOperation,
  UnaryOperation,
  ValueType,
} from './semantics.ts';

const x = (field: RegisterField): Expression => ({ kind: 'x', field });
export const rs1 = x('rs1');
export const rs2 = x('rs2');
export const immediate: Expression = { kind: 'immediate' };
export const pc: Expression = { kind: 'pc' };
export const nextPc: Expression = { kind: 'next-pc' };

export const i64 = (value: bigint): Expression => ({ kind: 'constant', type: 'i64', value });
export const i32 = (value: bigint): Expression => ({ kind: 'constant', type: 'i32', value });

export const unary = (operation: UnaryOperation, operand: Expression): Expression => ({
  kind: 'unary',
  operation,
  operand,
});
export const binary = (operation: BinaryOperation, left: Expression, right: Expression): Expression => ({
  kind: 'binary',
  operation,
  left,
  right,
});
export const select = (condition: Expression, then: Expression, otherwise: Expression): Expression => ({
  kind: 'select',
  condition,
  then,
  otherwise,
});
export const helper = (name: Helper, ...operands: Expression[]): Expression => ({
  kind: 'helper',
  helper: name,
  operands,
});

/** Low 32 bits as an i32, and back: sign-extended as all `*w` instructions do, or zero-extended as `*.uw`. */
export const word = (operand: Expression): Expression => unary('i32.wrap_i64', operand);
export const extendWord = (operand: Expression): Expression => unary('i64.extend_i32_s', operand);
export const zeroExtendWord = (operand: Expression): Expression => unary('i64.extend_i32_u', operand);

export const add = (left: Expression, right: Expression): Expression => binary('i64.add', left, right);
export const and = (left: Expression, right: Expression): Expression => binary('i64.and', left, right);
export const or = (left: Expression, right: Expression): Expression => binary('i64.or', left, right);
export const xor = (left: Expression, right: Expression): Expression => binary('i64.xor', left, right);
export const shiftLeft = (left: Expression, right: Expression): Expression => binary('i64.shl', left, right);
export const not = (operand: Expression): Expression => xor(operand, i64(-1n));

export const local = (name: string, type: ValueType = 'i64'): Expression => ({ kind: 'local', name, type });
export const bind = (name: string, value: Expression, type: ValueType = 'i64'): Statement => ({
  kind: 'let',
  name,
  type,
  value,
});
export const setRd = (value: Expression): Statement => ({ kind: 'set-x', value });
export const jump = (target: Expression): Statement => ({ kind: 'jump', target });
export const branch = (condition: Expression): Statement => ({ kind: 'branch', condition });
export const load = (name: string, bytes: AccessBytes, signed: boolean, address: Expression): Statement => ({
  kind: 'load',
  name,
  bytes,
  signed,
  address,
});
export const store = (bytes: AccessBytes, address: Expression, value: Expression): Statement => ({
  kind: 'store',
  bytes,
  address,
  value,
});
export const float = (operation: FloatOperation): Statement => ({ kind: 'float', float: operation });
export const system = (operation: SystemOperation): Statement => ({ kind: 'system', operation });
