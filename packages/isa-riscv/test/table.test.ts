import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  compressedInstructions,
  createDecoder,
  extractField,
  formats,
  immediateOf,
  insertField,
  instructions,
  parseEncoding,
} from '../src/index.ts';
import { wordsOf } from './random-words.ts';

const decoder = createDecoder();

describe('the table of 32-bit instructions', () => {
  it('has each name once', () => {
    const names = instructions.map((row) => row.name);
    expect(new Set(names).size).toBe(names.length);
  });

  it('has no encoding that two rows match, but for stated special cases', () => {
    const overlaps: string[] = [];
    instructions.forEach((a, index) => {
      for (const b of instructions.slice(index + 1)) {
        const common = a.mask & b.mask;
        if ((a.match & common) !== (b.match & common)) continue;
        if (a.specializes !== b.name && b.specializes !== a.name) overlaps.push(`${a.name} and ${b.name}`);
      }
    });
    expect(overlaps).toEqual([]);
  });

  it('states special cases whose encodings all belong to the general row', () => {
    for (const row of instructions) {
      if (row.specializes === undefined) continue;
      const general = instructions.find((candidate) => candidate.name === row.specializes);
      expect(general, row.name).toBeDefined();
      expect((row.mask & (general?.mask ?? 0)) >>> 0, row.name).toBe(general?.mask);
      expect((row.match & (general?.mask ?? 0)) >>> 0, row.name).toBe(general?.match);
    }
  });

  it('uses 32-bit opcodes only', () => {
    for (const row of instructions) expect(row.match & row.mask & 0x3, row.name).toBe(3);
  });

  it('decodes random words of every row to that row', () => {
    for (const [index, row] of instructions.entries()) {
      fc.assert(
        fc.property(wordsOf(row), (word) => {
          const found = decoder.decode(word);
          // A random word may be of a special case of the row.
          expect(found === index || instructions[found]?.specializes === row.name, `${row.name} ${word}`).toBe(true);
          expect(decoder.decode(word | 0)).toBe(found);
        }),
        { numRuns: 50 },
      );
    }
  });

  it('decodes as a search of all rows does', () => {
    const search = (word: number): string => {
      const rows = instructions.filter(
        (row) => (word & row.mask) >>> 0 === row.match && !(row.hasRoundingMode && [5, 6].includes((word >>> 12) & 7)),
      );
      return (rows.find((row) => row.specializes !== undefined) ?? rows[0])?.name ?? 'illegal';
    };
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0x3fffffff }), (upper) => {
        const word = ((upper << 2) | 3) >>> 0;
        expect(instructions[decoder.decode(word)]?.name ?? 'illegal').toBe(search(word));
      }),
      { numRuns: 20_000 },
    );
  });

  it('extracts the immediate that the encoding describes', () => {
    for (const row of instructions) {
      const kind = formats[row.format].immediate;
      const name = {
        none: '',
        shift: 'shamt',
        csr: 'csr',
        I: 'imm',
        S: 'imm',
        B: 'imm',
        U: 'imm',
        J: 'imm',
        prefetch: 'imm',
      }[kind];
      if (name === '' || row.format === 'fence') continue;
      const bits = row.layout.fields.flatMap((field) => (field.name === name ? field.bits : []));
      fc.assert(
        fc.property(wordsOf(row), (word) => {
          const value = extractField(row.layout, word, name);
          const sign = name === 'imm' ? 2 ** Math.max(...bits) : Number.POSITIVE_INFINITY;
          expect(immediateOf(kind, word), row.name).toBe(value >= sign ? value - 2 * sign : value);
        }),
        { numRuns: 50 },
      );
    }
  });

  it('names a register file for every register field that is an operand', () => {
    const row = (name: string) => instructions.find((candidate) => candidate.name === name)?.registers;
    expect(row('add')).toEqual({ rd: 'x', rs1: 'x', rs2: 'x', rs3: 'none' });
    expect(row('fmadd.d')).toEqual({ rd: 'f', rs1: 'f', rs2: 'f', rs3: 'f' });
    expect(row('fsd')).toEqual({ rd: 'none', rs1: 'x', rs2: 'f', rs3: 'none' });
    expect(row('fcvt.w.s')).toEqual({ rd: 'x', rs1: 'f', rs2: 'none', rs3: 'none' });
    expect(row('csrrwi')).toEqual({ rd: 'x', rs1: 'none', rs2: 'none', rs3: 'none' });
    expect(row('lr.w')).toEqual({ rd: 'x', rs1: 'x', rs2: 'none', rs3: 'none' });
    expect(row('cbo.zero')).toEqual({ rd: 'none', rs1: 'x', rs2: 'none', rs3: 'none' });
    for (const candidate of instructions) {
      for (const field of ['rd', 'rs1', 'rs2', 'rs3'] as const) {
        const present = candidate.layout.fields.some((part) => part.name === field);
        expect(candidate.registers[field] !== 'none', `${candidate.name} ${field}`).toBe(present);
      }
    }
  });
});

describe('illegal encodings', () => {
  const illegal = (name: string, change: number) => {
    const row = instructions.find((candidate) => candidate.name === name);
    return decoder.decode(((row?.match ?? 0) ^ change) >>> 0);
  };

  it('refuses all zeros, all ones and longer instructions', () => {
    expect(decoder.decode(0)).toBe(-1);
    expect(decoder.decode(0xffffffff)).toBe(-1);
    expect(decoder.decode(0x0000001f)).toBe(-1);
  });

  it('refuses bit 5 of the shift amount of word shifts', () => {
    for (const name of ['slliw', 'srliw', 'sraiw', 'roriw']) expect(illegal(name, 1 << 25), name).toBe(-1);
  });

  it('refuses reserved rounding modes wherever there is a rounding mode', () => {
    for (const row of instructions.filter((candidate) => candidate.hasRoundingMode)) {
      for (const mode of [0, 1, 2, 3, 4, 7]) expect(illegal(row.name, mode << 12), row.name).not.toBe(-1);
      for (const mode of [5, 6]) expect(illegal(row.name, mode << 12), row.name).toBe(-1);
    }
  });

  it('refuses reserved fields of lr, sqrt, zext.h and the system instructions', () => {
    expect(illegal('lr.w', 1 << 20)).toBe(-1);
    expect(illegal('fsqrt.d', 1 << 20)).toBe(-1);
    expect(illegal('zext.h', 1 << 20)).toBe(-1);
    expect(illegal('fmv.x.d', 1 << 20)).toBe(-1);
    expect(illegal('mret', 1 << 7)).toBe(-1);
    expect(illegal('ecall', 1 << 15)).toBe(-1);
    expect(illegal('sfence.vma', 1 << 7)).toBe(-1);
    expect(illegal('cbo.zero', 1 << 7)).toBe(-1);
    expect(illegal('cbo.zero', 1 << 20)).toBe(-1);
  });

  it('accepts fences with reserved fields, and hints', () => {
    expect(instructions[decoder.decode(0xf12f8f8f)]?.name).toBe('fence');
    expect(instructions[decoder.decode(0xfff29f8f)]?.name).toBe('fence.i');
    expect(instructions[decoder.decode(0x00200033)]?.name).toBe('add');
    expect(instructions[decoder.decode(0x00006013)]?.name).toBe('prefetch.i');
    expect(instructions[decoder.decode(0x00206013)]?.name).toBe('ori');
    expect(instructions[decoder.decode(0x0100000f)]?.name).toBe('pause');
  });
});

describe('the table of compressed instructions', () => {
  it('has no 16-bit encoding that two rows match', () => {
    const seen = new Map<number, string>();
    for (const row of compressedInstructions) {
      for (let half = 0; half < 0x10000; half += 1) {
        if ((half & row.mask) !== row.match) continue;
        const allowed = row.layout.fields.every((field) => {
          const value = extractField(row.layout, half, field.name);
          return !field.excluded.includes(value) && !(field.name.startsWith('nz') && value === 0);
        });
        if (!allowed) continue;
        expect(seen.get(half), `${half.toString(16)} is ${row.name} and another`).toBeUndefined();
        seen.set(half, row.name);
      }
    }
    for (let half = 0; half < 0x10000; half += 1) expect(decoder.expandCompressed(half) !== 0).toBe(seen.has(half));
  });

  it('expands to legal instructions only', () => {
    for (let half = 0; half < 0x10000; half += 1) {
      const word = decoder.expandCompressed(half);
      if (word !== 0) {
        expect(decoder.decode(word), half.toString(16)).not.toBe(-1);
      }
    }
  });

  it('refuses what the manual reserves', () => {
    const reserved = {
      'all zeros': 0x0000,
      'c.addi4spn of 0': 0x0004,
      'c.addiw x0': 0x2005,
      'c.addi16sp of 0': 0x6101,
      'c.lui of 0': 0x6501,
      'c.lwsp x0': 0x4002,
      'c.ldsp x0': 0x6002,
      'c.jr x0': 0x8002,
      'quadrant 0, funct3 100, funct6 beyond Zcb': 0x8c40,
      'quadrant 1, ALU beyond c.not': 0x9c79,
      'a 32-bit instruction': 0x0013,
    };
    for (const [name, half] of Object.entries(reserved)) expect(decoder.expandCompressed(half), name).toBe(0);
  });

  it('accepts compressed hints', () => {
    expect(decoder.expandCompressed(0x0005)).toBe(0x00100013);
    expect(decoder.expandCompressed(0x4005)).toBe(0x00100013);
    expect(decoder.expandCompressed(0x6005)).toBe(0x00001037);
    expect(decoder.expandCompressed(0x800a)).toBe(0x00200033);
    expect(decoder.expandCompressed(0x900a)).toBe(0x00200033);
    expect(decoder.expandCompressed(0x0002)).toBe(0x00001013);
  });
});

describe('the notation of encodings', () => {
  it('puts a value in and takes it out again', () => {
    const layout = parseEncoding('imm[20|10:1|11|19:12] rd 1101111', 32);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xfffff }), (half) => {
        const word = insertField(layout, 'imm', BigInt(half * 2));
        expect(extractField(layout, word, 'imm')).toBe(half * 2);
      }),
    );
  });

  it('refuses unknown fields and wrong widths', () => {
    expect(() => parseEncoding('0000000 what rd 1101111', 32)).toThrow(
      expect.objectContaining({ code: 'VIV_ISA_ENCODING' }),
    );
    expect(() => parseEncoding('0000000 rd 1101111', 32)).toThrow(
      expect.objectContaining({ code: 'VIV_ISA_ENCODING' }),
    );
  });
});
