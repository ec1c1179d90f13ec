import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jobTimes, type Mark, MarkReader } from '../src/marks.ts';

const CONSOLE =
  'Booting\r\n[    0.1] noise\r\n@userspace\r\n@begin alu\r\n@end alu 0badcafe\r\n@begin sieve\n@end sieve 12345678\n';

describe('a reader of marks', () => {
  it('finds the same marks however the console is cut into pieces', () => {
    const bytes = new TextEncoder().encode(CONSOLE);
    const cuts = fc.array(fc.nat(bytes.length)).map((list) => [0, ...list.sort((a, b) => a - b), bytes.length]);
    fc.assert(
      fc.property(cuts, (places) => {
        const reader = new MarkReader();
        for (let index = 1; index < places.length; index += 1) {
          reader.push(bytes.subarray(places[index - 1], places[index]));
        }
        expect(reader.marks.map(({ text }) => text)).toEqual([
          ...['userspace', 'begin alu', 'end alu 0badcafe', 'begin sieve', 'end sieve 12345678'],
        ]);
      }),
    );
  });

  it('notes how many instructions the guest had retired', () => {
    let retired = 0;
    const reader = new MarkReader(() => retired);
    for (const text of ['@begin alu\n', '@end alu 0\n']) {
      retired += 1000;
      reader.push(new TextEncoder().encode(text));
    }
    expect(reader.marks.map(({ instructions }) => instructions)).toEqual([1000, 2000]);
  });
});

describe('times of jobs', () => {
  const mark = (text: string, time: number): Mark => ({ text, time, instructions: time * 100 });

  it('run from begin to end; the boot from the start of the process', () => {
    const marks = [mark('userspace', 50), mark('begin alu', 60), mark('end alu 0badcafe', 90), mark('done', 95)];
    expect(jobTimes(marks, 10)).toEqual([
      { name: 'boot', milliseconds: 40, instructions: 5000, digest: '' },
      { name: 'alu', milliseconds: 30, instructions: 3000, digest: '0badcafe' },
    ]);
  });

  it('leave out an end without its begin', () => {
    expect(jobTimes([mark('end alu 0', 5), mark('begin alu', 6)], 0)).toEqual([]);
  });
});
