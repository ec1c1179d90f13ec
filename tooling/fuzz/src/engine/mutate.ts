import type { Random } from '@vivarium/testkit';
import { LONGEST_ACTION, MOST_ACTIONS, type Program } from './program.ts';

const EDGES = [0, 1, 2, 3, 4, 7, 8, 15, 16, 31, 32, 63, 64, 127, 128, 254, 255];

const randomAction = (random: Random): Uint8Array =>
  Uint8Array.from({ length: random(random(4) === 0 ? 64 : 14) }, () =>
    random(3) === 0 ? (EDGES[random(EDGES.length)] ?? 0) : random(256),
  );

/** A program out of nothing. */
export const randomProgram = (random: Random): Program =>
  Array.from({ length: 1 + random(random(4) === 0 ? 40 : 10) }, () => randomAction(random));

/** What happens to the bytes of one action. */
const bend = (action: Uint8Array, random: Random): Uint8Array => {
  const bytes = action.slice();
  const at = random(bytes.length);
  switch (random(8)) {
    case 0:
    case 1:
      bytes[at] = random(256);
      return bytes;
    case 2:
      bytes[at] = (bytes[at] ?? 0) ^ (1 << random(8));
      return bytes;
    case 3:
      bytes[at] = (bytes[at] ?? 0) + random(9) - 4;
      return bytes;
    case 4:
      bytes[at] = EDGES[random(EDGES.length)] ?? 0;
      return bytes;
    case 5: {
      const more = randomAction(random);
      return Uint8Array.from([...bytes.subarray(0, at), ...more, ...bytes.subarray(at)]).subarray(0, LONGEST_ACTION);
    }
    case 6:
      return Uint8Array.from([...bytes.subarray(0, at), ...bytes.subarray(at + 1 + random(4))]);
    default:
      return bytes.subarray(0, at);
  }
};

/** One change of a program; parts may come from `other`. */
const change = (program: Program, other: Program, random: Random): Program => {
  const at = random(program.length);
  const count = 1 + random(random(3) === 0 ? 8 : 2);
  const [before, after] = [program.slice(0, at), program.slice(at)];
  switch (random(12)) {
    case 0:
      return [...before, randomAction(random), ...after];
    case 1:
      return [...before, ...after.slice(count)];
    case 2:
      return [...before, ...after.slice(0, count), ...after];
    case 3: {
      const from = random(program.length);
      return [...before, ...program.slice(from, from + count), ...after];
    }
    case 4:
      return [...before, ...other.slice(random(other.length))];
    case 5: {
      const from = random(other.length);
      return [...before, ...other.slice(from, from + count), ...after];
    }
    case 6: {
      const [first = new Uint8Array(0)] = after;
      return [...before, ...Array.from({ length: random(20) }, () => first), ...after];
    }
    default: {
      const [first = new Uint8Array(0), ...rest] = after;
      return [...before, first.length === 0 ? randomAction(random) : bend(first, random), ...rest];
    }
  }
};

/** A program like another one. */
export const mutate = (program: Program, other: Program, random: Random): Program => {
  let changed = program;
  for (let changes = 1 + random(random(2) === 0 ? 6 : 2); changes > 0; changes--) {
    if (changed.length === 0) return randomProgram(random);
    changed = change(changed, other.length === 0 ? changed : other, random);
  }
  return changed.slice(0, MOST_ACTIONS);
};
