import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Trace } from '../src/index.ts';

const runs = fc.array(fc.record({ idle: fc.nat(8), length: fc.nat(8), vcpu: fc.nat(2) }), { maxLength: 40 });

const traced = (all: readonly { idle: number; length: number; vcpu: number }[]) => {
  const trace = new Trace();
  /** Who ran in each nanosecond. */
  const who: (number | undefined)[] = [];
  for (const { idle, length, vcpu } of all) {
    for (let count = 0; count < idle; count += 1) who.push(undefined);
    trace.record(vcpu, 0, who.length, who.length + length);
    for (let count = 0; count < length; count += 1) who.push(vcpu);
  }
  return { trace, who };
};

describe('a trace', () => {
  it('knows the most that some used in any window', () => {
    fc.assert(
      fc.property(runs, fc.integer({ min: 1, max: 30 }), (all, length) => {
        const { trace, who } = traced(all);
        let most = 0;
        for (let from = -length; from <= who.length; from += 1) {
          const used = who.filter((vcpu, at) => at >= from && at < from + length && (vcpu === 0 || vcpu === 1)).length;
          most = Math.max(most, used);
        }
        expect(trace.mostUsedIn(new Set([0, 1]), length)).toBe(most);
      }),
    );
  });

  it('knows what some used in each period', () => {
    fc.assert(
      fc.property(runs, fc.integer({ min: 1, max: 30 }), fc.nat(20), (all, period, first) => {
        const { trace, who } = traced(all);
        for (const [index, used] of trace.usedByPeriod(new Set([1, 2]), period, first, 5).entries()) {
          const from = first + index * period;
          const slice = who.slice(from, from + period);
          expect(used).toBe(slice.filter((vcpu) => vcpu === 1 || vcpu === 2).length);
        }
      }),
    );
  });

  it('holds runs that follow each other as one', () => {
    const trace = new Trace();
    trace.record(1, 0, 0, 5);
    trace.record(2, 1, 0, 6);
    trace.record(1, 0, 5, 9);
    trace.record(1, 0, 9, 9);
    expect(trace.runs).toEqual([
      { vcpu: 1, pcpu: 0, start: 0, end: 9 },
      { vcpu: 2, pcpu: 1, start: 0, end: 6 },
    ]);
  });
});
