import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as r from '../src/registers.ts';
import { makeRig } from './rig.ts';

const NEVER = 2n ** 64n - 1n;

describe('mtime', () => {
  it('counts the clock at the timebase, rounded down', () => {
    const { clint, clock } = makeRig(1, 10_000_000);
    expect(clint.read64!(r.MTIME)).toBe(0n);
    clock.advanceTo(1_000_099);
    expect(clint.read64!(r.MTIME)).toBe(10_000n);
    expect(clint.read(r.MTIME, 4)).toBe(10_000);
    const odd = makeRig(1, 3);
    odd.clock.advanceTo(999_999_999);
    expect(odd.clint.read64!(r.MTIME)).toBe(2n);
  });

  it('can be set whole and by halves, and goes on from there', () => {
    const { clint, clock } = makeRig(1);
    clock.advanceTo(500);
    clint.write64!(r.MTIME, 0x1_0000_0000n);
    clock.advanceTo(700);
    expect(clint.read64!(r.MTIME)).toBe(0x1_0000_0002n);
    expect([clint.read(r.MTIME, 4), clint.read(r.MTIME + 4, 4)]).toEqual([2, 1]);
    clint.write(r.MTIME, 4, 0xffff_ffff);
    clint.write(r.MTIME + 4, 4, 7);
    expect(clint.read64!(r.MTIME)).toBe(0x7_ffff_ffffn);
    clock.advanceTo(800);
    expect(clint.read64!(r.MTIME)).toBe(0x8_0000_0000n);
  });
});

describe('mtip', () => {
  it('rises at the first nanosecond of the tick that mtimecmp names, and falls when that is put off', () => {
    const { clint, clock, levels } = makeRig();
    clint.write64!(r.MTIMECMP_BASE + r.MTIMECMP_STRIDE, 5n);
    clock.advanceTo(499);
    expect(levels).toMatchObject({ mtip0: false, mtip1: false });
    clock.advanceTo(500);
    expect(levels).toMatchObject({ mtip0: false, mtip1: true });
    clint.write64!(r.MTIMECMP_BASE + r.MTIMECMP_STRIDE, 6n);
    expect(levels['mtip1']).toBe(false);
    clock.advanceTo(600);
    expect(levels['mtip1']).toBe(true);
    clint.write64!(r.MTIMECMP_BASE + r.MTIMECMP_STRIDE, NEVER);
    expect(levels['mtip1']).toBe(false);
  });

  it('is up at once for a time that has passed', () => {
    const { clint, levels } = makeRig();
    clint.write64!(r.MTIMECMP_BASE, 0n);
    expect(levels['mtip0']).toBe(true);
  });

  it('takes mtimecmp by halves in the order that 32-bit software writes them', () => {
    const { clint, clock, levels } = makeRig();
    clint.write(r.MTIMECMP_BASE, 4, 0xffff_ffff);
    clint.write(r.MTIMECMP_BASE + 4, 4, 0);
    clint.write(r.MTIMECMP_BASE, 4, 3);
    expect(levels['mtip0']).toBe(false);
    expect([clint.read(r.MTIMECMP_BASE, 4), clint.read(r.MTIMECMP_BASE + 4, 4)]).toEqual([3, 0]);
    clock.advanceTo(300);
    expect(levels['mtip0']).toBe(true);
  });

  it('follows mtime when the guest sets it, and falls when it wraps', () => {
    const { clint, clock, levels } = makeRig();
    clint.write64!(r.MTIMECMP_BASE, 1000n);
    clint.write64!(r.MTIME, 2000n);
    expect(levels['mtip0']).toBe(true);
    clint.write64!(r.MTIME, NEVER);
    expect(levels['mtip0']).toBe(true);
    clock.advanceTo(100);
    expect(clint.read64!(r.MTIME)).toBe(0n);
    expect(levels['mtip0']).toBe(false);
    clock.advanceTo(100 + 1000 * 100);
    expect(levels['mtip0']).toBe(true);
  });

  it('equals mtime >= mtimecmp at every moment', () => {
    const near = fc.oneof(
      fc.bigInt({ min: 0n, max: 300n }),
      fc.bigInt({ min: NEVER - 300n, max: NEVER }),
      fc.bigInt({ min: 0n, max: NEVER }),
    );
    const step = fc.record({
      kind: fc.constantFrom('time' as const, 'compare' as const, 'low' as const, 'high' as const, 'advance' as const),
      value: near,
      by: fc.nat(5_000),
    });
    fc.assert(
      fc.property(fc.constantFrom(1, 3, 32_768, 10_000_000, 999_999_937), fc.array(step), (frequency, steps) => {
        const { clint, clock, levels } = makeRig(1, frequency);
        for (const { kind, value, by } of steps) {
          if (kind === 'time') clint.write64!(r.MTIME, value);
          else if (kind === 'compare') clint.write64!(r.MTIMECMP_BASE, value);
          else if (kind === 'low') clint.write(r.MTIMECMP_BASE, 4, Number(value & 0xffff_ffffn));
          else if (kind === 'high') clint.write(r.MTIMECMP_BASE + 4, 4, Number(value & 0xffff_ffffn));
          else clock.advanceTo(clock.time + by);
          expect(levels['mtip0']).toBe(clint.read64!(r.MTIME) >= clint.read64!(r.MTIMECMP_BASE));
        }
      }),
    );
  });
});

describe('software interrupts', () => {
  it('follow bit 0 of each hart', () => {
    const { clint, levels } = makeRig();
    clint.write(r.MSIP_BASE + r.MSIP_STRIDE, 4, 0xffff_ffff);
    expect(clint.read(r.MSIP_BASE + r.MSIP_STRIDE, 4)).toBe(1);
    expect(levels).toMatchObject({ msip0: false, msip1: true });
    clint.write(r.MSIP_BASE + r.MSIP_STRIDE, 4, 2);
    expect(levels['msip1']).toBe(false);
    clint.write(r.MSIP_BASE + 2 * r.MSIP_STRIDE, 4, 1);
    expect(clint.read(r.MSIP_BASE + 2 * r.MSIP_STRIDE, 4)).toBe(0);
  });

  it('reach two harts by one 64-bit write', () => {
    const { clint, levels } = makeRig();
    clint.write64!(r.MSIP_BASE, 0x1_0000_0001n);
    expect(levels).toMatchObject({ msip0: true, msip1: true });
    expect(clint.read64!(r.MSIP_BASE)).toBe(0x1_0000_0001n);
  });

  it('to S-mode are edges that leave nothing behind', () => {
    const { sswi, edges, levels } = makeRig();
    sswi.write(r.SETSSIP_STRIDE, 4, 1);
    sswi.write(0, 4, 0);
    sswi.write(0, 2, 1);
    sswi.write(2 * r.SETSSIP_STRIDE, 4, 1);
    expect(edges).toEqual(['ssip1']);
    expect(levels['ssip1']).toBe(false);
    expect(sswi.read(r.SETSSIP_STRIDE, 4)).toBe(0);
  });
});

describe('the register map', () => {
  it('reads 0 where nothing is, and has no narrow registers', () => {
    const { clint } = makeRig();
    clint.write(r.MSIP_BASE, 1, 1);
    expect(clint.read(r.MSIP_BASE, 4)).toBe(0);
    expect(clint.read(r.MTIMECMP_BASE, 2)).toBe(0);
    expect(clint.read(r.MTIMECMP_BASE + 2 * r.MTIMECMP_STRIDE, 4)).toBe(0);
    expect(clint.read64!(r.MTIMECMP_BASE + 2 * r.MTIMECMP_STRIDE)).toBe(0n);
    expect(clint.read(r.MTIME + 8, 4)).toBe(0);
  });

  it('never throws and answers unsigned values, whatever is accessed', () => {
    const access = fc.record({
      kind: fc.constantFrom('read', 'write', 'read64', 'write64', 'advance'),
      offset: fc.oneof(
        fc.nat(r.CLINT_LENGTH - 8),
        fc.constantFrom(0, 4, r.MTIMECMP_BASE, r.MTIMECMP_BASE + 8, r.MTIME, r.MTIME + 4),
      ),
      width: fc.constantFrom(1 as const, 2 as const, 4 as const),
      value: fc.bigInt({ min: 0n, max: NEVER }),
    });
    fc.assert(
      fc.property(fc.array(access), (accesses) => {
        const { clint, clock } = makeRig();
        for (const { kind, offset, width, value } of accesses) {
          const aligned = offset - (offset % (kind.endsWith('64') ? 8 : width));
          if (kind === 'write') clint.write(aligned, width, Number(BigInt.asUintN(width * 8, value)));
          else if (kind === 'write64') clint.write64!(aligned, value);
          else if (kind === 'advance') clock.advanceTo(clock.time + Number(value % 1_000_000n));
          else if (kind === 'read') {
            const answer = clint.read(aligned, width);
            expect(Number.isInteger(answer) && answer >= 0 && answer <= 0xffff_ffff).toBe(true);
          } else {
            const answer = clint.read64!(aligned);
            expect(answer >= 0n && answer <= NEVER).toBe(true);
          }
        }
      }),
    );
  });
});
