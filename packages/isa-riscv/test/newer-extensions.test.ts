import { describe, expect, it } from 'vitest';
import { assemble, createDecoder, disassemble, instructions } from '../src/index.ts';

/** Encodings as LLVM 19 assembles them, for the extensions that binutils 2.40 does not know. */
const WORDS: Readonly<Record<string, number>> = {
  'czero.eqz a0,a1,a2': 0x0ec5d533,
  'czero.nez t0,t1,t2': 0x0e7372b3,
  'fli.s fa0,0.5': 0xf0160553,
  'fli.d ft0,min': 0xf2108053,
  'fli.s ft1,inf': 0xf01f00d3,
  'fminm.s fa0,fa1,fa2': 0x28c5a553,
  'fmaxm.d fa0,fa1,fa2': 0x2ac5b553,
  'fround.s fa0,fa1,rtz': 0x40459553,
  'fround.d fa0,fa1': 0x4245f553,
  'froundnx.s fa0,fa1': 0x4055f553,
  'froundnx.d fa0,fa1,rup': 0x4255b553,
  'fltq.s a0,fa1,fa2': 0xa0c5d553,
  'fltq.d a0,fa1,fa2': 0xa2c5d553,
  'fleq.s a0,fa1,fa2': 0xa0c5c553,
  'fleq.d a0,fa1,fa2': 0xa2c5c553,
  'fcvtmod.w.d a0,fa1,rtz': 0xc2859553,
  'ntl.p1': 0x00200033,
  'ntl.pall': 0x00300033,
  'ntl.s1': 0x00400033,
  'ntl.all': 0x00500033,
};

/** Zcb: the encoding, also from LLVM 19, and the instruction it stands for (unprivileged manual, chapter "Zc*"). */
const HALVES: Readonly<Record<string, readonly [half: number, expansion: string]>> = {
  'c.lbu a0,3(a1)': [0x81e8, 'lbu a0,3(a1)'],
  'c.lhu a0,2(a1)': [0x85a8, 'lhu a0,2(a1)'],
  'c.lh a0,2(a1)': [0x85e8, 'lh a0,2(a1)'],
  'c.sb a0,1(a1)': [0x89c8, 'sb a0,1(a1)'],
  'c.sh a0,2(a1)': [0x8da8, 'sh a0,2(a1)'],
  'c.zext.b a0': [0x9d61, 'andi a0,a0,255'],
  'c.sext.b a0': [0x9d65, 'sext.b a0,a0'],
  'c.zext.h a0': [0x9d69, 'zext.h a0,a0'],
  'c.sext.h a0': [0x9d6d, 'sext.h a0,a0'],
  'c.zext.w a0': [0x9d71, 'add.uw a0,a0,zero'],
  'c.not a0': [0x9d75, 'xori a0,a0,-1'],
  'c.mul a0,a1': [0x9d4d, 'mul a0,a0,a1'],
};

const decoder = createDecoder();
const view = (source: string): DataView => new DataView(assemble(source).bytes.buffer);

describe('extensions newer than binutils 2.40', () => {
  for (const [text, word] of Object.entries(WORDS)) {
    it(`${text} is ${word.toString(16)}`, () => {
      expect(view(text).getUint32(0, true)).toBe(word);
      expect(disassemble(word)).toBe(text);
      expect(decoder.decode(word)).not.toBe(-1);
    });
  }

  for (const [text, [half, expansion]] of Object.entries(HALVES)) {
    it(`${text} is ${half.toString(16)} and stands for ${expansion}`, () => {
      expect(view(text).getUint16(0, true)).toBe(half);
      expect(disassemble(half, 0, { aliases: false })).toBe(text);
      expect(decoder.expandCompressed(half)).toBe(view(expansion).getUint32(0, true));
    });
  }

  it('covers every row of Zicond and Zfa in one format at least', () => {
    const shown = Object.values(WORDS).map((word) => instructions[decoder.decode(word)]?.name);
    const stems = new Set(shown.map((name) => name?.replace(/\.[sd]$/, '')));
    for (const row of instructions.filter(({ extension }) => extension === 'Zicond' || extension === 'Zfa')) {
      expect(stems.has(row.name.replace(/\.[sd]$/, '')), row.name).toBe(true);
    }
  });
});
