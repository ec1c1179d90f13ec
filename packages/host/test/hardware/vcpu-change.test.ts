import { CpuCoreToken, type Token, VcpuAllotmentToken } from '@vivarium/contracts';
import type { HardwareAgent } from '@vivarium/host';
import type { Machine } from '@vivarium/kernel';
import { describe, expect, it } from 'vitest';
import { Patience } from '../../src/hardware/patience.ts';
import { VcpuChange } from '../../src/hardware/vcpu-change.ts';

const late = new Error('too late');

/** A machine of four vCPUs, of which the first `running` run. */
const world = (running: number, agent?: (vcpus: { running: boolean }[], count: number) => void) => {
  const vcpus = Array.from({ length: 4 }, (_, index) => ({ index, running: index < running }));
  const allotment = {
    count: running,
    allot: (count: number) => {
      allotment.count = count;
    },
  };
  const parts = new Map<string, unknown>([
    [CpuCoreToken.id, { vcpus }],
    [VcpuAllotmentToken.id, allotment],
  ]);
  const machine = {
    get: (token: Token<unknown>) => parts.get(token.id),
    maybe: (token: Token<unknown>) => parts.get(token.id),
  } as unknown as Machine;
  const hardware =
    agent &&
    ({ vcpus: async (_machine, count) => agent(vcpus, count) } as Pick<HardwareAgent, 'vcpus'> as HardwareAgent);
  return { change: new VcpuChange(machine, hardware), vcpus, allotment };
};

const within = async (milliseconds: number, act: (patience: Patience) => Promise<void>): Promise<void> => {
  using patience = new Patience(milliseconds, () => late);
  await act(patience);
};

describe('another number of vCPUs', () => {
  it('does not let the guest start again what it is about to stop', async () => {
    const seen: number[] = [];
    const { change, allotment } = world(3, (vcpus, count) => {
      seen.push(allotment.count);
      for (const vcpu of vcpus.slice(count)) vcpu.running = false;
    });
    await within(1000, (patience) => change.set(1, patience));
    expect([seen, change.count]).toEqual([[1], 1]);
  });

  it('waits for vCPUs that stop later than the guest says', async () => {
    const { change, vcpus } = world(2, () => {
      setTimeout(() => {
        for (const vcpu of vcpus.slice(1)) vcpu.running = false;
      }, 50);
    });
    await within(10_000, (patience) => change.set(1, patience));
    expect(vcpus.map(({ running }) => running)).toEqual([true, false, false, false]);
  });

  it('leaves a guest what it has started of more than it was to have, and what it has not stopped', async () => {
    const grows = world(1, (vcpus) => Object.assign(vcpus[1] ?? {}, { running: true }));
    await expect(within(50, (patience) => grows.change.set(4, patience))).rejects.toBe(late);
    expect(grows.change.count).toBe(2);
    const shrinks = world(3, () => {});
    await expect(within(50, (patience) => shrinks.change.set(1, patience))).rejects.toBe(late);
    expect(shrinks.change.count).toBe(3);
  });

  it('takes nothing from a guest that nobody can ask, and lets it have more', async () => {
    const { change } = world(2);
    await within(1000, (patience) => change.set(4, patience));
    await within(1000, (patience) => change.set(3, patience));
    const taken = within(1000, (patience) => change.set(1, patience));
    await expect(taken).rejects.toMatchObject({ code: 'VIV_CELL_GUEST' });
    expect(change.count).toBe(3);
  });
});
