import type { Program } from './program.ts';

const MOST_TRIES = 400;

/** A shorter program after which the same does not hold: without actions, and without bytes at the end of actions. */
export const minimize = async (program: Program, same: (program: Program) => Promise<boolean>): Promise<Program> => {
  let best = program;
  let tries = 0;
  const attempt = async (candidate: Program): Promise<boolean> => {
    if (tries >= MOST_TRIES) return false;
    tries += 1;
    if (!(await same(candidate))) return false;
    best = candidate;
    return true;
  };
  for (let size = best.length >> 1; size >= 1; size >>= 1) {
    for (let at = 0; at + size <= best.length; ) {
      if (!(await attempt([...best.slice(0, at), ...best.slice(at + size)]))) at += size;
    }
  }
  for (let index = 0; index < best.length; index++) {
    for (const keep of [0, 1, 2, 4, 8, 16, 32]) {
      const action = best[index] ?? new Uint8Array(0);
      if (keep >= action.length) break;
      if (await attempt([...best.slice(0, index), action.subarray(0, keep), ...best.slice(index + 1)])) break;
    }
  }
  return best;
};
