import { type Clock, ClockToken, type SetupContext } from '@vivarium/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import plugin, { VirtualClock, virtualClock, virtualClockOptions } from '../src/index.ts';

const make = () => new VirtualClock({ nanosecondsPerInstruction: 10, epoch: 5n });

describe('the virtual clock', () => {
  it('moves only when told', () => {
    const clock = make();
    expect(clock.now()).toBe(0);
    clock.resume();
    clock.virtual.advanceTo(500);
    clock.pause();
    expect(clock.now()).toBe(500);
  });

  it('follows the instructions of a running slice', () => {
    const clock = make();
    let retired = 0;
    clock.virtual.advanceTo(100);
    clock.virtual.follow(() => retired);
    expect(clock.now()).toBe(100);
    retired = 7;
    expect(clock.now()).toBe(170);
    clock.virtual.advanceTo(170);
    expect(clock.now()).toBe(170);
    retired = 9;
    expect(clock.now()).toBe(190);
    clock.virtual.follow(undefined);
    clock.virtual.advanceTo(190);
    expect(clock.now()).toBe(190);
  });

  it('does not go back to an earlier time', () => {
    const clock = make();
    clock.virtual.advanceTo(100);
    clock.virtual.advanceTo(50);
    expect(clock.now()).toBe(100);
    clock.virtual.follow(() => 4);
    expect(clock.now()).toBe(140);
    clock.virtual.follow(undefined);
    expect(clock.now()).toBe(140);
  });

  it('fires nothing while it advances, and what is due on fire', () => {
    const clock = make();
    let fired = 0;
    clock.timer(() => (fired += 1)).arm(50);
    clock.virtual.advanceTo(60);
    expect(fired).toBe(0);
    expect(clock.fire()).toBe(1);
    expect(clock.nextDeadline).toBeUndefined();
  });

  it('is back at zero after a reset, also in the middle of a slice', () => {
    const clock = make();
    let retired = 3;
    clock.timer(() => expect.unreachable('cancelled')).arm(1);
    clock.virtual.follow(() => retired);
    expect(clock.now()).toBe(30);
    clock.reset();
    expect(clock.now()).toBe(0);
    expect(clock.fire()).toBe(0);
    retired = 5;
    expect(clock.now()).toBe(20);
  });

  it('never goes back under any driver', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('advance' as const), value: fc.nat(1000) }),
      fc.record({ kind: fc.constant('retire' as const), value: fc.nat(20) }),
      fc.record({ kind: fc.constantFrom('begin' as const, 'end' as const), value: fc.constant(0) }),
    );
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const clock = make();
        let retired = 0;
        let before = 0;
        for (const { kind, value } of steps) {
          if (kind === 'advance') clock.virtual.advanceTo(value);
          else if (kind === 'retire') retired += value;
          else if (kind === 'end') clock.virtual.follow(undefined);
          else {
            retired = 0;
            clock.virtual.follow(() => retired);
          }
          const now = clock.now();
          expect(now).toBeGreaterThanOrEqual(before);
          before = now;
        }
      }),
    );
  });
});

describe('the virtual clock plugin', () => {
  it('has a fixed epoch and 10 ns an instruction unless told otherwise', async () => {
    expect(plugin).toBe(virtualClock);
    const clockOf = async (given: unknown) => {
      const options = virtualClockOptions.parse(given);
      const part = await virtualClock.setup({ options } as SetupContext<typeof options>);
      return part.provides?.find((binding) => binding.token.id === ClockToken.id)?.value as Clock;
    };
    const byDefault = await clockOf(undefined);
    expect(byDefault.virtual?.nanosecondsPerInstruction).toBe(10);
    expect(byDefault.epoch).toBe(1_767_225_600_000_000_000n);
    const chosen = await clockOf({ nanosecondsPerInstruction: 2, epoch: '1970-01-01T01:00:00+01:00' });
    expect(chosen.virtual?.nanosecondsPerInstruction).toBe(2);
    expect(chosen.epoch).toBe(0n);
  });

  it.each([
    { nanosecondsPerInstruction: 0 },
    { nanosecondsPerInstruction: 1.5 },
    { epoch: 'yesterday' },
    { epoch: '1969-12-31T23:59:59Z' },
    { speed: 1 },
  ])('refuses %o', (options) => {
    expect(virtualClockOptions.safeParse(options).success).toBe(false);
  });
});
