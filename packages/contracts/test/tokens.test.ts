import { describe, expect, it } from 'vitest';
import * as contracts from '../src/index.ts';
import { all, bind, defineManyToken, definePlugin, defineToken, optional, UNCONNECTED } from '../src/index.ts';

/** Everything exported that is a token. */
const tokens = Object.entries(contracts).filter(([name]) => name.endsWith('Token') && !name.startsWith('define'));

describe('a token', () => {
  it('is its name and major, so that two copies of the contract agree', () => {
    expect(defineToken('lamps/light', 2)).toEqual(defineToken('lamps/light', 2));
    expect(defineToken('lamps/light', 2).id).toBe('lamps/light@2');
    expect(defineToken('lamps/light', 1).id).not.toBe(defineToken('lamps/light', 2).id);
  });

  it('says whether one provider serves it or all are collected', () => {
    expect(defineToken('lamps/light', 1).arity).toBe('one');
    expect(defineManyToken('lamps/light', 1).arity).toBe('many');
  });

  it('binds a value', () => {
    const token = defineToken<number>('lamps/light', 1);
    expect(bind(token, 7)).toEqual({ token, value: 7 });
  });
});

describe('the tokens of this package', () => {
  it('are there', () => {
    expect(tokens.length).toBeGreaterThanOrEqual(8);
  });

  it('have ids of their own, below vivarium/', () => {
    const ids = tokens.map(([, token]) => (token as contracts.AnyToken).id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) expect(id).toMatch(/^vivarium\/[a-z-]+@[1-9]\d*$/);
  });
});

describe('a requirement', () => {
  it('may be optional, or take all providers', () => {
    const token = defineToken('lamps/light', 1);
    expect(optional(token)).toEqual({ token, mode: 'optional' });
    expect(all(token)).toEqual({ token, mode: 'all' });
  });
});

describe('a plugin', () => {
  it('is the data it was declared with, and declaring it runs nothing', () => {
    let ran = 0;
    const definition = {
      name: 'lamp',
      version: '1.0.0',
      api: contracts.CONTRACTS_MAJOR,
      setup: () => {
        ran += 1;
        return {};
      },
    };
    expect(definePlugin(definition)).toBe(definition);
    expect(ran).toBe(0);
  });
});

describe('an interrupt line that goes nowhere', () => {
  it('takes any level', () => {
    expect(() => {
      UNCONNECTED.set(true);
      UNCONNECTED.set(false);
    }).not.toThrow();
  });
});
