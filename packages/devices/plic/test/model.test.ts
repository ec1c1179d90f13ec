import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as r from '../src/registers.ts';
import { makeRig } from './rig.ts';

const SOURCES = 70;
const CONTEXTS = 3;

/** The specification with sets and numbers in place of bitmaps. */
class Model {
  readonly raised = new Set<number>();
  readonly pending = new Set<number>();
  readonly claimed = new Set<number>();
  readonly priority = new Map<number, number>();
  readonly enabled = Array.from({ length: CONTEXTS }, () => new Set<number>());
  readonly threshold = new Array<number>(CONTEXTS).fill(0);

  forward(source: number): void {
    if (this.raised.has(source) && !this.claimed.has(source)) this.pending.add(source);
  }

  candidates(context: number, above: number): number[] {
    const urgency = (source: number) => this.priority.get(source) ?? 0;
    return [...this.pending]
      .filter((source) => this.enabled[context].has(source) && urgency(source) > above)
      .sort((a, b) => urgency(b) - urgency(a) || a - b);
  }

  claim(context: number): number {
    const source = this.candidates(context, 0)[0] ?? 0;
    this.pending.delete(source);
    if (source !== 0) this.claimed.add(source);
    return source;
  }

  complete(context: number, source: number): void {
    if (!this.enabled[context].has(source)) return;
    this.claimed.delete(source);
    this.forward(source);
  }

  get levels(): boolean[] {
    return this.threshold.map((threshold, context) => this.candidates(context, threshold).length > 0);
  }
}

describe('the PLIC against the specification', () => {
  it('agrees in every answer and every notification', () => {
    const source = fc.integer({ min: 1, max: SOURCES });
    const context = fc.nat(CONTEXTS - 1);
    const step = fc.oneof(
      fc.record({ kind: fc.constantFrom('raise' as const, 'lower' as const), source, context, value: fc.constant(0) }),
      fc.record({
        kind: fc.constantFrom('priority' as const, 'threshold' as const),
        source,
        context,
        value: fc.nat(r.PRIORITY_MASK),
      }),
      fc.record({
        kind: fc.constantFrom('enable' as const, 'claim' as const, 'complete' as const),
        source,
        context,
        value: fc.nat(1),
      }),
    );
    fc.assert(
      fc.property(fc.array(step, { minLength: 20, maxLength: 200 }), (steps) => {
        const rig = makeRig(SOURCES, CONTEXTS);
        const model = new Model();
        const lines = Array.from({ length: SOURCES + 1 }, (_, number) => rig.plic.line(number));
        for (const { kind, source, context, value } of steps) {
          if (kind === 'raise' || kind === 'lower') {
            lines[source]!.set(kind === 'raise');
            if (kind === 'raise') model.raised.add(source);
            else model.raised.delete(source);
            model.forward(source);
          } else if (kind === 'priority') {
            rig.priority(source, value);
            model.priority.set(source, value);
          } else if (kind === 'threshold') {
            rig.threshold(context, value);
            model.threshold[context] = value;
          } else if (kind === 'enable') {
            const enabled = model.enabled[context];
            if (value === 1) enabled.add(source);
            else enabled.delete(source);
            rig.enable(context, ...enabled);
          } else if (kind === 'claim') expect(rig.claim(context)).toBe(model.claim(context));
          else {
            rig.complete(context, source);
            model.complete(context, source);
          }
          expect(rig.levels).toEqual(model.levels);
          expect(rig.pending(source)).toBe(model.pending.has(source));
        }
      }),
      { numRuns: 200 },
    );
  });

  it('never throws and answers unsigned words, whatever is accessed', () => {
    const access = fc.record({
      write: fc.boolean(),
      offset: fc.oneof(fc.nat(0x3000), fc.nat(r.REGION_LENGTH - 4), fc.integer({ min: 0x20_0000, max: 0x20_4000 })),
      width: fc.constantFrom(1 as const, 2 as const, 4 as const),
      value: fc.nat(0xffff_ffff),
    });
    fc.assert(
      fc.property(fc.array(access), (accesses) => {
        const { plic, region } = makeRig(SOURCES, CONTEXTS);
        for (let number = 1; number <= SOURCES; number += 3) plic.line(number)!.set(true);
        for (const { write, offset, width, value } of accesses) {
          const aligned = offset - (offset % width);
          if (write) region.write(aligned, width, value);
          else {
            const answer = region.read(aligned, width);
            expect(Number.isInteger(answer) && answer >= 0 && answer <= 0xffff_ffff).toBe(true);
          }
        }
      }),
    );
  });
});
