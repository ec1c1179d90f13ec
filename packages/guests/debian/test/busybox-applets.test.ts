import { describe, expect, it } from 'vitest';
import { busyboxApplets } from '../src/busybox-applets.ts';

const binary = (text: string) => Buffer.from(text, 'latin1');

describe('busyboxApplets', () => {
  it('finds the table among other data', () => {
    expect(busyboxApplets(binary('junk\xff [\0[[\0cat\0ls\0sh\0\0/bin\0'))).toEqual(['[', '[[', 'cat', 'ls', 'sh']);
  });

  it.each([
    ['nothing like it', 'no table here'],
    ['a table without end', '[\0[[\0sh'],
    ['a table without a shell', '[\0[[\0cat\0\0'],
    ['names that are no file names', '[\0[[\0sh\0../x\0\0'],
  ])('says undefined of %s', (_what, text) => {
    expect(busyboxApplets(binary(text))).toBeUndefined();
  });
});
