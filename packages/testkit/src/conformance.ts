import { isVivariumError } from '@vivarium/contracts';
import { errors } from './errors.ts';

/** One thing that every implementation of a contract must do. Data, so that any test runner can run it. */
export interface ConformanceCase {
  /** Stable, for example `device/reset`. */
  readonly id: string;
  /** What is shown, as a sentence without its subject. */
  readonly title: string;
  /** Rejects with `VIV_TESTKIT_FAILED` when the subject does not keep its contract. */
  run(): Promise<void>;
}

/** Makes the subject of one case; each case gets its own. */
export type SubjectFactory<Subject> = () => Subject | Promise<Subject>;

/** Throws `VIV_TESTKIT_FAILED` with `expected` unless `holds`. */
export const expectThat = (holds: boolean, expected: string, details: Readonly<Record<string, unknown>> = {}): void => {
  if (!holds) throw errors.make('VIV_TESTKIT_FAILED', expected, { details });
};

/** Runs `act`, which guests or hostile data can reach; what it throws fails the case. */
export const neverThrows = <T>(what: string, act: () => T): T => {
  try {
    return act();
  } catch (cause) {
    throw errors.make('VIV_TESTKIT_FAILED', `${what} must not throw, and threw ${String(cause)}`, { cause });
  }
};

/** Runs `act`, which must throw an error with a code. */
export const throwsCoded = (what: string, act: () => unknown): void => {
  let thrown: unknown;
  try {
    act();
  } catch (error) {
    thrown = error;
  }
  expectThat(thrown !== undefined, `${what} must be refused, and was taken`);
  expectThat(isVivariumError(thrown), `${what} must be refused with a coded error, and was with ${String(thrown)}`);
};
