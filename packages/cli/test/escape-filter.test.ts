import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EscapeFilter, keyName } from '../src/escape-filter.ts';

const KEY = 0x1d;

const type = (key: number | undefined, ...pieces: (string | Uint8Array)[]) => {
  const filter = new EscapeFilter(key);
  const results = pieces.map((piece) => filter.feed(typeof piece === 'string' ? Buffer.from(piece) : piece));
  return {
    text: Buffer.concat(results.map(({ forward }) => forward)).toString(),
    actions: results.flatMap(({ actions }) => actions),
  };
};

describe('the escape key', () => {
  it('lets everything else through, Ctrl-C too', () => {
    expect(type(KEY, 'ls\r\u0003')).toEqual({ text: 'ls\r\u0003', actions: [] });
  });

  it.each([
    ['q', 'quit'],
    ['Q', 'quit'],
    ['r', 'reset'],
    ['?', 'help'],
    ['h', 'help'],
  ])('and %s asks for %s', (key, action) => {
    expect(type(KEY, `a\u001d${key}b`)).toEqual({ text: 'ab', actions: [action] });
  });

  it('twice is the key itself', () => {
    expect(type(KEY, 'a\u001d\u001db')).toEqual({ text: 'a\u001db', actions: [] });
  });

  it('and an unknown key are dropped', () => {
    expect(type(KEY, '\u001dzb')).toEqual({ text: 'b', actions: [] });
  });

  it('can be switched off', () => {
    expect(type(undefined, '\u001dq')).toEqual({ text: '\u001dq', actions: [] });
  });

  it('means the same however its input is cut', () => {
    const keys = fc.array(fc.constantFrom(KEY, 0x71, 0x3f, 0x61), { maxLength: 30 });
    fc.assert(
      fc.property(keys, fc.nat(30), (bytes, cut) => {
        const all = Uint8Array.from(bytes);
        expect(type(KEY, all.subarray(0, cut), all.subarray(cut))).toEqual(type(KEY, all));
      }),
    );
  });

  it('has a name', () => {
    expect(keyName(KEY)).toBe('Ctrl-]');
    expect(keyName(1)).toBe('Ctrl-A');
  });
});
