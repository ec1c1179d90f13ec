import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { card, made } from './support.ts';

/** What a guest and its host can do to a port, in any order. */
const act = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('write' as const),
      offset: fc.nat(0xfff),
      size: fc.nat(2),
      value: fc.nat(0xffff_ffff),
    }),
  },
  // The registers that matter, more often than chance would have it.
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('express' as const),
      offset: fc.constantFrom(0x10, 0x18, 0x19, 0x1a, 0x1b),
      size: fc.nat(2),
      value: fc.nat(0xffff_ffff),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constantFrom('plug' as const, 'pull' as const, 'ask' as const, 'reset' as const) }),
  },
);

describe('a port in hostile hands', () => {
  it('E4, E8, E15: never throws, and shows what is there, whatever is written between plug and pull', () => {
    fc.assert(
      fc.property(fc.array(act, { maxLength: 120 }), (acts) => {
        const { port, seen, express, status, link, control } = made();
        let subject = card().endpoint;
        let pull: (() => void) | undefined;
        for (const each of acts) {
          if (each.kind === 'plug' && pull === undefined) {
            subject = card().endpoint;
            pull = port.plug(subject);
          } else if (each.kind === 'pull') {
            pull?.();
            pull = undefined;
          } else if (each.kind === 'ask') port.requestRelease();
          else if (each.kind === 'reset') port.reset();
          else if (each.kind === 'write' || each.kind === 'express') {
            const width = ([1, 2, 4] as const)[each.size] ?? 1;
            const base = each.kind === 'express' ? express + each.offset : each.offset;
            port.writeConfig(base & ~(width - 1), width, each.value % 2 ** (8 * width));
          }
          const powered = (port.readConfig(express + 0x18, 2) & 0x400) === 0;
          const linkOn = (port.readConfig(express + 0x10, 2) & 0x10) === 0;
          const there = pull !== undefined;
          expect(port.occupied).toBe(there);
          expect((status() & 0x40) !== 0).toBe(there);
          expect((link() & 0x2000) !== 0).toBe(there && powered && linkOn);
          expect(port.released).toBe(there && !powered);
          for (const bus of [0, 1, 255]) {
            const found = port.function(bus, 0);
            expect(found === undefined || (found === subject && (link() & 0x2000) !== 0)).toBe(true);
          }
          const level =
            (status() & port.readConfig(express + 0x18, 2) & 9) !== 0 ||
            ((status() & 0x100) !== 0 && (port.readConfig(express + 0x18, 2) & 0x1000) !== 0);
          const quiet = (port.readConfig(4, 2) & 0x400) !== 0 || (port.readConfig(express + 0x18, 2) & 0x20) === 0;
          if (quiet || !level) expect(seen.level).toBe(false);
          for (let offset = 0; offset < 0x100; offset += 4) expect(port.readConfig(offset, 4)).toBeLessThan(2 ** 32);
        }
        // A guest that behaves again finds a slot that works.
        pull?.();
        port.reset();
        control(0);
        port.plug(card().endpoint);
        expect([status() & 0x40, link() & 0x2000]).toEqual([0x40, 0x2000]);
      }),
      { numRuns: 300 },
    );
  });
});
