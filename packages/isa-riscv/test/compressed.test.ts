import { describe, expect, it } from 'vitest';
import { assemble, createDecoder, disassemble } from '../src/index.ts';
import { gnuAssemble, gnuDisassemble, TARGETED, targetLikeObjdump } from './binutils.ts';

const decoder = createDecoder();
/** c.addi16sp of 0, reserved by the manual, is the one encoding that binutils takes for an instruction all the same. */
const RESERVED_C_ADDI16SP = 0x6101;

const halves = Array.from({ length: 0x10000 }, (_, half) => half).filter(
  (half) => (half & 3) !== 3 && half !== RESERVED_C_ADDI16SP,
);

/** Zcb, which binutils 2.40 does not know. */
const isZcb = (half: number): boolean =>
  /^c\.(lbu|lhu?|sb|sh|[sz]ext\.[bhw]|not|mul)\b/.test(disassemble(half, 0, { aliases: false }));

/** objdump has names of its own for shifts by 0, which are hints, and another directive for what is illegal. */
const likeOurs = (text: string): string =>
  text.replace(/^(c\.s[lr][la]i)64 (.*)$/, '$1 $2,0x0').replace(/^\.2byte /, '.half ');

const first = (wrong: readonly string[]) => [wrong.length, ...wrong.slice(0, 20)];

describe('all 16-bit encodings beside binutils', () => {
  it('are printed as objdump -M no-aliases does, or are illegal for both', () => {
    const theirs = gnuDisassemble(halves, 2, ['-M', 'no-aliases']);
    expect(theirs.length).toBe(halves.length);
    const wrong = halves.flatMap((half, index) => {
      const ours = targetLikeObjdump(disassemble(half, index * 2, { aliases: false }));
      const text = likeOurs(theirs[index]?.text ?? '');
      return ours === text || (isZcb(half) && text.startsWith('.half'))
        ? []
        : [`${half}: '${ours}', objdump '${text}'`];
    });
    expect(first(wrong)).toEqual([0]);
  });

  it('expand to what GNU as makes of the 32-bit instruction that objdump prints', () => {
    // With its own name for a 16-bit instruction objdump marks hints, which have no 32-bit spelling.
    const theirs = gnuDisassemble(halves, 2)
      .map((row, index) => ({ ...row, half: halves[index] ?? 0 }))
      .filter((row) => !/^(c\.|\.|unimp)/.test(row.text));
    expect(theirs.length).toBeGreaterThan(44_000);
    const source = theirs.map(({ text, address }, index) => {
      // objdump prints c.mv as mv, which GNU as makes an addi of.
      if (text.startsWith('mv ')) return text.replace(/mv (\w+),(\w+)/, 'add $1,zero,$2');
      if (!TARGETED.test(text)) return text;
      const [, head = '', target = '0'] = /^(.*[ ,])([0-9a-f]+)$/.exec(text) ?? [];
      const distance = BigInt.asIntN(64, BigInt(`0x${target}`) - BigInt(address));
      return `${head}. + ${distance} # ${index}`;
    });
    const bytes = gnuAssemble(`.option norvc\n.option norelax\n${source.join('\n')}`);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    expect(bytes.length).toBe(theirs.length * 4);
    const wrong = theirs.flatMap(({ half, text }, index) => {
      const ours = decoder.expandCompressed(half);
      const word = view.getUint32(index * 4, true);
      return ours === word ? [] : [`${half.toString(16)} ${text}: ${ours.toString(16)}, GNU ${word.toString(16)}`];
    });
    expect(first(wrong)).toEqual([0]);
  });

  it('are assembled from their own text', () => {
    const legal = halves.filter((half) => decoder.expandCompressed(half) !== 0);
    const source = legal.map((half, index) => disassemble(half, index * 2, { aliases: false })).join('\n');
    const { bytes } = assemble(source);
    const view = new DataView(bytes.buffer);
    const wrong = legal.flatMap((half, index) => (view.getUint16(index * 2, true) === half ? [] : [half.toString(16)]));
    expect(first(wrong)).toEqual([0]);
  });
});
