import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BareCore, bareCore } from './bare-core.ts';
import { compiledModules } from './compiled-modules.ts';

/** Nested loops with a call, memory, arithmetic that branches, and floating point. */
const BUSY = `
  la s0, data
  li t0, 0x2000
  csrs mstatus, t0
  li t1, 3
  fcvt.d.l fa0, t1
  fcvt.d.l fa1, t1
outer: li a1, 7
inner: addi a0, a0, 1
  ld a2, 0(s0)
  add a2, a2, a0
  sd a2, 0(s0)
  andi a3, a0, 3
  beqz a3, skip
  jal routine
skip: addi a1, a1, -1
  bnez a1, inner
  csrr a5, sscratch
  addi a5, a5, 1
  csrw sscratch, a5
  j outer
routine: amoadd.d a4, a0, (s0)
  fadd.d fa0, fa0, fa1
  ret
.balign 4096
data: .dword 0`;

const state = ({ vcpu }: BareCore): string =>
  [...vcpu.registerNames.map((name) => `${name} ${vcpu.readRegister(name)}`), `retired ${vcpu.retired}`].join('\n');

const WARM = 5000;

describe('a slice of translated code', () => {
  it('attempts exactly what it is given, and stops in the same state', async () => {
    using compiled = compiledModules();
    const { vcpu, ...core } = await bareCore(BUSY, {}, { hotJumps: 1 });
    const interpreted = await bareCore(BUSY, {}, { translate: false });
    const before = compiled.sizes.length;
    expect(vcpu.run(WARM)).toEqual({ kind: 'budget' });
    expect(compiled.sizes.length).toBeGreaterThan(before);
    interpreted.vcpu.run(WARM);
    let total = WARM;
    for (let budget = 1; budget <= 150; budget += 1) {
      expect(vcpu.run(budget)).toEqual({ kind: 'budget' });
      total += budget;
      expect(vcpu.attemptedInSlice).toBe(budget);
      expect(vcpu.retired).toBe(total);
      interpreted.vcpu.run(budget);
      expect(state({ vcpu, ...core })).toBe(state(interpreted));
    }
  });

  it('of any size leads to the same state', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 60 }), async (budgets) => {
        const total = budgets.reduce((sum, budget) => sum + budget, 0);
        const [sliced, whole] = [await bareCore(BUSY, {}, { hotJumps: 1 }), await bareCore(BUSY, {}, { hotJumps: 1 })];
        for (const { vcpu } of [sliced, whole]) vcpu.run(WARM);
        for (const budget of budgets) sliced.vcpu.run(budget);
        whole.vcpu.run(total);
        expect(state(sliced)).toBe(state(whole));
      }),
      { numRuns: 10 },
    );
  });

  it('counts instructions that trap in the middle of a block', async () => {
    const source = `
  la t0, handler
  csrw mtvec, t0
  li a1, 0x10000000
again: addi a0, a0, 1
  lw a2, 0(a1)
  addi a0, a0, 1
  j again
.balign 4
handler: csrr t1, mepc
  addi t1, t1, 4
  csrw mepc, t1
  mret`;
    const options = [{ hotJumps: 1 }, { translate: false }];
    const [translated, interpreted] = await Promise.all(
      options.map((option) => bareCore(`.option norvc\n${source}`, {}, option)),
    );
    for (let budget = 1; budget <= 60; budget += 1) {
      for (const { vcpu } of [translated, interpreted]) {
        vcpu.run(budget);
        expect(vcpu.attemptedInSlice).toBe(budget);
      }
      expect(state(translated)).toBe(state(interpreted));
    }
    expect(translated.vcpu.retired).toBeLessThan((60 * 61) / 2);
  });

  it('ends after the instruction at hand when a device asks for it', async () => {
    const core = await bareCore(
      'li a1, 0x10000000\nagain: addi a0, a0, 1\n addi a3, a3, 1\n sw a0, 0(a1)\n addi a2, a2, 1\n j again',
      {
        write: () => {
          core.vcpu.yieldSoon();
          return true;
        },
      },
      { hotJumps: 1 },
    );
    const { vcpu, read } = core;
    for (let round = 1; round <= 20; round += 1) {
      expect(vcpu.run(1000)).toEqual({ kind: 'budget' });
      expect([read('a0'), read('a2')]).toEqual([round, round - 1]);
      expect(vcpu.attemptedInSlice).toBe(round === 1 ? 4 : 5);
    }
  });

  it('ends with a named fault where a loop of one jump can never end', async () => {
    const { vcpu } = await bareCore(
      'li a0, 3\nagain: addi a0, a0, -1\n bnez a0, again\n j end\nend: j end',
      {},
      { hotJumps: 1 },
    );
    expect(vcpu.run(1000)).toMatchObject({ kind: 'fault', fault: { code: 'GUEST_SPINS_FOREVER' } });
  });
});
