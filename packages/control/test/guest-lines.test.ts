import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type GuestLine, GuestLines, LONGEST_LINE } from '../src/guest-lines.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

const LONG = { wrong: `the line is longer than ${LONGEST_LINE} bytes` };

/** All lines of what is pushed, in pieces that end at the cuts. */
const read = (all: Uint8Array, cuts: readonly number[] = []): readonly GuestLine[] => {
  const lines = new GuestLines();
  const found: GuestLine[] = [];
  const ends = [...new Set(cuts.map((cut) => cut % (all.length + 1)))].sort((a, b) => a - b);
  for (const [index, end] of [...ends, all.length].entries()) {
    lines.push(all.subarray(ends[index - 1] ?? 0, end));
    for (let line = lines.take(); line !== undefined; line = lines.take()) found.push(line);
    expect(lines.held).toBeLessThanOrEqual(LONGEST_LINE);
  }
  return found;
};

it('finds the same lines however the bytes are cut', () => {
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 30 }),
    fc.constantFrom('\n', '\r\n', '{"id":1}\n', 'x'.repeat(LONGEST_LINE - 3), 'é', '\u{1f642}\n', ' \n').map(bytes),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), fc.array(fc.nat(), { maxLength: 12 }), (pieces, cuts) => {
      const all = Buffer.concat(pieces);
      const text = all.toString('latin1');
      const expected = text
        .split('\n')
        .slice(0, -1)
        .flatMap((line): readonly GuestLine[] => {
          if (line.length > LONGEST_LINE) return [LONG];
          const whole = Buffer.from(line, 'latin1');
          // What is not the same after a round trip was no UTF-8.
          const decoded = whole.toString().replace(/^\ufeff/, '');
          if (!Buffer.from(whole.toString()).equals(whole)) return [{ wrong: 'the line is not UTF-8' }];
          return decoded.trim() === '' ? [] : [{ text: decoded.trim() }];
        });
      expect(read(all, cuts)).toEqual(expected);
    }),
  );
});

it('keeps nothing of a line that never ends, and says so at its end', () => {
  const lines = new GuestLines();
  for (let piece = 0; piece < 1000; piece++) {
    lines.push(new Uint8Array(1024).fill(0x61));
    expect(lines.held).toBeLessThanOrEqual(LONGEST_LINE);
  }
  expect(lines.take()).toBeUndefined();
  lines.push(bytes('\nnext\n'));
  expect([lines.take(), lines.take(), lines.take()]).toEqual([LONG, { text: 'next' }, undefined]);
});

it('makes no line of two of which the middle is lost', () => {
  const lines = new GuestLines();
  lines.push(bytes('{"call":"list"'));
  lines.push(bytes(',"call":"destroy"}\nwhole\n'), 10);
  expect([lines.take(), lines.take()]).toEqual([{ text: 'whole' }, undefined]);
});
