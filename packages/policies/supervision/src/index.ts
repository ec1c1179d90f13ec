/**
 * Which machines start again when their run is over, after how long, and when that is given up; and how long a cell may
 * give no sign of life. Contract: `SupervisionPolicy` in `@vivarium/contracts`.
 *
 * @example
 * import { createSupervision } from '@vivarium/policy-supervision';
 *
 * const policy = createSupervision({ restart: 'on-failure', first: 500 });
 * policy.ended({ machine: 'web', end: 'crashed', ranFor: 90_000, restarts: [] }); // { kind: 'restart', after: 500 }
 *
 * @module
 */
import {
  bind,
  CONTRACTS_MAJOR,
  definePlugin,
  type SupervisionPolicy,
  SupervisionPolicyToken,
} from '@vivarium/contracts';
import * as z from 'zod';
import { decide } from './restart.ts';

const LONGEST = 24 * 60 * 60 * 1000;
const milliseconds = z.int().min(0).max(LONGEST);

/** Options of the policy. */
export const supervisionOptions = z
  .strictObject({
    /** For machines whose owner does not say. */
    restart: z.enum(['never', 'on-failure', 'always']).default('on-failure'),
    /** Milliseconds before the first restart. */
    first: milliseconds.default(1000),
    /** Each further wait is so many times the one before. */
    factor: z.number().min(1).max(10).default(2),
    /** Milliseconds that no wait exceeds. */
    longest: milliseconds.default(60_000),
    /** Restarts within `window` after which another one is not worth it. */
    most: z.int().min(1).max(64).default(5),
    /** Milliseconds: restarts before that count no more, neither for `most` nor for the wait. */
    window: milliseconds.default(10 * 60_000),
    /** Milliseconds of silence, beyond the host's deadline, before a cell is killed. */
    patience: milliseconds.default(0),
  })
  .prefault({});

export type SupervisionOptions = z.infer<typeof supervisionOptions>;

/** Makes the policy. */
export const createSupervision = (options: z.input<typeof supervisionOptions> = {}): SupervisionPolicy => {
  const settings = supervisionOptions.parse(options);
  return {
    name: 'supervision',
    ended: (facts) => decide(facts, settings),
    silent: ({ silentFor, deadline }) => (silentFor >= deadline + settings.patience ? 'kill' : 'wait'),
  };
};

/** The plugin. */
export const supervision = definePlugin<SupervisionOptions>({
  name: '@vivarium/policy-supervision',
  version: '0.1.0',
  api: CONTRACTS_MAJOR,
  summary: 'restarts of machines, and patience with cells that hang',
  provides: [SupervisionPolicyToken],
  options: supervisionOptions,
  setup: ({ options }) => ({ provides: [bind(SupervisionPolicyToken, createSupervision(options))] }),
});

export default supervision;
