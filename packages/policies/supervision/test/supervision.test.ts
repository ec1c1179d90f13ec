import type { EndFacts } from '@vivarium/contracts';
import { createSupervision } from '@vivarium/policy-supervision';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const facts = (end: EndFacts['end'], more: Partial<EndFacts> = {}): EndFacts => ({
  machine: 'm',
  end,
  ranFor: 1000,
  restarts: [],
  ...more,
});

describe('restarts', () => {
  it.each([
    ['power-off', 'leave'],
    ['stopped', 'leave'],
    ['failure', 'restart'],
    ['fault', 'restart'],
    ['crashed', 'restart'],
  ] as const)('after a failure and nothing else, by default: %s', (end, kind) => {
    expect(createSupervision().ended(facts(end)).kind).toBe(kind);
  });

  it('follow the wish of the owner before the option', () => {
    expect(createSupervision({ restart: 'never' }).ended(facts('power-off', { wish: 'always' })).kind).toBe('restart');
    expect(createSupervision({ restart: 'always' }).ended(facts('crashed', { wish: 'never' })).kind).toBe('leave');
  });

  it('wait longer each time, up to a limit, and begin anew when the last ones are long ago', () => {
    const policy = createSupervision({ first: 100, factor: 3, longest: 1000, most: 10, window: 5000 });
    const wait = (restarts: readonly number[]) => policy.ended(facts('crashed', { restarts }));
    expect(wait([])).toEqual({ kind: 'restart', after: 100 });
    expect(wait([10])).toEqual({ kind: 'restart', after: 300 });
    expect(wait([10, 400])).toEqual({ kind: 'restart', after: 900 });
    expect(wait([10, 400, 1300])).toEqual({ kind: 'restart', after: 1000 });
    expect(wait([5000, 9000])).toEqual({ kind: 'restart', after: 100 });
  });

  it('are given up when there were too many within the window, and never come faster than that', () => {
    const any = fc.record({
      first: fc.integer({ min: 0, max: 1000 }),
      most: fc.integer({ min: 1, max: 8 }),
      window: fc.integer({ min: 1, max: 20_000 }),
      runs: fc.array(fc.integer({ min: 0, max: 3000 }), { maxLength: 60 }),
    });
    fc.assert(
      fc.property(any, ({ first, most, window, runs }) => {
        const policy = createSupervision({ restart: 'always', first, most, window });
        const starts: number[] = [];
        let now = 0;
        for (const ranFor of runs) {
          now += ranFor;
          const restarts = starts.map((at) => now - at).toReversed();
          const decision = policy.ended(facts('crashed', { ranFor, restarts }));
          if (decision.kind === 'give-up') {
            expect(restarts.filter((ago) => ago < window).length).toBeGreaterThanOrEqual(most);
            return;
          }
          if (decision.kind !== 'restart') throw new Error('always is always');
          now += decision.after;
          starts.push(now);
          expect(starts.filter((at) => now - at < window).length).toBeLessThanOrEqual(most);
        }
      }),
    );
  });
});

describe('a cell that hangs', () => {
  it('is killed at the deadline of the host, or as much later as patience says', () => {
    const silence = (silentFor: number) => ({ machine: 'm', silentFor, deadline: 10_000 });
    expect(createSupervision().silent(silence(10_000))).toBe('kill');
    const patient = createSupervision({ patience: 5000 });
    expect(patient.silent(silence(10_000))).toBe('wait');
    expect(patient.silent(silence(12_500))).toBe('wait');
    expect(patient.silent(silence(15_000))).toBe('kill');
  });
});
