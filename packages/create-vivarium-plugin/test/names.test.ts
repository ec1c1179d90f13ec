import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkName, nameOfFolder, wordsOf } from '../src/names.ts';

describe('the name of a plugin', () => {
  it.each(['dice', 'my-device', '@me/my-device', 'a.b_c-d', 'x1'])('may be %s', (name) => {
    expect(checkName(name)).toBe(name);
  });

  it.each([
    '',
    'My-Device',
    'a b',
    '-a',
    'a-',
    'a--b',
    '8250',
    '@me',
    '@me/',
    '../up',
    'é',
    'node_modules',
    'a'.repeat(41),
  ])('may not be "%s"', (name) => {
    expect(() => checkName(name)).toThrow(expect.objectContaining({ code: 'VIV_SCAFFOLD_NAME' }));
  });

  it('is made from the name of a folder', () => {
    expect(nameOfFolder('My Device (2)')).toBe('my-device-2');
    expect(nameOfFolder('dice')).toBe('dice');
  });
});

describe('the words of a plugin', () => {
  it('are in the spelling of where they stand', () => {
    expect(wordsOf('@me/my-own.device')).toEqual({
      package: '@me/my-own.device',
      kebab: 'my-own-device',
      pascal: 'MyOwnDevice',
      camel: 'myOwnDevice',
      upper: 'MY_OWN_DEVICE',
    });
  });

  it.each(['class', 'map', 'default', 'text-encoder'])('of %s hide nothing of the language', (name) => {
    const { pascal, camel } = wordsOf(name);
    expect([pascal, camel].every((word) => word.endsWith('Plugin'))).toBe(true);
  });

  it('differ from those that the code has already', () => {
    expect(wordsOf('bind', new Set(['bind']))).toMatchObject({ pascal: 'BindPlugin', camel: 'bindPlugin' });
  });

  it('are identifiers, whatever the name', () => {
    const name = fc.stringMatching(/^[a-z][a-z0-9]{0,8}([._-][a-z0-9]{1,8}){0,4}$/).filter((each) => each.length <= 40);
    fc.assert(
      fc.property(name, (each) => {
        fc.pre(each !== 'test' && each !== 'package');
        const { pascal, camel } = wordsOf(checkName(each));
        expect([pascal, camel].every((word) => /^[A-Za-z][A-Za-z0-9]*$/.test(word))).toBe(true);
      }),
    );
  });
});
