import { describe, expect, it } from 'vitest';
import { type Expression, type InstructionRow, instructions, type Statement } from '../src/index.ts';

const expressionsOf = (statement: Statement): readonly Expression[] => {
  switch (statement.kind) {
    case 'let':
    case 'set-x':
      return [statement.value];
    case 'load':
    case 'load-float':
    case 'store-float':
      return [statement.address];
    case 'store':
      return [statement.address, statement.value];
    case 'branch':
      return [statement.condition];
    case 'jump':
      return [statement.target];
    default:
      return [];
  }
};
const within = (expression: Expression): readonly Expression[] => {
  switch (expression.kind) {
    case 'unary':
      return [expression, ...within(expression.operand)];
    case 'binary':
      return [expression, ...within(expression.left), ...within(expression.right)];
    case 'select':
      return [expression, ...[expression.condition, expression.then, expression.otherwise].flatMap(within)];
    case 'helper':
      return [expression, ...expression.operands.flatMap(within)];
    default:
      return [expression];
  }
};
const allOf = (row: InstructionRow): readonly Expression[] => row.semantics.flatMap(expressionsOf).flatMap(within);

const kindsOf = (row: InstructionRow): readonly Statement['kind'][] => row.semantics.map(({ kind }) => kind);
const MAY_TRAP: readonly Statement['kind'][] = ['load', 'store', 'load-float', 'store-float'];

describe('semantics of every row', () => {
  it('read registers that are operands of the row, from the right file', () => {
    for (const row of instructions) {
      for (const expression of allOf(row)) {
        if (expression.kind === 'x' || expression.kind === 'f') {
          expect(row.registers[expression.field], row.name).toBe(expression.kind);
        }
      }
    }
  });

  it('use every integer source register, unless a statement does that by itself', () => {
    for (const row of instructions) {
      if (row.semantics.length === 0) continue;
      if (row.semantics.some(({ kind }) => /^(float|system|atomic|load-reserved|store-conditional)$/.test(kind)))
        continue;
      const read = new Set(allOf(row).flatMap((expression) => (expression.kind === 'x' ? [expression.field] : [])));
      for (const field of ['rs1', 'rs2'] as const) {
        if (row.registers[field] === 'x') {
          expect(read.has(field), `${row.name} reads ${field}`).toBe(true);
        }
      }
    }
  });

  it('write x[rd] only where rd is an integer register, and always there', () => {
    for (const row of instructions) {
      const kinds = kindsOf(row);
      const byThemselves = /^(float|system|atomic|load-reserved|store-conditional)$/;
      const writes = kinds.includes('set-x') || kinds.some((kind) => byThemselves.test(kind));
      if (kinds.includes('set-x')) {
        expect(row.registers.rd, row.name).toBe('x');
      }
      if (row.registers.rd === 'x') {
        expect(writes, row.name).toBe(true);
      }
    }
  });

  it('trap before they change anything, and leave last', () => {
    for (const row of instructions) {
      const kinds = kindsOf(row);
      const trap = kinds.findLastIndex((kind) => MAY_TRAP.includes(kind));
      expect(
        kinds.slice(0, Math.max(trap, 0)).every((kind) => kind === 'let'),
        row.name,
      ).toBe(true);
      const leave = kinds.findIndex((kind) => kind === 'branch' || kind === 'jump');
      if (leave !== -1) {
        expect(leave, row.name).toBe(kinds.length - 1);
      }
    }
  });

  it('use the immediate exactly where the format has one that is a value', () => {
    const VALUED = ['I', 'I-address', 'S', 'U', 'shift', 'float-load', 'float-store', 'J'];
    for (const row of instructions) {
      const uses = allOf(row).some(({ kind }) => kind === 'immediate');
      expect(uses, row.name).toBe(VALUED.includes(row.format));
    }
  });

  it('access as many bytes as the name says', () => {
    const WIDTHS: Readonly<Record<string, number>> = { b: 1, h: 2, w: 4, d: 8 };
    const FORMATS: Readonly<Record<string, string>> = { h: 'h', w: 's', d: 'd' };
    for (const row of instructions) {
      for (const statement of row.semantics) {
        if (statement.kind === 'load' || statement.kind === 'store') {
          expect(WIDTHS[row.name.charAt(1)], row.name).toBe(statement.bytes);
          if (statement.kind === 'load') {
            expect(row.name.endsWith('u'), row.name).toBe(!statement.signed);
          }
        } else if (statement.kind === 'load-float' || statement.kind === 'store-float') {
          expect(FORMATS[row.name.charAt(2)], row.name).toBe(statement.format);
        } else if (/^(atomic|load-reserved|store-conditional)$/.test(statement.kind) && 'bytes' in statement) {
          expect(WIDTHS[row.name.slice(-1)], row.name).toBe(statement.bytes);
        }
        if (statement.kind === 'atomic') {
          expect(row.name).toMatch(new RegExp(`^amo${statement.operation}\\.[wd]$`));
        }
      }
    }
  });

  it('name the operation of floating-point and system rows as the mnemonic does', () => {
    for (const row of instructions) {
      for (const statement of row.semantics) {
        if (statement.kind === 'system') {
          expect(statement.operation).toBe(row.name);
        }
        if (statement.kind !== 'float') continue;
        const { float } = statement;
        const names: Readonly<Record<string, string>> = {
          'to-integer': 'integer' in float ? `fcvt.${float.integer}.${float.format}` : '',
          'from-integer': 'integer' in float ? `fcvt.${float.format}.${float.integer}` : '',
          'to-float': 'from' in float ? `fcvt.${float.format}.${float.from}` : '',
          'to-integer-modular': 'fcvtmod.w.d',
          'load-immediate': `fli.${float.format}`,
          'move-to-x': `fmv.x.${float.format === 's' ? 'w' : float.format}`,
          'move-from-x': `fmv.${float.format === 's' ? 'w' : float.format}.x`,
        };
        expect(names[float.operation] ?? `f${float.operation}.${float.format}`).toBe(row.name);
      }
    }
  });
});
