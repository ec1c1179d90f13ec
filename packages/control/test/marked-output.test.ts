import fc from 'fast-check';
import { expect, it } from 'vitest';
import { MarkedOutput } from '../src/marked-output.ts';

const MARK = 'a1b2';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** What comes of a port's output, cut into pieces. */
const read = (output: Uint8Array, cuts: readonly number[]) => {
  const given: number[] = [];
  const codes: number[] = [];
  const marked = new MarkedOutput(
    MARK,
    (piece) => given.push(...piece),
    (code) => codes.push(code),
  );
  const ends = [...new Set(cuts.map((cut) => cut % (output.length + 1)))].sort((a, b) => a - b);
  for (const [index, end] of [...ends, output.length].entries())
    marked.push(output.subarray(ends[index - 1] ?? 0, end));
  return { given: Uint8Array.from(given), codes };
};

it('gives what is between the marks, byte for byte, however it is cut', () => {
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    // What looks like marks and is none.
    fc
      .constantFrom(MARK, `${MARK} `, `${MARK} begin\n`, `${MARK} 1234\n`, `${MARK} x\n`, `${MARK} \n`, 'a1')
      .map(bytes),
  );
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 40 }),
      fc.array(piece, { maxLength: 6 }),
      fc.nat(255),
      fc.uint8Array({ maxLength: 40 }),
      fc.array(fc.nat(), { maxLength: 20 }),
      (before, pieces, code, after, cuts) => {
        const content = Buffer.concat(pieces);
        const output = Buffer.concat([before, bytes(`${MARK} begin\n`), content, bytes(`${MARK} ${code}\n`), after]);
        const { given, codes } = read(output, cuts);
        expect(codes).toEqual([code]);
        expect(Buffer.from(given).equals(content)).toBe(true);
      },
    ),
    { numRuns: 1000 },
  );
});

it('gives nothing before the beginning, and holds back only what may be a mark', () => {
  expect(read(bytes(`text ${MARK} 0\nmore`), [])).toEqual({ given: new Uint8Array(), codes: [] });
  expect(read(bytes(`${MARK} begin\nfirst`), []).given).toEqual(bytes('first'));
  expect(read(bytes(`${MARK} begin\nfirst ${MARK.slice(0, 2)}`), []).given).toEqual(bytes('first '));
});
