import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeRig } from './rig.ts';

const LEVEL1 = 6;

/** A domain that is alone, with sources 10 and 11 in a mode, enabled, and sent or driven to hart 1. */
const inUse = (messages: boolean, mode = LEVEL1) => {
  const rig = makeRig({ messages, machine: false });
  rig.write(0, 0x100);
  for (const [source, low] of [
    [10, 5],
    [11, 3],
  ] as const) {
    rig.write(4 * source, mode);
    rig.write(0x3000 + 4 * source, 2 ** 18 + low);
    rig.write(0x1edc, source);
  }
  rig.write(0x4020, 1);
  return rig;
};

describe('direct delivery', () => {
  it('follows a level for as long as it lasts, and lets the more urgent go first', () => {
    const rig = inUse(false);
    rig.wire(10, true);
    expect([rig.told(), rig.read(0x4038)]).toEqual([[false, true], (10 << 16) | 5]);
    rig.wire(11, true);
    // A claim does not take a level away.
    expect([rig.read(0x403c), rig.read(0x403c)]).toEqual([(11 << 16) | 3, (11 << 16) | 3]);
    rig.wire(11, false);
    expect(rig.read(0x403c)).toBe((10 << 16) | 5);
    rig.wire(10, false);
    expect([rig.told(), rig.read(0x403c)]).toEqual([[false, false], 0]);
  });

  it('keeps an edge until it is claimed', () => {
    const rig = inUse(false, 4);
    rig.wire(10, true);
    rig.wire(10, false);
    expect(rig.told()).toEqual([false, true]);
    expect([rig.read(0x403c), rig.read(0x403c)]).toEqual([(10 << 16) | 5, 0]);
    expect(rig.told()).toEqual([false, false]);
  });

  it('says that messages are not for it', () => {
    const rig = inUse(false);
    rig.write(0, 0x104);
    expect(rig.read(0)).toBe(0x8000_0100);
    rig.write(0x3000, 0xffff_ffff);
    expect(rig.read(0x3000)).toBe(0);
    expect(makeRig().read(0x1bc4, 'machine')).toBe(0);
  });

  it('can be forced, once', () => {
    const rig = inUse(false);
    rig.write(0x4024, 1);
    expect([rig.told(), rig.read(0x4024)]).toEqual([[false, true], 1]);
    expect(rig.read(0x403c)).toBe(0);
    expect([rig.told(), rig.read(0x4024)]).toEqual([[false, false], 0]);
  });

  it('does not know harts that are not there', () => {
    const rig = inUse(false);
    rig.write(0x4040, 1);
    rig.write(0x3000 + 40, 0xffff_ffff);
    rig.wire(10, true);
    expect([rig.read(0x4040), rig.read(0x4058), rig.told()]).toEqual([0, 0, [false, false]]);
    expect(rig.read(0x3000 + 40)).toBe(0xfffc_00ff);
  });
});

describe('delivery by messages', () => {
  it('sends one message for a level, and another when it is asked whether the level is still there', () => {
    const rig = inUse(true);
    rig.wire(10, true);
    expect(rig.sent()).toEqual([{ level: 'supervisor', hart: 1, identity: 5 }]);
    rig.wire(11, true);
    rig.wire(11, false);
    expect(rig.sent()).toEqual([{ level: 'supervisor', hart: 1, identity: 3 }]);
    rig.write(0x2000, 10);
    rig.write(0x2000, 11);
    expect(rig.sent()).toEqual([{ level: 'supervisor', hart: 1, identity: 5 }]);
    rig.wire(10, false);
    rig.write(0x2000, 10);
    expect(rig.sent()).toEqual([]);
  });

  it('waits for enable bit and domain, and sends then', () => {
    const rig = inUse(true);
    rig.write(0x1fdc, 10);
    rig.wire(10, true);
    rig.write(0, 0);
    rig.wire(11, true);
    expect([rig.sent(), rig.read(0x1c00)]).toEqual([[], 0xc00]);
    rig.write(0, 0x100);
    expect(rig.sent().map(({ identity }) => identity)).toEqual([3]);
    rig.write(0x1e00, 0x400);
    expect(rig.sent().map(({ identity }) => identity)).toEqual([5]);
    expect(rig.read(0x1c00)).toBe(0);
  });

  it('sends a message of its own at any time', () => {
    const rig = makeRig({ messages: true });
    rig.write(0x3000, 0x4_0000 | 0x3_f000 | 0x807, 'machine');
    expect(rig.sent()).toEqual([{ level: 'machine', hart: 1, identity: 7 }]);
    expect(rig.read(0x3000, 'machine')).toBe(2 ** 18 + 7);
  });

  it('fixes the addresses of messages, and says so at machine level', () => {
    const rig = makeRig({ messages: true });
    for (const offset of [0x1bc0, 0x1bc4, 0x1bc8, 0x1bcc]) {
      for (const level of ['machine', 'supervisor'] as const) rig.write(offset, 0xffff_ffff, level);
    }
    expect([0x1bc0, 0x1bc4, 0x1bc8, 0x1bcc].map((offset) => rig.read(offset, 'machine'))).toEqual([
      0, 0x8000_0000, 0, 0,
    ]);
    expect([0x1bc0, 0x1bc4, 0x1bc8, 0x1bcc].map((offset) => rig.read(offset))).toEqual([0, 0, 0, 0]);
  });

  it('has no delivery structures', () => {
    const rig = makeRig({ messages: true });
    rig.write(0x4000, 1);
    expect([rig.read(0x4000), rig.read(0)]).toEqual([0, 0x8000_0004]);
  });
});

describe('domains', () => {
  it('share no source: a domain below has what the one above delegates', () => {
    const rig = makeRig();
    rig.write(4 * 5, LEVEL1);
    expect(rig.read(4 * 5)).toBe(0);
    rig.write(4 * 5, 0x7ff, 'machine');
    expect(rig.read(4 * 5, 'machine')).toBe(0x400);
    rig.write(4 * 5, LEVEL1);
    rig.wire(5, true);
    expect([rig.read(0x1c00), rig.read(0x1c00, 'machine')]).toEqual([0x20, 0]);
    // Taken back, nothing of it stays.
    rig.write(4 * 5, 0, 'machine');
    rig.write(4 * 5, 0x400, 'machine');
    expect([rig.read(0x1c00), rig.read(4 * 5), rig.read(0x3000 + 4 * 5)]).toEqual([0, 0, 0]);
  });

  it('has no domain to delegate to at the bottom', () => {
    const rig = makeRig({ machine: false });
    rig.write(4 * 5, LEVEL1);
    rig.write(4 * 5, 0x406);
    expect(rig.read(4 * 5)).toBe(0);
  });

  it('lets several users hold a wire', () => {
    const rig = inUse(false);
    const other = rig.controller.line(10);
    rig.wire(10, true);
    other?.set(true);
    rig.wire(10, false);
    expect(rig.told()).toEqual([false, true]);
    other?.set(false);
    expect(rig.told()).toEqual([false, false]);
  });

  it('sees wires that are up when a reset is over', () => {
    const rig = inUse(false);
    rig.wire(10, true);
    rig.domain('supervisor').reset();
    expect(rig.told()).toEqual([false, false]);
    rig.write(4 * 10, LEVEL1);
    expect(rig.read(0x1c00)).toBe(0x400);
  });

  it('has lines for its sources alone', () => {
    const { controller } = makeRig();
    for (const number of [0, -1, 97, 1.5, Number.NaN]) expect(controller.line(number)).toBeUndefined();
    expect(controller.line(96)).toBeDefined();
  });
});

describe('hostile accesses', () => {
  it.each([true, false])('are answered with words and change nothing outside, with messages: %s', (messages) => {
    const access = fc.record({
      write: fc.boolean(),
      offset: fc.oneof(fc.nat(0x7fff), fc.integer({ min: 0x1b00, max: 0x4100 })),
      width: fc.constantFrom(1 as const, 2 as const, 4 as const),
      value: fc.oneof(fc.nat(0xffff_ffff), fc.nat(100)),
      level: fc.constantFrom('supervisor' as const, 'machine' as const),
    });
    fc.assert(
      fc.property(fc.array(access), (accesses) => {
        const rig = makeRig({ messages });
        for (let source = 1; source <= 96; source += 3) rig.wire(source, true);
        for (const { write, offset, width, value, level } of accesses) {
          const aligned = offset - (offset % width);
          const before = rig.domain(level).capture();
          if (write) rig.region(level).write(aligned, width, value);
          else {
            const answer = rig.region(level).read(aligned, width);
            expect(Number.isInteger(answer) && answer >= 0 && answer <= 0xffff_ffff).toBe(true);
          }
          rig.region(level).write64?.(aligned - (aligned % 8), BigInt(value) * 0x1_0000_0001n);
          if (width !== 4) expect(rig.domain(level).capture()).toEqual(before);
        }
      }),
    );
  });
});
