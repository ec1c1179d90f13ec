import type { Expression, RegisterField } from '@vivarium/isa-riscv';
import type { FunctionBuilder, WasmType } from '@vivarium/wasm-emit';
import type { HelperIndices } from './arithmetic.ts';

/**
 * Where the operands of an instruction come from: the interpreter reads them from a decoded slot at run time, a
 * translator knows them when it emits. Each member appends code.
 */
export interface Operands {
  /** Pushes x[field], an i64. */
  x(field: RegisterField): void;
  /** Pushes the 64 raw bits of f[field]. */
  f(field: RegisterField): void;
  /** Pushes f[field] as an f64. */
  double(field: RegisterField): void;
  /** x[rd] = what `value` pushes. */
  setX(value: () => void): void;
  /** f[rd] = the raw 64 bits that `value` pushes. */
  setF(value: () => void): void;
  /** f[rd] = the f64 that `value` pushes. */
  setDouble(value: () => void): void;
  /** Pushes the immediate, an i64. */
  immediate(): void;
  /** Pushes the address of the instruction, or of the next one. */
  pc(): void;
  nextPc(): void;
}

/** Hands out locals of a function and takes them back after each row, so that few are needed. */
export class LocalPool {
  readonly #builder: FunctionBuilder;
  readonly #free = new Map<WasmType, number[]>();
  readonly #taken: { type: WasmType; index: number }[] = [];
  readonly #names = new Map<string, number>();

  constructor(builder: FunctionBuilder) {
    this.#builder = builder;
  }

  take(type: WasmType): number {
    const index = this.#free.get(type)?.pop() ?? this.#builder.local(type);
    this.#taken.push({ type, index });
    return index;
  }

  /** A local by the name that a row gave it. */
  name(name: string, type: WasmType): number {
    const index = this.take(type);
    this.#names.set(name, index);
    return index;
  }

  named(name: string): number {
    const index = this.#names.get(name);
    if (index === undefined) throw new TypeError(`row uses local ${name} before it is bound`);
    return index;
  }

  /** End of a row. */
  release(): void {
    for (const { type, index } of this.#taken) {
      const free = this.#free.get(type) ?? [];
      free.push(index);
      this.#free.set(type, free);
    }
    this.#taken.length = 0;
    this.#names.clear();
  }
}

/** Appends code that pushes the value of an expression. */
export const emitExpression = (
  f: FunctionBuilder,
  operands: Operands,
  locals: LocalPool,
  helpers: HelperIndices,
  expression: Expression,
): void => {
  const emit = (part: Expression): void => emitExpression(f, operands, locals, helpers, part);
  switch (expression.kind) {
    case 'constant':
      if (expression.type === 'i32') f.i32(Number(BigInt.asIntN(32, expression.value)));
      else f.i64(expression.value);
      return;
    case 'x':
      operands.x(expression.field);
      return;
    case 'f':
      operands.f(expression.field);
      return;
    case 'immediate':
      operands.immediate();
      return;
    case 'pc':
      operands.pc();
      return;
    case 'next-pc':
      operands.nextPc();
      return;
    case 'unary':
      emit(expression.operand);
      f.op(expression.operation);
      return;
    case 'binary':
      emit(expression.left);
      emit(expression.right);
      f.op(expression.operation);
      return;
    case 'select':
      emit(expression.then);
      emit(expression.otherwise);
      emit(expression.condition);
      f.op('select');
      return;
    case 'local':
      f.get(locals.named(expression.name));
      return;
    case 'helper':
      for (const operand of expression.operands) emit(operand);
      f.call(helpers[expression.helper]);
      return;
  }
};
