import type { Scheduler } from '@vivarium/contracts';
import { type ConformanceCase, expectThat, type SubjectFactory, throwsCoded } from './conformance.ts';
import { seededRandom } from './random.ts';
import { calm, storm } from './scheduler/storm.ts';
import { StrictHost } from './scheduler/strict-host.ts';

/** A new scheduler without pCPUs and vCPUs. */
export interface SchedulerSubject {
  readonly scheduler: Scheduler;
  /** Domains that it lets run, the first from time 0 on for at least 10 ms; default `one` and `other`. */
  readonly domains?: readonly [string, string];
  /** Whether vCPUs take turns when they are more than pCPUs; default true. */
  readonly shares?: boolean;
}

/** How the suite uses a scheduler. */
export interface SchedulerSuiteOptions {
  /** Of the calls made at random; default 1. */
  readonly seed?: number;
  /** How many storms of calls, and calls in each; default 40 and 400. */
  readonly storms?: number;
  readonly calls?: number;
}

const MILLISECOND = 1_000_000;
const SECOND = 1000 * MILLISECOND;
const KNOWN = new Set(['weight', 'cap', 'reservation', 'slice', 'affinity', 'gang']);

/** What every scheduler must do, whatever its order is. */
export const schedulerSuite = (
  make: SubjectFactory<SchedulerSubject>,
  options: SchedulerSuiteOptions = {},
): readonly ConformanceCase[] => {
  const { seed = 1, storms = 40, calls = 400 } = options;
  type Act = (host: StrictHost, domains: readonly [string, string], shares: boolean) => void;
  const subject = async () => {
    const { scheduler, domains = ['one', 'other'], shares = true } = await make();
    return { host: new StrictHost(scheduler), domains, shares } as const;
  };
  const testCase = (id: string, title: string, act: Act): ConformanceCase => ({
    id: `scheduler/${id}`,
    title,
    run: async () => {
      const { host, domains, shares } = await subject();
      act(host, domains, shares);
      host.checkStats();
    },
  });
  const runsOn = (host: StrictHost, pcpu: number): number | undefined => {
    const decision = host.pick(pcpu);
    return decision.kind === 'run' ? decision.vcpu : undefined;
  };
  const same = (actual: unknown, expected: unknown, what: string): void =>
    expectThat(actual === expected, `${what} must be ${String(expected)}, and is ${String(actual)}`);

  return [
    testCase('identity', 'has a name, and says what it acts upon', ({ scheduler }) => {
      expectThat(scheduler.name.length > 0, 'a scheduler must have a name');
      const { honours } = scheduler;
      expectThat(new Set(honours).size === honours.length, 'no parameter must be honoured twice');
      for (const parameter of honours) expectThat(KNOWN.has(parameter), `there is no parameter ${parameter}`);
    }),
    testCase('states', 'runs who is awake and nobody else', (host, [domain]) => {
      host.addPcpu(3);
      host.add(7, { domain });
      same(runsOn(host, 3), undefined, 'who runs while everybody sleeps');
      same(host.wake(7), 3, 'the pCPU that a wake names while it is idle');
      same(runsOn(host, 3), 7, 'who runs after the wake');
      same(host.wake(7), undefined, 'what a second wake names');
      host.now += 100_000;
      host.sleep(7);
      host.sleep(7);
      same(runsOn(host, 3), undefined, 'who runs after the sleep');
    }),
    testCase('accounts', 'charges by time stamps what ran, and never more than could', (host, [domain]) => {
      host.addPcpu(0);
      host.add(1, { domain });
      host.wake(1);
      host.pick(0);
      host.now += 1000;
      host.account(1, 400);
      host.now += 1000;
      host.account(1, 5000);
      host.account(1, -5);
      host.account(1, Number.NaN);
      same(host.scheduler.stats(1, host.now)?.run, 1400, 'what ran');
      same(host.scheduler.stats(1, host.now)?.ready, 600, 'what it had to wait');
    }),
    testCase('tick-evasion', 'charges who is gone just before every tick like anybody else', (host, [domain]) => {
      host.addPcpu(0);
      host.add(1, { domain });
      host.wake(1);
      let ran = 0;
      for (let tick = 0; tick < 100; tick += 1) {
        // It runs for up to 9.5 of 10 ms, as it is let, and gives way.
        host.drive(tick * 10 * MILLISECOND + 9.5 * MILLISECOND);
        if (host.vcpus.get(1)?.pcpu !== undefined) host.yield(1);
        host.pick(0);
        ran = host.vcpus.get(1)?.run ?? 0;
        host.checkStats();
      }
      expectThat(ran > 0, 'a vCPU that gives way must run again when nobody else wants to');
    }),
    testCase('stranger', 'ignores calls about what it does not have', (host, [domain]) => {
      host.addPcpu(0);
      host.add(1, { domain });
      for (const id of [2, -1, Number.NaN, 1e300]) {
        same(host.wake(id), undefined, 'what a wake of a stranger names');
        host.sleep(id);
        host.yield(id);
        host.account(id, 5);
        host.remove(id);
        host.removePcpu(id + 5);
        same(host.pick(id + 5).kind, 'idle', 'what a pCPU does that is not there');
      }
      host.wake(1);
      host.yield(1, 99);
      same(runsOn(host, 0), 1, 'who runs after all that');
    }),
    testCase('refuses', 'refuses what is out of range, and stays as it was', (host, [domain]) => {
      const { scheduler } = host;
      host.addPcpu(0);
      host.add(1, { domain });
      const bad: readonly Record<string, unknown>[] = [
        { weight: 0 },
        { weight: 10_001 },
        { weight: 1.5 },
        { cap: -1 },
        { cap: Number.NaN },
        { slice: 10 },
        { slice: 1e12 },
        { reservation: { budget: 5, period: 10_000_000 } },
        { reservation: { budget: 20_000_000, period: 10_000_000 } },
        { affinity: [-1] },
        { affinity: [0.5] },
      ];
      for (const parameters of bad) {
        const what = JSON.stringify(parameters);
        throwsCoded(`add with ${what}`, () => scheduler.add(2, { domain, ...parameters }, 0));
        throwsCoded(`change to ${what}`, () => scheduler.change(1, parameters, 0));
        same(scheduler.stats(2, 0), undefined, 'stats of a vCPU that was refused');
      }
      throwsCoded('a vCPU without a domain', () => scheduler.add(2, { domain: '' }, 0));
      throwsCoded('a second vCPU of one number', () => scheduler.add(1, { domain }, 0));
      throwsCoded('a second pCPU of one number', () => scheduler.addPcpu(0, 0));
      throwsCoded('a change of a vCPU that is not there', () => scheduler.change(5, { weight: 5 }, 0));
      for (const id of [-1, 0.5, Number.NaN]) {
        throwsCoded(`vCPU ${id}`, () => scheduler.add(id, { domain }, 0));
        throwsCoded(`pCPU ${id}`, () => scheduler.addPcpu(id, 0));
      }
      host.wake(1);
      same(runsOn(host, 0), 1, 'who runs after all that');
    }),
    testCase('configure', 'refuses options that are none, and stays as it was', (host, [domain]) => {
      host.addPcpu(0);
      host.add(1, { domain });
      if (host.scheduler.configure !== undefined) {
        for (const options of [7, 'x', [1], { surely: 'unknown' }]) {
          throwsCoded(`options ${JSON.stringify(options)}`, () => host.configure(options));
        }
      }
      host.wake(1);
      same(runsOn(host, 0), 1, 'who runs after all that');
    }),
    testCase('remove', 'forgets a vCPU that runs, and its number is free', (host, [domain]) => {
      host.addPcpu(0);
      host.add(1, { domain });
      host.wake(1);
      host.pick(0);
      host.now += 5000;
      host.remove(1);
      same(runsOn(host, 0), undefined, 'who runs after it was removed');
      host.add(1, { domain });
      host.wake(1);
      same(runsOn(host, 0), 1, 'who runs when it was added again');
      same(host.scheduler.stats(1, host.now)?.run, 0, 'what it ran before it was added again');
    }),
    testCase('lost-pcpu', 'runs elsewhere a vCPU whose pCPU is taken away', (host, [domain]) => {
      host.addPcpu(0);
      host.addPcpu(1);
      host.add(1, { domain });
      host.wake(1);
      host.drive(MILLISECOND);
      const first = host.vcpus.get(1)?.pcpu;
      expectThat(first !== undefined, 'it must run on one of two pCPUs');
      host.removePcpu(first ?? 0);
      host.drive(SECOND);
      same(host.vcpus.get(1)?.lastPcpu, 1 - (first ?? 0), 'the pCPU on which it runs then');
    }),
    testCase('lost-hint', 'runs elsewhere a vCPU that was promised a pCPU that is taken away', (host, [domain]) => {
      host.addPcpu(0);
      host.addPcpu(1);
      host.add(1, { domain });
      host.drive(MILLISECOND);
      const promised = host.wake(1);
      expectThat(promised !== undefined, 'a wake must name one of two pCPUs that are idle');
      host.removePcpu(promised ?? 0);
      host.drive(SECOND);
      same(host.vcpus.get(1)?.lastPcpu, 1 - (promised ?? 0), 'the pCPU on which it runs then');
    }),
    testCase('time', 'takes a clock that goes back for one that stands still', (host, [domain]) => {
      host.addPcpu(0);
      host.add(1, { domain });
      host.wake(1);
      host.pick(0);
      host.now = 2 * MILLISECOND;
      host.account(1, 500_000);
      const { scheduler } = host;
      scheduler.account(1, 1_000_000, 0);
      scheduler.sleep(1, 1000);
      scheduler.wake(1, 0);
      const stats = scheduler.stats(1, 5);
      same(stats?.run, 500_000, 'what ran');
      same(stats?.blocked, 0, 'what it slept');
      scheduler.sleep(1, host.now);
      host.sleep(1);
    }),
    testCase('configuration', 'takes parameters while guests run', (host, [domain, other]) => {
      host.addPcpu(0);
      host.addPcpu(1);
      host.add(1, { domain, weight: 100 });
      host.add(2, { domain: other });
      host.wake(1);
      host.wake(2);
      host.drive(5 * MILLISECOND);
      host.change(1, { weight: 10_000, slice: 200_000, gang: true });
      host.change(2, { affinity: [1], cap: 500 });
      host.drive(SECOND);
      host.change(2, { affinity: [], cap: 0 });
      host.drive(2 * SECOND);
      for (const [id, { run }] of host.vcpus) expectThat(run > 0, `vCPU ${id} must have run`);
    }),
    {
      id: 'scheduler/storm',
      title: 'stays sane in storms of calls in any order, and afterwards everybody runs',
      run: async () => {
        for (let round = 0; round < storms; round += 1) {
          const { host, domains, shares } = await subject();
          const options = { domains, calls, modest: round % 2 === 1 };
          storm(host, seededRandom(seed * 1000 + round), options);
          calm(host, options, shares);
          host.drive(host.now + 2 * SECOND);
          host.checkStats();
          for (const [id, { starts }] of host.vcpus) {
            expectThat(starts > 0, `vCPU ${id} must run after storm ${round}, in which nothing forbids it to`);
          }
        }
      },
    },
    {
      id: 'scheduler/pure',
      title: 'decides the same when it is called the same',
      run: async () => {
        const logs: string[] = [];
        for (let round = 0; round < 2; round += 1) {
          const { host, domains } = await subject();
          storm(host, seededRandom(seed), { domains, calls: 2 * calls, modest: false });
          logs.push(host.log.join('\n'));
        }
        expectThat(logs[0] === logs[1], 'two schedulers that are called the same must decide the same');
      },
    },
  ];
};
