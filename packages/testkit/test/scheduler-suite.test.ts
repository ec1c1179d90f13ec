import type { Decision, Scheduler } from '@vivarium/contracts';
import { describe, expect, it } from 'vitest';
import { roundRobin, schedulerSuite } from '../src/index.ts';

const right = (): Scheduler => roundRobin().create();

const failing = async (make: () => Scheduler): Promise<string[]> => {
  const failed: string[] = [];
  for (const { id, run } of schedulerSuite(() => ({ scheduler: make() }), { storms: 20, calls: 300 })) {
    await run().catch((error: unknown) => {
      expect(error).toMatchObject({ code: 'VIV_TESTKIT_FAILED' });
      failed.push(id.replace('scheduler/', ''));
    });
  }
  return failed;
};

type Change = (scheduler: Scheduler) => Partial<Scheduler>;

/** A round robin with some members replaced. */
const broken =
  (change: Change): (() => Scheduler) =>
  () => {
    const inner = right();
    const changes: object = change(inner);
    return new Proxy(inner, {
      get: (target, key) => {
        if (Object.hasOwn(changes, key)) return Reflect.get(changes, key) as unknown;
        const value: unknown = Reflect.get(target, key, target);
        return typeof value === 'function' ? (value as () => void).bind(target) : value;
      },
    });
  };

/** A round robin whose decisions are changed. */
const deciding = (change: (decision: Decision) => Decision) =>
  broken((inner) => ({ pick: (pcpu, now) => change(inner.pick(pcpu, now)) }));

describe('the scheduler suite', () => {
  it('passes a scheduler that is right', async () => {
    expect(await failing(right)).toEqual([]);
  });

  it.each<readonly [string, string, () => Scheduler]>([
    ['a parameter that is none', 'identity', broken(() => ({ honours: ['speed'] as never }))],
    ['a wake that is not noticed', 'states', broken(() => ({ wake: () => undefined }))],
    ['somebody who sleeps and runs', 'states', broken(() => ({ sleep: () => undefined }))],
    [
      'accounts by what passed',
      'accounts',
      broken((inner) => ({ account: (id, _, now) => inner.account(id, 1e15, now) })),
    ],
    [
      'accounts by ticks',
      'tick-evasion',
      broken((inner) => ({
        account: (id, ran, now) =>
          inner.account(id, Math.floor(now / 10_000_000) > Math.floor((now - ran) / 10_000_000) ? ran : 0, now),
      })),
    ],
    [
      'a pick on a pCPU that is not there',
      'stranger',
      deciding((decision) => (decision.kind === 'idle' ? { kind: 'run', vcpu: 1, slice: 1 } : decision)),
    ],
    [
      'everything accepted',
      'refuses',
      broken((inner) => ({ change: (id, change, now) => (change.weight === 0 ? [] : inner.change(id, change, now)) })),
    ],
    ['options that are not checked', 'configure', broken(() => ({ configure: () => [] }))],
    [
      'a vCPU that is not removed',
      'remove',
      broken((inner) => ({ remove: (id, now) => (inner.sleep(id, now), undefined) })),
    ],
    [
      'a hint that is lost',
      'lost-pcpu',
      broken((inner) => ({ removePcpu: (id, now) => (inner.removePcpu(id, now), undefined) })),
    ],
    [
      'time that goes back',
      'time',
      broken((inner) => ({
        stats: (id, now) => {
          const stats = inner.stats(id, now);
          return stats && { ...stats, blocked: stats.blocked + (now === 5 ? 1 : 0) };
        },
      })),
    ],
    [
      'an empty slice',
      'storm',
      deciding((decision) => (decision.kind === 'run' ? { ...decision, slice: 0 } : decision)),
    ],
    [
      'a slice of a part of a nanosecond',
      'storm',
      deciding((decision) => (decision.kind === 'run' ? { ...decision, slice: 0.5 } : decision)),
    ],
    ['a kick of a pCPU that is not there', 'storm', deciding((decision) => ({ ...decision, kick: 77 }))],
    [
      'decisions at random',
      'pure',
      deciding((decision) =>
        decision.kind === 'run' ? { ...decision, slice: 1 + Math.floor(Math.random() * 1e6) } : decision,
      ),
    ],
  ])('finds %s', async (_, id, make) => {
    expect(await failing(make)).toContain(id);
  });
});
