import { seededRandom } from '@vivarium/testkit';
import { describe, expect, it } from 'vitest';
import { Choices } from '../src/engine/choices.ts';
import { Fuzzer } from '../src/engine/fuzzer.ts';
import { minimize } from '../src/engine/minimize.ts';
import { mutate, randomProgram } from '../src/engine/mutate.ts';
import {
  flatten,
  formatProgram,
  LARGEST_FLAT,
  LONGEST_ACTION,
  MOST_ACTIONS,
  parseProgram,
  type Program,
  unflatten,
} from '../src/engine/program.ts';
import { type FuzzTarget, must } from '../src/engine/target.ts';

/** Breaks on a secret that is only reached step by step. */
const lock: FuzzTarget = {
  covers: [],
  run: (program, see) => {
    let open = 0;
    for (const action of program) if (action[0] === [17, 4, 99, 200][open]) open += 1;
    see(`open ${open}`);
    must(open < 4, 'the lock must hold');
  },
};

const fuzzer = (target: FuzzTarget, seed: number) => {
  const kept: Program[] = [];
  const found: Program[] = [];
  const made = new Fuzzer({
    ...{ target, seed, corpus: [], starts: () => {} },
    kept: (program) => void kept.push(program),
    found: (program) => void found.push(program),
  });
  return { made, kept, found };
};

describe('programs', () => {
  it('are the same after they were text, or flat, and stay within their bounds however they are changed', () => {
    const random = seededRandom(3);
    const flat = new Uint8Array(LARGEST_FLAT);
    let program = randomProgram(random);
    for (let count = 0; count < 2000; count++) {
      program = mutate(program, randomProgram(random), random);
      expect(program.length).toBeLessThanOrEqual(MOST_ACTIONS);
      expect(Math.max(0, ...program.map(({ length }) => length))).toBeLessThanOrEqual(LONGEST_ACTION);
      flatten(program, flat);
      expect(unflatten(flat)).toEqual(program);
      if (program.length > 0) expect(parseProgram(formatProgram(program))).toEqual(program);
    }
  });

  it.each(['', 'xyz', 'abc', '00'.repeat(256)])('are not made of %j', (line) => {
    expect(parseProgram(line)).toBeUndefined();
  });
});

describe('choices', () => {
  it('are plain when there is nothing to decide by, and inside of their bounds', () => {
    const plain = new Choices(new Uint8Array(0));
    expect([plain.pick(['plain', 'odd']), plain.rarely(4), plain.size(), plain.wide(7n)]).toEqual([
      'plain',
      false,
      0,
      7n,
    ]);
    const random = seededRandom(1);
    const choices = new Choices(Uint8Array.from({ length: 20_000 }, () => random(256)));
    for (let count = 0; count < 1000; count++) {
      expect(choices.size(1000)).toBeLessThanOrEqual(1000);
      expect(choices.below(7)).toBeLessThan(7);
      expect(choices.wide(5n)).toBeLessThan(2n ** 64n);
    }
  });
});

describe('the fuzzer', () => {
  it('goes on from inputs that showed something new, and finds what is behind several steps', async () => {
    const { made, kept, found } = fuzzer(lock, 1);
    while (found.length === 0 && made.executions < 200_000) await made.step();
    expect(found.length).toBe(1);
    expect(kept.length).toBeGreaterThanOrEqual(3);
    const smallest = await minimize(found[0] ?? [], (program) => Promise.resolve(breaks(program)));
    expect(formatProgram(smallest)).toBe('11 04 63 c8');
  });

  it('does the same for the same seed', async () => {
    const runs = [fuzzer(lock, 5), fuzzer(lock, 5), fuzzer(lock, 6)];
    for (const { made } of runs) while (made.executions < 3000) await made.step();
    const [one, same, other] = runs.map(({ kept }) => kept.map(formatProgram));
    expect(one).toEqual(same);
    expect(one).not.toEqual(other);
  });
});

const breaks = (program: Program): boolean => {
  try {
    void lock.run(program, () => {});
    return false;
  } catch {
    return true;
  }
};
