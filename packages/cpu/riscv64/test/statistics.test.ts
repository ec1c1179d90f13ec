import { describe, expect, it } from 'vitest';
import { bareCore, RAM_BASE } from './bare-core.ts';

const LOOP = `
  la t0, handler
  csrw mtvec, t0
  li a0, 100
round: addi a0, a0, -1
  bnez a0, round
  ebreak
handler: csrr a1, mcause
  j handler`;

describe('statistics', () => {
  it('count what was translated, where it ran, and traps by their names', async () => {
    const { core, vcpu } = await bareCore(LOOP, {}, { hotJumps: 1, statistics: true });
    vcpu.run(1000);
    const statistics = core.statistics?.();
    expect(statistics?.instructions).toBe(vcpu.retired);
    expect(statistics?.translations.made).toBeGreaterThan(0);
    expect(statistics?.translations.live).toBeGreaterThan(0);
    expect(statistics?.translations.bytes).toBeGreaterThan(0);
    expect(statistics?.translated).toBeGreaterThan(150);
    expect(statistics?.translated).toBeLessThanOrEqual(1000);
    expect(statistics?.traps).toEqual({ Breakpoint: 1 });
    expect(statistics?.misses.fetch).toBeGreaterThan(0);
  });

  it('go on over a reset', async () => {
    const { core, vcpu } = await bareCore(LOOP, {}, { hotJumps: 1, statistics: true });
    vcpu.run(1000);
    const before = core.statistics?.();
    vcpu.reset();
    expect(core.statistics?.()).toEqual(before);
    vcpu.start(BigInt(RAM_BASE), 0n);
    vcpu.writeRegister('priv', 3n);
    vcpu.run(1000);
    const after = core.statistics?.();
    expect(after?.instructions).toBe((before?.instructions ?? 0) + vcpu.retired);
    expect(after?.traps).toEqual({ Breakpoint: 2 });
  });

  it('count no translated instructions unless they are asked to', async () => {
    const { core, vcpu } = await bareCore(LOOP, {}, { hotJumps: 1 });
    vcpu.run(1000);
    expect(core.statistics?.().translated).toBeUndefined();
    expect(core.statistics?.().translations.made).toBeGreaterThan(0);
  });

  it('have nothing translated to tell of when nothing may be', async () => {
    const { core, vcpu } = await bareCore(LOOP, {}, { translate: false, statistics: true });
    vcpu.run(1000);
    expect(core.statistics?.()).toMatchObject({ translated: 0, translations: { made: 0, bytes: 0 } });
  });
});
