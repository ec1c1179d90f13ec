import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assemble, createDecoder, disassemble, instructions } from '../src/index.ts';
import { gnuAssemble } from './binutils.ts';
import { wordsOf } from './random-words.ts';

const decoder = createDecoder();
const wordsIn = (source: string, compress = false): readonly number[] => {
  const { bytes } = assemble(source, { compress });
  const view = new DataView(bytes.buffer);
  return Array.from({ length: bytes.length / 4 }, (_, index) => view.getUint32(index * 4, true));
};
const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
const failure = (source: string) => {
  try {
    assemble(source);
  } catch (error) {
    const { code, message, details } = error as { code: string; message: string; details: { line?: number } };
    return { code, message, line: details.line };
  }
  throw new Error(`'${source}' assembles`);
};

describe('assembler and disassembler', () => {
  it('come back to the same word from their text, with and without aliases, for every row', () => {
    for (const row of instructions) {
      // Reserved fields of fences have no text.
      if (row.name === 'fence' || row.name === 'fence.i') continue;
      fc.assert(
        fc.property(wordsOf(row), fc.boolean(), (word, aliases) => {
          const text = disassemble(word, 0, { aliases });
          expect(wordsIn(text), text).toEqual([word]);
        }),
        { numRuns: 40 },
      );
    }
  });

  it('agree with the decoder', () => {
    for (const [index, row] of instructions.entries()) {
      if (row.format === 'fence') continue;
      const text = disassemble(row.match, 0, { aliases: false });
      const [word = 0] = wordsIn(text);
      const found = instructions[decoder.decode(word)];
      expect(found?.name === row.name || found?.specializes === row.name, `${index} ${text}`).toBe(true);
    }
  });
});

describe('pseudo-instructions beside GNU as', () => {
  const SOURCE = `
    nop; mv a0, a1; not a0, a1; neg a0, a1; negw a0, a1; sext.w a0, a1; zext.w a0, a1; zext.b a0, a1
    zext.h a0, a1; sext.b a0, a1; seqz a0, a1; snez a0, a1; sltz a0, a1; sgtz a0, a1; sgt a0, a1, a2; sgtu a0, a1, a2
    fmv.s fa0, fa1; fabs.s fa0, fa1; fneg.s fa0, fa1; fmv.d fa0, fa1; fabs.d fa0, fa1; fneg.d fa0, fa1
    fgt.s a0, fa1, fa2; fge.d a0, fa1, fa2; fmv.x.s a0, fa0; fmv.s.x fa0, a0
1:  beqz a0, 1b; bnez a0, 1f; blez a0, 1b; bgez a0, 1b; bltz a0, 1b; bgtz a0, 1b
    bgt a0, a1, 1b; ble a0, a1, 1f; bgtu a0, a1, 1b; bleu a0, a1, 1b
1:  j 1b; jal 1b; jal t0, 1b; jr a0; jr 4(a0); jalr a0; jalr 8(a0); jalr t0, a0; jalr t0, 8(a0); ret
    rdinstret a0; rdcycle a0; rdtime a0; csrr a0, mstatus; csrw mstatus, a0; csrs sie, a0; csrc sip, a0
    csrwi mscratch, 31; csrsi mstatus, 8; csrci mstatus, 8
    frcsr a0; fscsr a0; fscsr a0, a1; frrm a0; fsrm a0; fsrm a0, a1; frflags a0; fsflags a0; fsflags a0, a1
    fsrmi 1; fsrmi a0, 1; fsflagsi 2; fsflagsi a0, 2
    fence; fence rw, w; fence.tso; fence.i; pause; unimp; ebreak; ecall; wfi; mret; sret
    sfence.vma; sfence.vma a0; sfence.vma a0, a1; sinval.vma a0, a1; sfence.w.inval; sfence.inval.ir
    lr.w a0, (a1); lr.d.aqrl a0, (a1); sc.w.rl a0, a1, (a2); sc.d a0, a1, 0(a2); amomaxu.d.aq a0, a1, (a2)
    fcvt.w.s a0, fa0; fcvt.w.s a0, fa0, rtz; fcvt.d.w fa0, a0; fcvt.s.l fa0, a0, rmm; fmadd.d fa0, fa1, fa2, fa3, rup
    lui a0, 0xfffff; auipc a0, 0; lw a0, -4(sp); sd fp, (sp); fld ft0, 2047(x10); cbo.zero (a0); prefetch.w -32(a0)
    csrr a0, 0x7c0; slli a0, a0, 63; sraiw a0, a0, 31; addi a0, a0, 'A'; addi a0, a0, (1 << 4 | 3) & ~1
    addi a0, a0, %lo(0x12345fff); lui a0, %hi(0x12345fff)
  `;

  it('are the same bytes', () => {
    const source = SOURCE.replaceAll(';', '\n');
    const theirs = hex(gnuAssemble(`.option norvc\n.option norelax\n${source}`));
    expect(hex(assemble(SOURCE).bytes)).toBe(theirs);
  });

  it('are the same bytes when compressed', () => {
    const sources = instructions
      .filter((row) => ['I', 'M', 'F', 'D'].includes(row.extension) && !['B', 'J'].includes(row.format))
      .flatMap((row) => fc.sample(wordsOf(row), { numRuns: 300, seed: 7 }))
      .map(narrow)
      .filter((word) => decoder.decode(word) !== -1)
      .map((word) => disassemble(word, 0, { aliases: false }))
      .filter((text) => !/^(fence|fcvt|mul )/.test(text));
    const source = sources.join('\n');
    const theirs = gnuAssemble(`.option norelax\n${source}`);
    const ours = split(assemble(source, { compress: true }).bytes);
    const gnu = split(theirs);
    const wrong = sources.flatMap((text, index) =>
      ours[index] === gnu[index] || isZcbOf(ours[index] ?? 0, gnu[index] ?? 0)
        ? []
        : [`${text}: ${ours[index]?.toString(16)}, GNU ${gnu[index]?.toString(16)}`],
    );
    expect([wrong.length, ...wrong.slice(0, 20)]).toEqual([0]);
    expect(ours.filter((encoding) => (encoding & 3) !== 3).length).toBeGreaterThan(1000);
  });
});

/** Zcb, which binutils 2.40 does not know, so that it leaves the instruction long. */
const isZcbOf = (half: number, word: number): boolean =>
  decoder.expandCompressed(half) === word &&
  /^c\.(lbu|lhu?|sb|sh|[sz]ext\.[bhw]|not|mul) /.test(disassemble(half, 0, { aliases: false }));

/** Instructions of mixed length. */
const split = (bytes: Uint8Array): readonly number[] => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const encodings: number[] = [];
  for (let offset = 0; offset < bytes.length; ) {
    const half = view.getUint16(offset, true);
    encodings.push((half & 3) === 3 ? view.getUint32(offset, true) : half);
    offset += (half & 3) === 3 ? 4 : 2;
  }
  return encodings;
};

/** Moves most words into the ranges that have 16-bit forms: few registers, small immediates. */
const narrow = (word: number): number => {
  const choose = (bits: number): number => (word >>> bits) & 3;
  const near = [2, 8, 9, 10];
  const rd = near[choose(7)] ?? 0;
  const rs1 = choose(22) === 0 ? rd : (near[choose(15)] ?? 0);
  const registers = (rd << 7) | (rs1 << 15);
  return (((word & ~0xf8f80) | registers) & (choose(10) === 0 ? 0xffffffff : 0x00ffffff | 0x40000000)) >>> 0;
};

describe('directives', () => {
  it('lay out data', () => {
    const { bytes, symbols } = assemble(
      `
      .byte 1, -1, 'a'        # a comment; not a statement
      .align 2                // another
      .half 0x1234, -2
      .word end - start, 0xffffffff
start: .dword start, -1
      .ascii "a\\n;#", "b"
      .asciz "c"
      .space 3, 0xaa
      .balign 8
end:
      .equ SIZE, end - start
      TWICE = SIZE * 2
      .org 0x50
last: .byte TWICE
      `,
      { base: 0x1000n },
    );
    const data = ['01ff6100', '3412feff', '20000000ffffffff', '1010000000000000ffffffffffffffff'];
    const text = ['610a3b23', '62', '6300', 'aaaaaa'];
    const padding = ['0100', '13000000'];
    expect(hex(bytes)).toBe(`${[...data, ...text, ...padding].join('').padEnd(0x50 * 2, '0')}40`);
    expect(Object.fromEntries(symbols)).toEqual({
      start: 0x1010n,
      end: 0x1030n,
      last: 0x1050n,
      SIZE: 0x20n,
      TWICE: 0x40n,
    });
  });

  it('pads code with no-ops', () => {
    const { bytes } = assemble('c.addi a0, 1\n.align 4\nend:', { compress: true });
    const view = new DataView(bytes.buffer);
    expect(view.getUint16(2, true)).toBe(0x0001);
    expect([4, 8, 12].map((offset) => view.getUint32(offset, true))).toEqual([0x13, 0x13, 0x13]);
  });

  it('switches compression by .option', () => {
    const source = 'addi a0, a0, 1\n.option rvc\naddi a0, a0, 1\n.option norvc\naddi a0, a0, 1';
    expect(assemble(source).bytes.length).toBe(4 + 2 + 4);
  });

  it('grows branches that do not reach when compressed', () => {
    const { bytes } = assemble('beqz a0, far\n.space 1000\nfar: beqz a0, near\nnear:', { compress: true });
    expect(bytes.length).toBe(4 + 1000 + 2);
  });
});

describe('bad source', () => {
  const cases: readonly (readonly [source: string, code: string, line: number])[] = [
    ['\nfrob a0', 'VIV_ASSEMBLER_UNKNOWN', 2],
    ['.frob 1', 'VIV_ASSEMBLER_UNKNOWN', 1],
    ['add a0, a1', 'VIV_ASSEMBLER_SYNTAX', 1],
    ['add a0, a1, a2, a3', 'VIV_ASSEMBLER_SYNTAX', 1],
    ['add a0,, a1', 'VIV_ASSEMBLER_SYNTAX', 1],
    ['add a0, a1, q7', 'VIV_ASSEMBLER_UNKNOWN', 1],
    ['fadd.s fa0, fa1, a2', 'VIV_ASSEMBLER_UNKNOWN', 1],
    ['fadd.s fa0, fa1, fa2, fast', 'VIV_ASSEMBLER_UNKNOWN', 1],
    ['fcvtmod.w.d a0, fa0, rne', 'VIV_ASSEMBLER_SYNTAX', 1],
    ['fli.s fa0, 0.3', 'VIV_ASSEMBLER_RANGE', 1],
    ['addi a0, a0, 2048', 'VIV_ASSEMBLER_RANGE', 1],
    ['addi a0, a0, -2049', 'VIV_ASSEMBLER_RANGE', 1],
    ['slliw a0, a0, 32', 'VIV_ASSEMBLER_RANGE', 1],
    ['lui a0, 0x100000', 'VIV_ASSEMBLER_RANGE', 1],
    ['csrrwi a0, mstatus, 32', 'VIV_ASSEMBLER_RANGE', 1],
    ['csrr a0, 0x1000', 'VIV_ASSEMBLER_RANGE', 1],
    ['csrr a0, mnothing', 'VIV_ASSEMBLER_SYMBOL', 1],
    ['beq a0, a1, . + 1', 'VIV_ASSEMBLER_RANGE', 1],
    ['beq a0, a1, . + 4096', 'VIV_ASSEMBLER_RANGE', 1],
    ['lr.w a0, 4(a1)', 'VIV_ASSEMBLER_RANGE', 1],
    ['prefetch.r 16(a0)', 'VIV_ASSEMBLER_RANGE', 1],
    ['sw a0, (8)', 'VIV_ASSEMBLER_SYNTAX', 1],
    ['fence x, w', 'VIV_ASSEMBLER_SYNTAX', 1],
    ['c.addi4spn a0, sp, 0', 'VIV_ASSEMBLER_RANGE', 1],
    ['c.addi4spn a0, sp, 2', 'VIV_ASSEMBLER_RANGE', 1],
    ['c.lw t0, 0(a0)', 'VIV_ASSEMBLER_RANGE', 1],
    ['c.lui sp, 1', 'VIV_ASSEMBLER_RANGE', 1],
    ['c.lwsp zero, 0(sp)', 'VIV_ASSEMBLER_RANGE', 1],
    ['j nowhere', 'VIV_ASSEMBLER_SYMBOL', 1],
    ['j 1f', 'VIV_ASSEMBLER_SYMBOL', 1],
    ['a:\na:', 'VIV_ASSEMBLER_SYMBOL', 2],
    ['li a0, later\nlater:', 'VIV_ASSEMBLER_SYMBOL', 1],
    ['li a0, 1 << 64', 'VIV_ASSEMBLER_RANGE', 1],
    ['li a0, 1 << 65 >> 65', 'VIV_ASSEMBLER_RANGE', 1],
    ['.equ a, b\n.equ b, a', 'VIV_ASSEMBLER_SYMBOL', 1],
    ['.word 1 +', 'VIV_ASSEMBLER_SYNTAX', 1],
    ['.word (1', 'VIV_ASSEMBLER_SYNTAX', 1],
    ['.word 1 / 0', 'VIV_ASSEMBLER_RANGE', 1],
    ['.word 0x100000000', 'VIV_ASSEMBLER_RANGE', 1],
    ['.byte @', 'VIV_ASSEMBLER_SYNTAX', 1],
    ['.ascii "open', 'VIV_ASSEMBLER_SYNTAX', 1],
    ['.ascii "ä"', 'VIV_ASSEMBLER_RANGE', 1],
    ['.space -1', 'VIV_ASSEMBLER_RANGE', 1],
    ['.space 1 << 40', 'VIV_ASSEMBLER_TOO_LARGE', 1],
    ['.space 0x3ffffff\n.word 1', 'VIV_ASSEMBLER_TOO_LARGE', 2],
    ['.balign 3', 'VIV_ASSEMBLER_RANGE', 1],
    ['nop\n.org 2', 'VIV_ASSEMBLER_RANGE', 2],
    ['lw a0, %pcrel_lo(x)(a0)\nx: nop', 'VIV_ASSEMBLER_SYMBOL', 1],
    ['la a0, 1 << 32', 'VIV_ASSEMBLER_RANGE', 1],
    ['addi a0, a0, %got(x)', 'VIV_ASSEMBLER_UNKNOWN', 1],
  ];

  for (const [source, code, line] of cases) {
    it(`${JSON.stringify(source)} is refused with its line`, () => {
      const { code: actual, message, line: where } = failure(source);
      expect({ code: actual, where }).toEqual({ code, where: line });
      expect(message).toContain(`line ${line}`);
    });
  }

  it('ends in a coded error or a program, whatever the text', () => {
    const fragment = fc.constantFrom(
      'add',
      'a0',
      ',',
      ' ',
      '(',
      ')',
      '%hi',
      '1f',
      '1:',
      'x',
      '=',
      '.word',
      '"',
      "'",
      '-',
      '<<',
      '0x',
      '\n',
      'c.li',
      '8',
      '\\',
    );
    fc.assert(
      fc.property(fc.array(fragment, { maxLength: 12 }), (parts) => {
        try {
          assemble(parts.join(''));
        } catch (error) {
          expect((error as { code?: string }).code).toMatch(/^VIV_ASSEMBLER_/);
        }
      }),
      { numRuns: 5000 },
    );
  });
});
