import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BareCore, bareCore, RAM_BASE } from './bare-core.ts';
import { randomProgram } from './random-program.ts';

/** Everything that a program can see of the hart and of memory. */
const observe = ({ vcpu, memory }: BareCore): unknown => ({
  registers: vcpu.registerNames.map((name) => [name, vcpu.readRegister(name)]),
  retired: vcpu.retired,
  memory: Buffer.from(memory.read(RAM_BASE, 0x8000) as Uint8Array).toString('base64'),
});

const slices = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 5, maxLength: 40 });

describe('a slice', () => {
  it('attempts exactly as many instructions as it is given, whatever they are', async () => {
    await fc.assert(
      fc.asyncProperty(randomProgram, slices, async (source, budgets) => {
        const { vcpu } = await bareCore(source);
        for (const budget of budgets) {
          const exit = vcpu.run(budget);
          // A jump to itself with interrupts off may end a random program.
          if (exit.kind === 'fault') {
            expect(exit.fault.code).toBe('GUEST_SPINS_FOREVER');
            return;
          }
          expect(exit).toEqual({ kind: 'budget' });
          expect(vcpu.attemptedInSlice).toBe(budget);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('of any size leads to the same state', async () => {
    await fc.assert(
      fc.asyncProperty(randomProgram, slices, async (source, budgets) => {
        const [whole, sliced, stepped] = [await bareCore(source), await bareCore(source), await bareCore(source)];
        const total = budgets.reduce((sum, budget) => sum + budget, 0);
        const exits = [whole.vcpu.run(total)];
        if (exits[0].kind !== 'budget') return;
        for (const budget of budgets) sliced.vcpu.run(budget);
        for (let count = 0; count < total; count += 1) stepped.vcpu.run(1);
        expect(observe(sliced)).toEqual(observe(whole));
        expect(observe(stepped)).toEqual(observe(whole));
      }),
      { numRuns: 25 },
    );
  });

  it('ends early when a device asks for it, after the instruction at hand', async () => {
    const core = await bareCore(
      `  li a1, 0x10000000
again: addi a0, a0, 1
  sw a0, 0(a1)
  addi a2, a2, 1
  j again`,
      {
        write: () => {
          core.vcpu.yieldSoon();
          return true;
        },
      },
    );
    const { vcpu, read } = core;
    expect(vcpu.run(1000)).toEqual({ kind: 'budget' });
    expect(read('a0')).toBe(1);
    expect(read('a2')).toBe(0);
    // One for li, one for the increment, one for the store.
    expect(vcpu.attemptedInSlice).toBe(3);
    expect(vcpu.retired).toBe(3);
    expect(vcpu.run(1000)).toEqual({ kind: 'budget' });
    expect([read('a0'), read('a2')]).toEqual([2, 1]);
    expect(vcpu.attemptedInSlice).toBe(4);
  });
});
