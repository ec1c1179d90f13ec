import { describe, expect, it } from 'vitest';
import * as r from '../src/registers.ts';
import { makeRig } from './rig.ts';

describe('a gateway', () => {
  it('keeps a claimed source back until completion, and asks again while the line is up', () => {
    const { plic, claim, complete, enable, levels, pending, priority } = makeRig();
    priority(10, 1);
    enable(1, 10);
    const line = plic.line(10)!;
    line.set(true);
    expect(pending(10)).toBe(true);
    expect(levels).toEqual([false, true]);
    expect(claim(1)).toBe(10);
    expect(pending(10)).toBe(false);
    expect(levels).toEqual([false, false]);
    line.set(false);
    line.set(true);
    expect(pending(10)).toBe(false);
    expect(claim(1)).toBe(0);
    complete(1, 10);
    expect(levels).toEqual([false, true]);
    expect(claim(1)).toBe(10);
    line.set(false);
    complete(1, 10);
    expect(levels).toEqual([false, false]);
    expect(claim(1)).toBe(0);
  });

  it('keeps a forwarded request when the line drops before it is claimed', () => {
    const { plic, claim, enable, priority } = makeRig();
    priority(3, 1);
    enable(0, 3);
    const line = plic.line(3)!;
    line.set(true);
    line.set(false);
    expect(claim(0)).toBe(3);
  });

  it('is up while any of its users holds it up', () => {
    const { plic, claim, complete, enable, priority } = makeRig();
    priority(3, 1);
    enable(0, 3);
    const [one, other] = [plic.line(3)!, plic.line(3)!];
    one.set(true);
    other.set(true);
    expect(claim(0)).toBe(3);
    one.set(false);
    one.set(false);
    complete(0, 3);
    expect(claim(0)).toBe(3);
    other.set(false);
    complete(0, 3);
    expect(claim(0)).toBe(0);
  });

  it('exists for sources 1 to the last', () => {
    const { plic } = makeRig(95);
    for (const number of [0, -1, 96, 1.5, Number.NaN]) expect(plic.line(number)).toBeUndefined();
    expect(plic.line(1)).toBeDefined();
    expect(plic.line(95)).toBeDefined();
  });
});

describe('priorities', () => {
  it('decide the order of claims, the lower number among equals', () => {
    const { plic, claim, enable, priority } = makeRig();
    for (const [source, level] of [
      [1, 2],
      [40, 7],
      [33, 7],
      [94, 3],
      [95, 1],
    ] as const) {
      priority(source, level);
      plic.line(source)!.set(true);
    }
    enable(0, 1, 33, 40, 94, 95);
    expect([claim(0), claim(0), claim(0), claim(0), claim(0), claim(0)]).toEqual([33, 40, 94, 1, 95, 0]);
  });

  it('of 0 mean never', () => {
    const { plic, claim, enable, levels } = makeRig();
    enable(0, 5);
    plic.line(5)!.set(true);
    expect(levels[0]).toBe(false);
    expect(claim(0)).toBe(0);
  });

  it('up to the threshold do not notify but can be claimed', () => {
    const { plic, claim, enable, levels, priority, threshold } = makeRig();
    priority(5, 3);
    enable(0, 5);
    threshold(0, 3);
    plic.line(5)!.set(true);
    expect(levels[0]).toBe(false);
    threshold(0, 2);
    expect(levels[0]).toBe(true);
    threshold(0, 7);
    expect(levels[0]).toBe(false);
    expect(claim(0)).toBe(5);
  });
});

describe('contexts', () => {
  it('see their own enables; one claim takes the request from all', () => {
    const { plic, claim, enable, levels, priority } = makeRig(95, 4);
    priority(7, 1);
    enable(1, 7);
    enable(3, 7);
    plic.line(7)!.set(true);
    expect(levels).toEqual([false, true, false, true]);
    expect(claim(2)).toBe(0);
    expect(claim(3)).toBe(7);
    expect(levels).toEqual([false, false, false, false]);
    expect(claim(1)).toBe(0);
  });

  it('cannot complete what they have not enabled', () => {
    const { plic, claim, complete, enable, levels, priority } = makeRig(95, 2);
    priority(7, 1);
    enable(0, 7);
    plic.line(7)!.set(true);
    expect(claim(0)).toBe(7);
    complete(1, 7);
    expect(levels[0]).toBe(false);
    for (const nonsense of [0, 96, 1024, 0xffff_ffff]) complete(0, nonsense);
    expect(levels[0]).toBe(false);
    complete(0, 7);
    expect(levels[0]).toBe(true);
  });
});

describe('the register map', () => {
  it('keeps what exists and reads 0 elsewhere', () => {
    const { read, write } = makeRig(40, 2);
    for (let offset = 0; offset < 0x20_3000; offset += offset < 0x3000 ? 4 : 0x400) write(offset, 0xffff_ffff);
    expect(read(r.PRIORITY_BASE)).toBe(0);
    expect(read(r.PRIORITY_BASE + 4)).toBe(r.PRIORITY_MASK);
    expect(read(r.PRIORITY_BASE + 4 * 40)).toBe(r.PRIORITY_MASK);
    expect(read(r.PRIORITY_BASE + 4 * 41)).toBe(0);
    expect(read(r.PENDING_BASE)).toBe(0);
    expect(read(r.ENABLE_BASE)).toBe(0xffff_fffe);
    expect(read(r.ENABLE_BASE + 4)).toBe(0x1ff);
    expect(read(r.ENABLE_BASE + 8)).toBe(0);
    expect(read(r.ENABLE_BASE + r.ENABLE_STRIDE)).toBe(0xffff_fffe);
    expect(read(r.ENABLE_BASE + 2 * r.ENABLE_STRIDE)).toBe(0);
    expect(read(r.CONTEXT_BASE)).toBe(r.PRIORITY_MASK);
    expect(read(r.CONTEXT_BASE + 2 * r.CONTEXT_STRIDE)).toBe(0);
  });

  it('has whole registers only: a narrow access does nothing', () => {
    const { plic, region, claim, enable, priority } = makeRig();
    priority(5, 1);
    enable(0, 5);
    plic.line(5)!.set(true);
    region.write(r.PRIORITY_BASE + 4 * 5, 1, 0);
    expect(region.read(r.CONTEXT_BASE + r.CLAIM_COMPLETE, 2)).toBe(0);
    expect(claim(0)).toBe(5);
  });

  it('is as after power-on after a reset, and sees lines that stayed up', () => {
    const { plic, claim, enable, levels, priority } = makeRig();
    const fresh = plic.state.save();
    priority(5, 1);
    enable(0, 5);
    const line = plic.line(5)!;
    line.set(true);
    plic.reset();
    expect(levels).toEqual([false, false]);
    expect(plic.state.save()).toEqual(fresh);
    priority(5, 1);
    enable(0, 5);
    expect(levels[0]).toBe(true);
    expect(claim(0)).toBe(5);
  });

  it('forgets a line that was up at reset and dropped after it', () => {
    const { plic, enable, levels, priority } = makeRig();
    const line = plic.line(5)!;
    line.set(true);
    plic.reset();
    line.set(false);
    priority(5, 1);
    enable(0, 5);
    expect(levels[0]).toBe(false);
  });
});
