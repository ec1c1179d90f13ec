import type { Program } from './program.ts';

/** Notes what happened, in a few words that do not say how often: a behaviour that is new makes an input worth keeping. */
export type See = (behaviour: string) => void;

/** Something that takes hostile input. */
export interface FuzzTarget {
  /**
   * Folders of the repository whose code it is about: an input that runs code there that none ran before is worth
   * keeping.
   */
  readonly covers: readonly string[];
  /**
   * Runs a program, always from the same beginning, and checks what must hold whatever it does. Throws when it does not.
   * The same program does the same each time.
   */
  run(program: Program, see: See): void | Promise<void>;
}

/** What a target throws when a condition does not hold. */
export class BrokenCondition extends Error {
  override readonly name = 'BrokenCondition';
}

export const must = (holds: boolean, what: string): void => {
  if (!holds) throw new BrokenCondition(what);
};
