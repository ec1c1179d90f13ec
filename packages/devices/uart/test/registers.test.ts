import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as r from '../src/registers.ts';
import { makeRig } from './rig.ts';

describe('the register map', () => {
  it('keeps the divisor behind DLAB, apart from data and interrupt enable', () => {
    const { backend, read, write } = makeRig();
    write(r.IER, 0xff);
    expect(read(r.IER)).toBe(r.IER_MASK);
    write(r.LCR, r.LCR_DLAB | 3);
    write(r.DLL, 0x34);
    write(r.DLM, 0x12);
    expect([read(r.DLL), read(r.DLM)]).toEqual([0x34, 0x12]);
    write(r.LCR, 3);
    expect(read(r.LCR)).toBe(3);
    expect(read(r.IER)).toBe(r.IER_MASK);
    expect(backend.output).toEqual([]);
  });

  it('has a scratch register, a five-bit MCR and read-only status', () => {
    const { read, write } = makeRig();
    write(r.SCR, 0xa5);
    write(r.MCR, 0xff);
    const [lsr, msr] = [read(r.LSR), read(r.MSR)];
    write(r.LSR, 0);
    write(r.MSR, 0);
    expect(read(r.SCR)).toBe(0xa5);
    expect(read(r.MCR)).toBe(r.MCR_MASK);
    expect(read(r.LSR)).toBe(lsr);
    expect(read(r.MSR)).toBe(msr & r.MSR_LINES);
  });

  it('reaches one register with a wide access, and nothing beyond the eight', () => {
    const { backend, region } = makeRig();
    backend.type(0x41);
    region.write(4, 4, 0x0303_0303);
    expect(region.read(4, 4)).toBe(3);
    expect(region.read(4, 2)).toBe(3);
    expect(region.read(5, 1) & r.LSR_DR).toBe(r.LSR_DR);
    region.write(8, 1, 0xff);
    expect(region.read(8, 1)).toBe(0);
    expect(region.read(0xfc, 4)).toBe(0);
  });

  it('never throws, answers bytes, and drives the line by what IIR says', () => {
    const access = fc.record({
      kind: fc.constantFrom('read', 'write', 'type', 'block', 'drain', 'reset'),
      offset: fc.oneof({ weight: 5, arbitrary: fc.nat(7) }, { weight: 1, arbitrary: fc.nat(0xff) }),
      width: fc.constantFrom(1 as const, 2 as const, 4 as const),
      value: fc.nat(0xffff_ffff),
    });
    fc.assert(
      fc.property(fc.array(access, { maxLength: 200 }), (accesses) => {
        const { backend, line, region, uart } = makeRig();
        for (const { kind, offset, width, value } of accesses) {
          if (kind === 'read') {
            const answer = region.read(offset, width);
            expect(Number.isInteger(answer) && answer >= 0 && answer <= 0xff).toBe(true);
          } else if (kind === 'write') region.write(offset, width, value);
          else if (kind === 'type') backend.type(value & 0xff, offset);
          else if (kind === 'block') backend.credit = 0;
          else if (kind === 'drain') backend.drain(value);
          else uart.reset();
          const pending = line.level;
          expect((region.read(r.IIR, 1) & r.IIR_NONE) === 0).toBe(pending);
        }
      }),
      { numRuns: 300 },
    );
  });
});
