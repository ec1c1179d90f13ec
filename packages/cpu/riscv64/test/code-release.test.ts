import { assemble } from '@vivarium/isa-riscv';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bareCore } from './bare-core.ts';

const word = (text: string): number => new DataView(assemble(text).bytes.buffer).getUint32(0, true);

/** Calls a function on a page of its own, stores to that page `stores` times, and calls it again, `rounds` times. */
const recycled = (rounds: number, stores: number): string => `
.option norvc
  la s0, page
  li s1, ${rounds}
round: jal page
  li t1, ${word('addi a0, a0, 100')}
  sw t1, 0(s0)
  jal page
  li t1, ${word('addi a0, a0, 1')}
  sw t1, 0(s0)
  li t0, ${stores}
store: sd t0, 1024(s0)
  addi a1, a1, 1
  addi t0, t0, -1
  bnez t0, store
  addi s1, s1, -1
  bnez s1, round
end: j end
.balign 4096
page: addi a0, a0, 1
  ret
.balign 4096
`;

describe('a page of code that is written to', () => {
  it.each([
    { translate: false, most: 100 },
    { translate: true, most: 2200 },
  ])('is data again after some writes, with $translate for translate', async ({ translate, most }) => {
    const { vcpu, core, read } = await bareCore(recycled(1, 5000), {}, { translate, hotJumps: 1 });
    vcpu.run(100_000);
    expect([read('a0'), read('a1')]).toEqual([101, 5000]);
    expect(core.statistics?.().misses.store).toBeLessThan(most);
  });

  it('stays code for longer each time, when it is both', async () => {
    const { vcpu, core, read } = await bareCore(recycled(400, 100), {}, { hotJumps: 1 });
    vcpu.run(10_000_000);
    expect([read('a0'), read('a1')]).toEqual([400 * 101, 40_000]);
    expect(core.statistics?.().misses.fetch).toBeLessThan(2000);
  });

  it('computes what the interpreter does, whatever is stored where and when slices end', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 6 }),
        fc.oneof(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 2000, max: 5000 })),
        fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 40 }),
        fc.constantFrom(1, 3, 1000),
        async (rounds, stores, budgets, hotJumps) => {
          const cores = await Promise.all([
            bareCore(recycled(rounds, stores), {}, { hotJumps }),
            bareCore(recycled(rounds, stores), {}, { translate: false }),
          ]);
          for (const budget of budgets) {
            const [one, other] = cores.map(({ vcpu }) => {
              vcpu.run(budget);
              return vcpu.registerNames.map((name) => `${name} ${vcpu.readRegister(name)}`).join('\n');
            });
            expect(one).toBe(other);
          }
          for (const { vcpu, read } of cores) {
            vcpu.run(500_000);
            expect([read('a0'), read('a1')]).toEqual([rounds * 101, rounds * stores]);
          }
        },
      ),
      { numRuns: 30 },
    );
  });
});
