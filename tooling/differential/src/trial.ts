import { compareStates, type Difference } from './comparison.ts';
import type { Outcome, World } from './outcome.ts';
import type { Program } from './program.ts';
import type { Sequence } from './sequence.ts';

/** How one sequence went in both worlds. */
export type Verdict =
  | { readonly kind: 'equal' }
  | { readonly kind: 'different'; readonly differences: readonly Difference[] }
  /** One of them did not get through. */
  | { readonly kind: 'died'; readonly world: string; readonly reason: string };

export interface Mismatch {
  readonly sequence: Sequence;
  /** Name of the world that disagrees with the reference. */
  readonly subject: string;
  readonly verdict: Exclude<Verdict, { kind: 'equal' }>;
}

/** Runs programs in a world that is right by definition and in those under test. */
export class Trial {
  readonly #reference: World;
  readonly #subjects: readonly World[];
  readonly #assemble: (sequences: readonly Sequence[]) => Program;

  constructor(reference: World, subjects: readonly World[], assemble: (sequences: readonly Sequence[]) => Program) {
    this.#reference = reference;
    this.#subjects = subjects;
    this.#assemble = assemble;
  }

  /**
   * Every sequence on which a subject disagrees. A batch that one of the worlds does not survive is split until the
   * sequence that kills it stands alone.
   */
  async run(sequences: readonly Sequence[]): Promise<readonly Mismatch[]> {
    const program = this.#assemble(sequences);
    const expected = await this.#reference.run(program);
    const mismatches: Mismatch[] = [];
    for (const subject of this.#subjects) {
      const actual = await subject.run(program);
      if (expected.kind === 'finished' && actual.kind === 'finished') {
        for (const [index, differences] of compareStates(program, expected.data, actual.data)) {
          const sequence = sequences[index];
          mismatches.push({ sequence, subject: subject.name, verdict: { kind: 'different', differences } });
        }
        continue;
      }
      if (sequences.length > 1) return this.#split(sequences);
      const verdict = this.#death(expected, subject.name, actual);
      mismatches.push({ sequence: sequences[0], subject: subject.name, verdict });
    }
    return mismatches;
  }

  /** The same sequence with as few of its slots as still make the same world disagree in the same way. */
  async reduce(mismatch: Mismatch): Promise<Mismatch> {
    let smallest = mismatch;
    for (let index = mismatch.sequence.slots.length - 1; index >= 0; index--) {
      const candidate = {
        ...smallest.sequence,
        slots: smallest.sequence.slots.map((slot, at) => (at === index ? { size: 0, emit: () => [] } : slot)),
      };
      const found = (await this.run([candidate])).find(
        ({ subject, verdict }) => subject === smallest.subject && verdict.kind === smallest.verdict.kind,
      );
      if (found !== undefined) smallest = found;
    }
    return smallest;
  }

  async #split(sequences: readonly Sequence[]): Promise<readonly Mismatch[]> {
    const half = sequences.length >> 1;
    return [...(await this.run(sequences.slice(0, half))), ...(await this.run(sequences.slice(half)))];
  }

  #death(expected: Outcome, subject: string, actual: Outcome): Exclude<Verdict, { kind: 'equal' }> {
    if (expected.kind === 'died') return { kind: 'died', world: this.#reference.name, reason: expected.reason };
    return { kind: 'died', world: subject, reason: actual.kind === 'died' ? actual.reason : '' };
  }
}
