import fc from 'fast-check';

const REGISTERS = ['t0', 't1', 't2', 's1', 'a0', 'a1', 'a2', 'a3', 'a4', 'a5'];
const register = fc.constantFrom(...REGISTERS);
const immediate = fc.integer({ min: -2048, max: 2047 });
const THREE = 'add sub xor or and sll srl sra slt sltu addw subw sllw mul mulhu div rem divuw max rol andn'.split(' ');

/** Lines of one random instruction; `{n}` stands for the label of line n. */
const line = (length: number): fc.Arbitrary<string> => {
  const label = fc.integer({ min: 0, max: length - 1 }).map((target) => `line${target}`);
  return fc.oneof(
    {
      weight: 5,
      arbitrary: fc
        .tuple(fc.constantFrom(...THREE), register, register, register)
        .map(([name, rd, a, b]) => `${name} ${rd}, ${a}, ${b}`),
    },
    {
      weight: 4,
      arbitrary: fc
        .tuple(fc.constantFrom('addi', 'xori', 'andi', 'slti', 'addiw'), register, register, immediate)
        .map(([name, rd, a, value]) => `${name} ${rd}, ${a}, ${value}`),
    },
    {
      weight: 3,
      arbitrary: fc
        .tuple(fc.constantFrom('beq', 'bne', 'blt', 'bgeu'), register, register, label)
        .map(([name, a, b, target]) => `${name} ${a}, ${b}, ${target}`),
    },
    fc.tuple(fc.constantFrom('j', 'jal'), label).map(([name, target]) => `${name} ${target}`),
    // s0 points into data; misaligned and page-crossing offsets are among them.
    {
      weight: 3,
      arbitrary: fc
        .tuple(fc.constantFrom('lb', 'lhu', 'lw', 'ld', 'sb', 'sh', 'sw', 'sd'), register, immediate)
        .map(([name, value, offset]) => `${name} ${value}, ${offset}(s0)`),
    },
    fc
      .tuple(fc.constantFrom('amoadd.d', 'amoswap.w', 'amomaxu.d'), register, register)
      .map(([name, rd, value]) => `${name} ${rd}, ${value}, (s0)`),
    fc.constantFrom('ecall', 'ebreak', '.word 0xffffffff', 'ld a0, 1(zero)', 'fence', 'nop'),
    fc.tuple(register, register).map(([rd, rs]) => `csrrw ${rd}, mscratch, ${rs}`),
    fc.tuple(fc.constantFrom('minstret', 'mcycle'), register).map(([name, rd]) => `csrr ${rd}, ${name}`),
  );
};

/**
 * Random programs that never end: they jump about, load, store and trap, and the handler steps over what trapped.
 * `place` moves them so that instructions lie across the end of a page.
 */
export const randomProgram: fc.Arbitrary<string> = fc
  .integer({ min: 4, max: 60 })
  .chain((length) =>
    fc.record({
      lines: fc.array(line(length), { minLength: length, maxLength: length }),
      compress: fc.boolean(),
      place: fc.integer({ min: 0, max: 40 }).map((halves) => 4096 - 64 - halves * 2),
    }),
  )
  .map(({ lines, compress, place }) => {
    const body = lines.map((text, index) => `line${index}: ${text}`).join('\n');
    return `
.option norvc
  la t0, handler
  csrw mtvec, t0
  la s0, data
  li t0, 0x123456789
  li t1, -77
  j line0
.balign 4
handler:
  csrr t3, mepc
  lhu t4, 0(t3)
  andi t4, t4, 3
  addi t3, t3, 2
  addi t4, t4, -3
  bnez t4, short
  addi t3, t3, 2
short:
  csrw mepc, t3
  mret
.balign 4096
.zero ${place}
${compress ? '.option rvc' : ''}
${body}
  j line0
.balign 4096
.zero 4000
data:
.zero 8192`;
  });
