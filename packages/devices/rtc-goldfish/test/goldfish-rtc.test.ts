import { ClockToken, DeviceToken, type SetupContext, type StateValue } from '@vivarium/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import plugin, { type GoldfishRtc, goldfishRtc } from '../src/index.ts';
import * as r from '../src/registers.ts';

const EPOCH = 1_767_225_600_000_000_000n;

/** The RTC as the plugin sets it up, on a clock and a line that the test holds. */
const makeRig = async () => {
  const clock = { epoch: EPOCH, time: 0, now: () => clock.time };
  const line = { level: false, set: (level: boolean) => (line.level = level) };
  const timer = {
    deadline: undefined as number | undefined,
    expired: () => {},
    arm: (deadline: number) => (timer.deadline = deadline),
    cancel: () => (timer.deadline = undefined),
  };
  const part = await goldfishRtc.setup({
    id: 'rtc0',
    get: (token: unknown) => (token === ClockToken ? clock : undefined),
    grants: {
      interrupt: (name: string) => (name === 'interrupt' ? line : undefined),
      timer: (expired: () => void) => Object.assign(timer, { expired }),
    },
  } as unknown as SetupContext<undefined>);
  const rtc = part.provides?.find((binding) => binding.token.id === DeviceToken.id)?.value as GoldfishRtc;
  rtc.reset();
  const region = rtc.regions[0];
  const read = (offset: number) => region.read(offset, 4);
  const write = (offset: number, value: number) => region.write(offset, 4, value);
  return {
    clock,
    line,
    timer,
    rtc,
    region,
    read,
    write,
    /** As Linux reads and writes a time. */
    readTime: () => {
      const low = read(r.TIME_LOW);
      return (BigInt(read(r.TIME_HIGH)) << 32n) | BigInt(low);
    },
    writeTime: (time: bigint) => {
      write(r.TIME_HIGH, Number(time >> 32n));
      write(r.TIME_LOW, Number(time & 0xffff_ffffn));
    },
    setAlarm: (time: bigint) => {
      write(r.ALARM_HIGH, Number(time >> 32n));
      write(r.ALARM_LOW, Number(time & 0xffff_ffffn));
      write(r.IRQ_ENABLED, 1);
    },
    advanceTo: (time: number) => {
      const due = timer.deadline !== undefined && timer.deadline <= time;
      clock.time = time;
      if (!due) return;
      timer.deadline = undefined;
      timer.expired();
    },
  };
};

describe('the time', () => {
  it("is the clock's epoch and what has passed since", async () => {
    const { advanceTo, readTime } = await makeRig();
    expect(readTime()).toBe(EPOCH);
    advanceTo(5_000_000_123);
    expect(readTime()).toBe(EPOCH + 5_000_000_123n);
  });

  it('does not tear: reading the low half latches the high one', async () => {
    const { clock, read, writeTime } = await makeRig();
    writeTime(0x1_ffff_fffen);
    expect(read(r.TIME_LOW)).toBe(0xffff_fffe);
    clock.time += 10;
    expect(read(r.TIME_HIGH)).toBe(1);
    expect(read(r.TIME_LOW)).toBe(8);
    expect(read(r.TIME_HIGH)).toBe(2);
  });

  it('can be set and goes on from there', async () => {
    const { advanceTo, readTime, writeTime } = await makeRig();
    advanceTo(1000);
    writeTime(2_000_000_000_123_456_789n);
    expect(readTime()).toBe(2_000_000_000_123_456_789n);
    advanceTo(1500);
    expect(readTime()).toBe(2_000_000_000_123_457_289n);
  });
});

describe('the alarm', () => {
  it('rings once when its time comes, until it is acknowledged', async () => {
    const { advanceTo, line, read, setAlarm, write } = await makeRig();
    setAlarm(EPOCH + 1000n);
    expect(read(r.ALARM_STATUS)).toBe(1);
    advanceTo(999);
    expect(line.level).toBe(false);
    advanceTo(1000);
    expect(line.level).toBe(true);
    expect(read(r.ALARM_STATUS)).toBe(0);
    write(r.CLEAR_INTERRUPT, 1);
    expect(line.level).toBe(false);
    advanceTo(5000);
    expect(line.level).toBe(false);
  });

  it('rings at once for a time that has passed', async () => {
    const { line, setAlarm } = await makeRig();
    setAlarm(EPOCH - 1n);
    expect(line.level).toBe(true);
  });

  it('does not ring when it is cleared', async () => {
    const { advanceTo, line, read, setAlarm, timer, write } = await makeRig();
    setAlarm(EPOCH + 1000n);
    write(r.CLEAR_ALARM, 1);
    expect(read(r.ALARM_STATUS)).toBe(0);
    expect(timer.deadline).toBeUndefined();
    advanceTo(2000);
    expect(line.level).toBe(false);
  });

  it('waits behind IRQ_ENABLED', async () => {
    const { advanceTo, line, setAlarm, write } = await makeRig();
    setAlarm(EPOCH + 1000n);
    write(r.IRQ_ENABLED, 0);
    advanceTo(1000);
    expect(line.level).toBe(false);
    write(r.IRQ_ENABLED, 1);
    expect(line.level).toBe(true);
  });

  it('follows the time when that is set', async () => {
    const { line, read, setAlarm, timer, writeTime } = await makeRig();
    setAlarm(EPOCH + 1_000_000n);
    writeTime(EPOCH + 400_000n);
    expect(timer.deadline).toBe(600_000);
    expect([read(r.ALARM_LOW), read(r.ALARM_HIGH)]).toEqual([
      Number((EPOCH + 1_000_000n) & 0xffff_ffffn),
      Number((EPOCH + 1_000_000n) >> 32n),
    ]);
    writeTime(EPOCH + 1_000_001n);
    expect(line.level).toBe(true);
  });

  it('in the far future arms no timer', async () => {
    const { read, setAlarm, timer } = await makeRig();
    setAlarm(2n ** 64n - 1n);
    expect(read(r.ALARM_STATUS)).toBe(1);
    expect(timer.deadline).toBeUndefined();
  });
});

describe('the goldfish RTC', () => {
  it('describes itself in the device tree', async () => {
    expect(plugin).toBe(goldfishRtc);
    const { rtc } = await makeRig();
    expect(rtc.interrupts).toEqual(['interrupt']);
    expect(rtc.deviceTree).toEqual({
      name: 'rtc',
      label: 'rtc0',
      properties: { compatible: 'google,goldfish-rtc' },
    });
  });

  it('is as after power-on after a reset', async () => {
    const { line, rtc, setAlarm, timer, writeTime } = await makeRig();
    const fresh = rtc.state.save();
    writeTime(5n);
    setAlarm(1n);
    expect(line.level).toBe(true);
    rtc.reset();
    expect(line.level).toBe(false);
    expect(timer.deadline).toBeUndefined();
    expect(rtc.state.save()).toEqual(fresh);
  });

  it('never throws and answers unsigned words, whatever is accessed', async () => {
    const { advanceTo, clock, region } = await makeRig();
    const access = fc.record({
      kind: fc.constantFrom('read', 'write', 'advance'),
      offset: fc.oneof({ weight: 4, arbitrary: fc.nat(0x20) }, { weight: 1, arbitrary: fc.nat(0xffc) }),
      width: fc.constantFrom(1 as const, 2 as const, 4 as const, 4 as const),
      value: fc.oneof(fc.nat(0xffff_ffff), fc.constantFrom(0, 1, 0xffff_ffff)),
    });
    fc.assert(
      fc.property(fc.array(access), (accesses) => {
        for (const { kind, offset, width, value } of accesses) {
          const aligned = offset - (offset % width);
          if (kind === 'write') region.write(aligned, width, value % 2 ** (8 * width));
          else if (kind === 'advance') advanceTo(clock.time + value);
          else {
            const answer = region.read(aligned, width);
            expect(Number.isInteger(answer) && answer >= 0 && answer <= 0xffff_ffff).toBe(true);
          }
        }
      }),
    );
  });
});

describe('the state of a goldfish RTC', () => {
  it('goes into another RTC, which goes on where the first was', async () => {
    const from = await makeRig();
    from.writeTime(EPOCH + 77n);
    from.setAlarm(EPOCH + 1077n);
    const saved = from.rtc.state.save();
    const to = await makeRig();
    to.rtc.state.restore(saved, 1);
    expect(to.rtc.state.save()).toEqual(saved);
    expect(to.readTime()).toBe(EPOCH + 77n);
    to.advanceTo(1000);
    expect(to.line.level).toBe(true);
  });

  const right = {
    offset: 0n,
    latchedHigh: 0,
    alarm: 0n,
    alarmArmed: false,
    interruptEnabled: true,
    interruptPending: true,
  };

  it.each([
    ['nothing', null, 1],
    ['a list', [1, 2], 1],
    ['another version', right, 2],
    ['a missing field', { offset: 0n }, 1],
    ['an unknown field', { ...right, more: 1 }, 1],
    ['a prototype key', JSON.parse('{"__proto__": 1}'), 1],
    ['a time out of range', { ...right, alarm: -1n }, 1],
    ['a word out of range', { ...right, latchedHigh: 0.5 }, 1],
    ['a number for a flag', { ...right, alarmArmed: 1 }, 1],
  ])('refuses %s and is reset', async (_name, state, version) => {
    const { line, rtc } = await makeRig();
    const fresh = rtc.state.save();
    rtc.state.restore(right, 1);
    expect(line.level).toBe(true);
    expect(() => rtc.state.restore(state as StateValue, version)).toThrow(
      expect.objectContaining({ code: 'VIV_RTC_STATE' }),
    );
    expect(line.level).toBe(false);
    expect(rtc.state.save()).toEqual(fresh);
  });
});
