import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createInlineCell, stateHash } from '../src/index.ts';
import { busy, FakeMachine, FakeVcpu } from './fake-machine.ts';

describe('virtual time', () => {
  it('is the number of instructions of all vCPUs, in rounds of 10,000', async () => {
    const fake = new FakeMachine([new FakeVcpu(0, busy), new FakeVcpu(1, busy)], 'virtual');
    fake.clock.timer(() => fake.requestPower({ kind: 'power-off' })).arm(300_000);
    await createInlineCell(fake.machine).run();
    expect(fake.vcpus.map(({ budgets }) => budgets)).toEqual([[10_000, 10_000], [10_000]]);
    expect(fake.clock.now()).toBe(300_000);
  });

  it('goes on within a slice', async () => {
    const seen: number[] = [];
    const fake = new FakeMachine(
      [
        new FakeVcpu(0, (budget, self) => {
          self.work(3);
          seen.push(fake.clock.now());
          self.work(budget - 3);
          if (self.budgets.length === 2) fake.requestPower({ kind: 'power-off' });
          return { kind: 'budget' };
        }),
      ],
      'virtual',
    );
    await createInlineCell(fake.machine).run();
    expect(seen).toEqual([30, 100_030]);
  });

  it('fires timers at exactly their deadline, rounded up to an instruction', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 1_000_000 }), { minLength: 1, maxLength: 5 }),
        async (deadlines) => {
          const fired: number[] = [];
          const fake = new FakeMachine([new FakeVcpu(0, busy)], 'virtual');
          for (const deadline of deadlines) fake.clock.timer(() => fired.push(fake.clock.now())).arm(deadline);
          fake.clock.timer(() => fake.requestPower({ kind: 'power-off' })).arm(1_000_010);
          await createInlineCell(fake.machine).run();
          expect(fired).toEqual(deadlines.map((deadline) => Math.ceil(deadline / 10) * 10).sort((a, b) => a - b));
        },
      ),
      { numRuns: 50 },
    );
  });

  it('jumps to the next deadline when every vCPU is idle', async () => {
    const fake = new FakeMachine(
      [
        new FakeVcpu(0, (_budget, self) => {
          self.work(1);
          if (self.wakeup) fake.requestPower({ kind: 'power-off' });
          return { kind: 'idle' };
        }),
      ],
      'virtual',
    );
    fake.clock.timer(() => fake.vcpus[0].raise()).arm(3600e9);
    await createInlineCell(fake.machine).run();
    expect(fake.clock.now()).toBe(3600e9 + 10);
  });
});

describe('the state hash', () => {
  const hashOf = async (change: (fake: FakeMachine) => void): Promise<string> => {
    const fake = new FakeMachine([new FakeVcpu(0, busy)], 'virtual');
    change(fake);
    return stateHash(fake.machine);
  };

  it('is the same for the same state and differs with any bit of RAM, registers or time', async () => {
    const changes: ((fake: FakeMachine) => void)[] = [
      () => {},
      (fake) => {
        fake.ram[63] = 1;
      },
      (fake) => {
        fake.vcpus[0].pc = 4n;
      },
      (fake) => fake.clock.virtual!.advanceTo(10),
      (fake) => fake.vcpus[0].stop(),
    ];
    const hashes = await Promise.all(changes.map(hashOf));
    expect(new Set(hashes).size).toBe(changes.length);
    expect(await hashOf(() => {})).toBe(hashes[0]);
    expect(hashes[0]).toMatch(/^[0-9a-f]{64}$/);
  });
});
