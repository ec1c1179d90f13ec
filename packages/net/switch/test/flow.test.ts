import { BROADCAST_MAC, concatenate, frameOf, parseIpv4, parseTcp, tcpFrame } from '@vivarium/net-packet';
import { fakeClock } from '@vivarium/testkit';
import { describe, expect, it } from 'vitest';
import { createSwitch, hostClock, joinBackends, type SwitchOptions, type SwitchPortOptions } from '../src/index.ts';
import { Station } from './station.ts';

const mac = (index: number) => 0x5254_0000_0000 + index;

const pair = (options: SwitchPortOptions = {}, settings: SwitchOptions = {}) => {
  const clock = fakeClock();
  const lan = createSwitch({ clock, ...settings });
  const [from, to] = [lan.port(options), lan.port(options)];
  return { clock, lan, from, to, a: new Station(from, mac(1)), b: new Station(to, mac(2)) };
};

describe('back-pressure', () => {
  it('queues for a device without room, in order, and drops beyond the cap', () => {
    const { a, b, to } = pair({ queue: { frames: 5, bytes: 1000 } });
    b.room = 1;
    for (let count = 0; count < 10; count += 1) expect(a.say(b.mac, `${count}`)).toBe(true);
    expect(b.heard()).toEqual(['0']);
    b.room = 2;
    to.resume();
    expect(b.heard()).toEqual(['1', '2']);
    a.say(b.mac, 'later');
    b.room = 100;
    to.resume();
    expect(b.heard()).toEqual(['3', '4', '5', 'later']);
    expect(to.counters).toMatchObject({ receivedFrames: 7, receiveDrops: { queue: 4 } });
  });

  it('bounds the queue in bytes, too, but takes one frame of any length', () => {
    const { a, b, to } = pair({ queue: { frames: 100, bytes: 1000 } });
    b.room = 0;
    for (const length of [1200, 10, 900]) a.say(b.mac, 'x'.repeat(length));
    b.room = 100;
    to.resume();
    expect(b.heard().map((text) => text.length)).toEqual([1200]);
    b.room = 0;
    for (const length of [10, 900, 80]) a.say(b.mac, 'x'.repeat(length));
    b.room = 100;
    to.resume();
    expect(b.heard().map((text) => text.length)).toEqual([10, 900]);
  });

  it('lets two devices that answer each other at once go on for ever, without holding the caller', () => {
    const { a, b, clock } = pair();
    let count = 0;
    for (const [station, other] of [
      [a, b],
      [b, a],
    ] as const) {
      station.answer = () => {
        count += 1;
        station.say(other.mac, 'again');
        station.frames.length = 0;
      };
    }
    a.say(b.mac, 'start');
    const first = count;
    expect(first).toBeGreaterThan(100);
    expect(first).toBeLessThan(10_000);
    clock.virtual.advanceTo(clock.now() + 1);
    expect(clock.fire()).toBe(1);
    expect(count).toBeGreaterThan(first);
    expect(count).toBeLessThan(20_000);
  });

  it('refuses a device that sends from within receive more than fits, and tells it later', () => {
    const { a, b } = pair({ queue: { frames: 4, bytes: 10_000 } });
    const answers: boolean[] = [];
    b.answer = () => {
      for (let count = 0; count < 6; count += 1) answers.push(b.say(a.mac, `${count}`));
    };
    a.say(b.mac, 'go');
    expect(answers).toEqual([true, true, true, true, false, false]);
    expect(b.drains).toBe(1);
    expect(a.heard()).toEqual(['0', '1', '2', '3']);
  });
});

describe('offloads', () => {
  const payload = Uint8Array.from({ length: 5000 }, (_, index) => index & 0xff);
  const header = { sourcePort: 1, destinationPort: 2, sequence: 100, acknowledgment: 0, flags: 24, window: 10 };
  const ends = { sourceMac: mac(1), destinationMac: mac(2), source: 1, destination: 2 };
  const whole = tcpFrame(ends, header, payload);
  const segment = {
    pieces: [whole],
    length: whole.length,
    offload: {
      checksum: { start: 34, offset: 16 },
      segment: { protocol: 'tcp4' as const, size: 1460, headerLength: 54 },
    },
  };

  it('pass untouched between ports that accept them', () => {
    const { b, from } = pair();
    b.accepts = { checksum: true, tcp4: true };
    from.send(segment);
    expect(b.frames).toEqual([{ ...segment, pieces: [whole] }]);
  });

  it('are done for a device that accepts none, also when that changes while frames wait', () => {
    const { b, from, to } = pair();
    from.send(segment);
    b.room = 2;
    b.accepts = { checksum: true, tcp4: true };
    b.room = 0;
    from.send(segment);
    b.accepts = {};
    b.room = 3;
    to.resume();
    b.room = 9;
    to.resume();
    expect(b.frames).toHaveLength(8);
    expect(b.frames.every(({ offload, length }) => offload === undefined && length <= 1514)).toBe(true);
    const data = b.frames.map(({ pieces }) => {
      const bytes = concatenate(pieces);
      const start = 14 + parseIpv4(bytes, 14)!.headerLength;
      return bytes.subarray(start + parseTcp(bytes, start)!.headerLength);
    });
    expect(concatenate(data)).toEqual(concatenate([payload, payload]));
  });

  it('that make no sense are dropped and counted', () => {
    const { from, to, b } = pair();
    const bad = { ...frameOf(whole.subarray(0, 1000)), offload: { checksum: { start: 1000, offset: 0 } } };
    from.send(bad);
    b.room = 0;
    from.send(frameOf(whole.subarray(0, 100)));
    from.send({ ...segment, offload: { segment: { ...segment.offload.segment, size: 0 } } });
    b.room = 9;
    to.resume();
    expect(b.frames).toHaveLength(1);
    expect(to.counters.receiveDrops).toEqual({ offload: 2 });
  });
});

describe('rate limits', () => {
  it('make a device wait that sends too much, and tell it when there are tokens', () => {
    const { a, b, clock } = pair({ rate: { transmit: { bytes: { rate: 1000, burst: 100 } } } });
    expect(a.say(b.mac, 'x'.repeat(86))).toBe(true);
    expect(a.say(b.mac, 'y'.repeat(36))).toBe(false);
    expect(a.drains).toBe(0);
    clock.advance(49e6);
    expect(a.drains).toBe(0);
    clock.advance(1e6);
    expect(a.drains).toBe(1);
    expect(a.say(b.mac, 'y'.repeat(36))).toBe(true);
    expect(b.heard().map((text) => text.length)).toEqual([86, 36]);
  });

  it('hold frames for a device, which come in order as tokens do', () => {
    const { a, b, clock, from, to } = pair();
    to.setRate({ receive: { operations: { rate: 10, burst: 2 } } });
    expect(to.rate).toEqual({ transmit: {}, receive: { operations: { rate: 10, burst: 2 } } });
    for (let count = 0; count < 6; count += 1) a.say(b.mac, `${count}`);
    expect(b.heard()).toEqual(['0', '1']);
    clock.advance(100e6);
    expect(b.heard()).toEqual(['2']);
    clock.advance(200e6);
    expect(b.heard()).toEqual(['3', '4']);
    to.setRate({});
    expect(b.heard()).toEqual(['5']);
    from.setRate({ transmit: { operations: { rate: 1, burst: 1 } } });
    expect([a.say(b.mac, 'x'), a.say(b.mac, 'y')]).toEqual([true, false]);
    from.setRate({});
    expect([a.drains, a.say(b.mac, 'y')]).toEqual([1, true]);
  });

  it('take the tokens of a frame once, however often the device refuses it', () => {
    const { a, b, clock, to } = pair();
    to.setRate({ receive: { operations: { rate: 1, burst: 2 } } });
    b.room = 0;
    a.say(b.mac, 'one');
    for (let count = 0; count < 5; count += 1) to.resume();
    b.room = 9;
    to.resume();
    a.say(b.mac, 'two');
    a.say(b.mac, 'three');
    expect(b.heard()).toEqual(['one', 'two']);
    clock.advance(1e9);
    expect(b.heard()).toEqual(['three']);
  });

  it('are reached by a device that sends whenever it may', () => {
    const { a, b, clock, from } = pair();
    from.setRate({ transmit: { bytes: { rate: 100_000, burst: 3000 } } });
    a.drained = () => {
      while (a.say(b.mac, 'z'.repeat(986)));
    };
    a.drained();
    let bytes = 0;
    for (let millisecond = 0; millisecond < 2000; millisecond += 1) {
      clock.advance(1e6);
      bytes += b.frames.reduce((sum, { length }) => sum + length, 0);
      b.frames.length = 0;
    }
    expect(bytes).toBeGreaterThan(195_000);
    expect(bytes).toBeLessThanOrEqual(203_000);
  });
});

describe('uplinks', () => {
  it('join two switches, with back-pressure over the joint', () => {
    const clock = fakeClock();
    const [one, two] = [createSwitch({ clock }), createSwitch({ clock })];
    const far = two.port({ queue: { frames: 2, bytes: 1000 } });
    const joint = one.uplink(two.port(), { name: 'to two' });
    const [a, b] = [new Station(one.port(), mac(1)), new Station(far, mac(2))];
    a.say(BROADCAST_MAC, 'over there');
    b.say(a.mac, 'over here');
    expect([a.heard(), b.heard()]).toEqual([['over here'], ['over there']]);
    expect(joint.name).toBe('to two');
    expect(joint.counters).toMatchObject({ sentFrames: 1, receivedFrames: 1 });
  });

  it('wait for a backend that is full, until it has drained', () => {
    const clock = fakeClock();
    const lan = createSwitch({ clock });
    const full = { accepts: {}, linkUp: true, room: 1, got: 0, resumed: 0, drained: () => {} };
    const backend = {
      ...full,
      send: () => {
        if (backend.room <= 0) return false;
        backend.room -= 1;
        backend.got += 1;
        return true;
      },
      connect: (handlers: { drained(): void }) => {
        backend.drained = () => handlers.drained();
      },
      resume: () => {
        backend.resumed += 1;
      },
    };
    lan.uplink(backend);
    const a = new Station(lan.port(), mac(1));
    for (let count = 0; count < 3; count += 1) a.say(BROADCAST_MAC, `${count}`);
    expect(backend.got).toBe(1);
    backend.room = 9;
    backend.drained();
    expect(backend.got).toBe(3);
  });

  it('outlive a loop: a storm costs its ports their queues, not the host its thread', () => {
    const clock = fakeClock();
    const lan = createSwitch({ clock, queue: { frames: 16, bytes: 10_000 } });
    joinBackends(lan.port(), lan.port());
    const a = new Station(lan.port(), mac(1));
    a.say(BROADCAST_MAC, 'round and round');
    expect(a.frames.length).toBeGreaterThan(10);
    expect(a.frames.length).toBeLessThan(10_000);
  });
});

describe("the host's clock", () => {
  it('goes on, and fires its timers once, in time and unless cancelled', async () => {
    const clock = hostClock();
    const start = clock.now();
    const fired: string[] = [];
    const timer = clock.timer(() => fired.push('a'));
    const never = clock.timer(() => fired.push('never'));
    never.arm(start + 1e6);
    never.cancel();
    never.arm(Number.NaN);
    timer.arm(start + 1e15);
    expect(timer.deadline).toBe(start + 1e15);
    await new Promise<void>((resolve) => {
      const last = clock.timer(resolve);
      timer.arm(start + 2e6);
      last.arm(start + 20e6);
    });
    expect(fired).toEqual(['a']);
    expect(timer.deadline).toBeUndefined();
    expect(clock.now()).toBeGreaterThanOrEqual(start + 20e6);
    expect(Number(clock.epoch / 1_000_000n)).toBeCloseTo(Date.now(), -5);
  });
});
