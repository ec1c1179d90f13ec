import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  assemble,
  createDecoder,
  csrNames,
  csrNumbers,
  disassemble,
  type InstructionRow,
  instructions,
} from '../src/index.ts';
import { gnuAssemble, gnuDisassemble, TARGETED, targetLikeObjdump, UNKNOWN_TO_BINUTILS } from './binutils.ts';
import { wordsOf } from './random-words.ts';

const WORDS_PER_ROW = 60;
const known = instructions.filter((row) => !UNKNOWN_TO_BINUTILS.includes(row.extension));

/**
 * binutils reads reserved fields of fences as no instruction, where we ignore them, and knows no rounding mode of
 * conversions that are exact.
 */
const plain = (row: InstructionRow, word: number): number => {
  if (row.name === 'fence') return ((word & 0x0ff0707f) | EACH_SET) >>> 0;
  if (row.format.startsWith('csr') && !csrNames.has(word >>> 20)) return ((word & 0xfffff) | CUSTOM_CSR) >>> 0;
  if (row.name === 'fence.i') return row.match;
  return row.operands.includes('rm-exact') ? (word & ~0x7000) >>> 0 : word;
};

/** Bits that keep the sets of a fence from being empty, for which GNU as has no word. */
const EACH_SET = 0x01100000;

/** A CSR without a name in any list. */
const CUSTOM_CSR = 0x7c000000;

const samples = (row: InstructionRow): readonly number[] =>
  fc.sample(wordsOf(row), { numRuns: WORDS_PER_ROW, seed: 1 }).map((word) => plain(row, word));
const words = known.flatMap(samples);

const wordsIn = (bytes: Uint8Array): readonly number[] => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Array.from({ length: bytes.length / 4 }, (_, index) => view.getUint32(index * 4, true));
};

/** objdump 2.40 prints some register-immediate instructions under the name of the register-register one. */
const IMMEDIATE_NAMES: Readonly<Record<string, string>> = {
  addi: 'add',
  addiw: 'addw',
  andi: 'and',
  ori: 'or',
  xori: 'xor',
  slli: 'sll',
  srli: 'srl',
  srai: 'sra',
  slliw: 'sllw',
  srliw: 'srlw',
  sraiw: 'sraw',
  rori: 'ror',
  roriw: 'rorw',
  bseti: 'bset',
  bclri: 'bclr',
  binvi: 'binv',
  bexti: 'bext',
  csrrwi: 'csrrw',
  csrrsi: 'csrrs',
  csrrci: 'csrrc',
  csrwi: 'csrw',
  csrsi: 'csrs',
  csrci: 'csrc',
  fsrmi: 'fsrm',
  fsflagsi: 'fsflags',
};
const likeObjdump = (text: string): string =>
  targetLikeObjdump(text).replace(/^\S+/, (name) => IMMEDIATE_NAMES[name] ?? name);

const differences = (rows: readonly (readonly [encoding: number, ours: string, theirs: string | undefined])[]) =>
  rows
    .filter(([, ours, theirs]) => ours !== theirs)
    .slice(0, 40)
    .map(([encoding, ours, theirs]) => `${encoding.toString(16)}: '${ours}' but binutils '${theirs}'`);

describe('32-bit instructions beside binutils', () => {
  it('are printed as objdump -M no-aliases does', () => {
    const theirs = gnuDisassemble(words, 4, ['-M', 'no-aliases']);
    expect(theirs.length).toBe(words.length);
    const rows = words.map(
      (word, index) =>
        [word, targetLikeObjdump(disassemble(word, index * 4, { aliases: false })), theirs[index]?.text] as const,
    );
    expect(differences(rows)).toEqual([]);
  });

  it('are printed as objdump does, with pseudo-instructions', () => {
    // Fields at the values that pseudo-instructions fix are rare among random words.
    const special = words.flatMap((word) => [
      word,
      (word & ~0xf8000) >>> 0,
      (word & ~0x1f00000) >>> 0,
      (word & ~0xf80) >>> 0,
    ]);
    const decoder = createDecoder();
    const legal = [...new Set(special)].filter((word) => {
      const row = instructions[decoder.decode(word)];
      return row !== undefined && !UNKNOWN_TO_BINUTILS.includes(row.extension) && plain(row, word) === word;
    });
    const theirs = gnuDisassemble(legal, 4);
    const rows = legal.map(
      (word, index) => [word, likeObjdump(disassemble(word, index * 4)), theirs[index]?.text] as const,
    );
    expect(differences(rows)).toEqual([]);
  });

  it('are assembled as GNU as does, every row', () => {
    const lines = words.map((word, index) => targetSource(disassemble(word, index * 4, { aliases: false }), index * 4));
    const source = lines.join('\n');
    const theirs = wordsIn(gnuAssemble(`.option norvc\n.option norelax\n${source}`));
    const ours = wordsIn(assemble(source).bytes);
    expect(theirs.length).toBe(words.length);
    const wrong = words.flatMap((word, index) =>
      ours[index] === theirs[index] && ours[index] === word
        ? []
        : [`${lines[index]}: ${ours[index]?.toString(16)}, GNU ${theirs[index]?.toString(16)}, ${word.toString(16)}`],
    );
    expect(wrong).toEqual([]);
  });
});

describe('CSR names beside binutils', () => {
  it('are those of GNU as', () => {
    // Newer than binutils 2.40.
    const unknown = [
      'scountinhibit',
      'siselect',
      'sireg',
      'stopei',
      'stopi',
      'mvien',
      'mvip',
      'miselect',
      'mireg',
    ].concat(['mtopei', 'mtopi', 'mcyclecfg', 'minstretcfg', 'mnscratch', 'mnepc', 'mncause', 'mnstatus']);
    const known = [...csrNumbers].filter(([name]) => !unknown.includes(name));
    const encodings = wordsIn(gnuAssemble(known.map(([name]) => `csrr a0, ${name}`).join('\n')));
    known.forEach(([name, number], index) => expect((encodings[index] ?? 0) >>> 20, name).toBe(number));
    expect(known.length).toBe(csrNumbers.size - unknown.length);
  });
});

/** `0x1234` as a target in a form that both assemblers take as relative to here. */
const targetSource = (text: string, here: number): string => {
  if (!TARGETED.test(text)) return text;
  return text.replace(/0x[0-9a-f]+$/, (target) => `. + ${BigInt.asIntN(64, BigInt(target) - BigInt(here))}`);
};
