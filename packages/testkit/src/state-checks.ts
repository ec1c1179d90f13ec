import type { StateCodec } from '@vivarium/contracts';
import { expectThat, neverThrows, throwsCoded } from './conformance.ts';
import { copyState, corruptions, findDifference, findForeign } from './state-values.ts';

/** What is saved is plain data, and stays as it was saved whatever `disturb` does to the subject. */
export const savesPlainData = (state: StateCodec, disturb: () => void): void => {
  const saved = state.save();
  const foreign = findForeign(saved);
  expectThat(foreign === undefined, `${foreign} must be plain data`);
  const copy = copyState(saved);
  disturb();
  const changed = findDifference(copy, saved);
  expectThat(changed === undefined, `${changed} must stay as it was saved`);
  expectThat(Number.isSafeInteger(state.version) && state.version > 0, 'version must be a positive integer');
  expectThat(state.schema !== '', 'schema must have a name');
};

/** What one subject saved, another takes, and saves again. */
export const restoresWhatItSaved = (
  state: StateCodec,
  other: StateCodec,
  details: Readonly<Record<string, unknown>>,
): void => {
  const saved = state.save();
  neverThrows('restore of its own state', () => other.restore(copyState(saved), state.version));
  const difference = findDifference(saved, other.save());
  expectThat(difference === undefined, `${difference} must be the same after restore and save`, details);
};

/** State that is wrong is refused with a coded error, and the subject is then as `fresh` is, which was reset. */
export const refusesWrongState = (state: StateCodec, fresh: StateCodec, disturb: () => void): void => {
  const clean = fresh.save();
  const refuses = (what: string, restore: () => void): void => {
    disturb();
    throwsCoded(`state with ${what}`, restore);
    const difference = findDifference(clean, state.save());
    expectThat(difference === undefined, `${difference} must be as after a reset when ${what} was refused`);
  };
  for (const [what, bad] of corruptions(clean)) refuses(what, () => state.restore(bad, state.version));
  refuses('an unknown version', () => state.restore(clean, state.version + 1));
};
