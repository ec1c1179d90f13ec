import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hostileRuns } from '@vivarium/testkit';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** The catalogue of hostile guests: how many cases each section has. */
const DRIVERS = { A: 24, B: 14, C: 14, D: 16, E: 16, F: 14 };
const ELSEWHERE = { G: 26, H: 10, L: 6, P: 14 };

const idsOf = (sections: Readonly<Record<string, number>>): readonly string[] =>
  Object.entries(sections).flatMap(([section, count]) =>
    Array.from({ length: count }, (_, index) => `${section}${index + 1}`),
  );

/** Titles begin with the ids that they are about, also those that are rows of a table of cases. */
const TITLE = /['"`](?<ids>(?:[EGHLP]\d{1,2} )+)/g;

const namedInTests = (): ReadonlySet<string> => {
  const files = globSync('{packages,tooling,apps}/**/test/**/*.test.ts', { cwd: ROOT });
  const texts = files
    .filter((path) => !path.includes('node_modules'))
    .map((path) => readFileSync(join(ROOT, path), 'utf8'));
  const ids = texts.flatMap((text) => [...text.matchAll(TITLE)].map(({ groups }) => groups?.['ids'] ?? ''));
  return new Set(ids.flatMap((some) => some.trim().split(' ')));
};

describe('the catalogue of hostile guests', () => {
  it('is a case of the hostile suite in its sections about drivers', () => {
    const ids = new Set(hostileRuns(() => Promise.reject(new Error('never made'))).map(({ id }) => id));
    // E14 takes a bus with two devices.
    expect(idsOf(DRIVERS).filter((id) => !ids.has(id))).toEqual(['E14']);
  });

  it('has a test with its id for every other case that the product knows', () => {
    const named = namedInTests();
    expect([...idsOf(ELSEWHERE), 'E14'].filter((id) => !named.has(id))).toEqual([]);
  });
});
