import type { NetFrame, NetHandlers, NetOffloads } from '@vivarium/contracts';
import { frameOf, tcpFrame } from '@vivarium/net-packet';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameOutlet, type OutletDrop } from '../src/index.ts';

const frame = (index: number, length = 60): NetFrame => frameOf(Uint8Array.of(index, ...new Uint8Array(length - 1)));

/** A device with as much room as the test gives it. */
class Device implements NetHandlers {
  accepts: NetOffloads = {};
  room = Number.POSITIVE_INFINITY;
  readonly taken: number[] = [];
  offered = 0;
  drains = 0;
  within: (() => void) | undefined;

  receive({ pieces }: NetFrame): boolean {
    this.offered += 1;
    this.within?.();
    if (this.room <= 0) return false;
    this.room -= 1;
    this.taken.push(pieces[0]?.[0] ?? -1);
    return true;
  }

  drained(): void {
    this.drains += 1;
  }

  linkChanged(): void {}
}

const setup = (limits = { frames: 4, bytes: 1000 }) => {
  const drops: Partial<Record<OutletDrop, number>> = {};
  let left = 0;
  const outlet = new FrameOutlet({
    limits,
    left: (bytes) => (left += bytes),
    dropped: (reason, count) => {
      if (count > 0) drops[reason] = (drops[reason] ?? 0) + count;
    },
  });
  const device = new Device();
  return { outlet, device, drops, left: () => left };
};

describe('the way out to a device', () => {
  it('drops frames while no device is plugged in, and gives their room back', () => {
    const { outlet, drops, left } = setup();
    outlet.deliver(frame(1));
    expect([drops, left(), outlet.length]).toEqual([{ unplugged: 1 }, 60, 0]);
  });

  it('keeps frames within its bounds while the device has no room, and drops the newest', () => {
    const { outlet, device, drops, left } = setup();
    outlet.connect(device);
    device.room = 0;
    for (let index = 0; index < 6; index += 1) outlet.deliver(frame(index));
    expect([outlet.length, drops, left(), device.offered]).toEqual([4, { queue: 2 }, 120, 1]);
    device.room = 10;
    outlet.resume();
    expect([device.taken, left()]).toEqual([[0, 1, 2, 3], 360]);
  });

  it('tells a device once that it may go on, when it was refused and has not begun anew', () => {
    const { outlet, device } = setup();
    outlet.connect(device);
    outlet.drained();
    expect([outlet.refuse(), outlet.waits, device.drains]).toEqual([false, true, 0]);
    outlet.flush();
    outlet.drained();
    outlet.drained();
    expect([outlet.waits, device.drains]).toEqual([false, 1]);
    outlet.refuse();
    outlet.reset();
    outlet.drained();
    outlet.refuse();
    outlet.connect(device);
    outlet.drained();
    expect(device.drains).toBe(1);
  });

  it('bounds bytes, but lets one frame of any length in', () => {
    const { outlet, device, drops } = setup();
    outlet.connect(device);
    device.room = 0;
    outlet.deliver(frame(0, 5000));
    outlet.deliver(frame(1));
    expect([outlet.length, drops]).toEqual([1, { queue: 1 }]);
  });

  it('cuts for a device that does not, and goes on where it was refused', () => {
    const { outlet, device, left } = setup({ frames: 4, bytes: 100_000 });
    const ends = { sourceMac: 0x5254_0000_0001, destinationMac: 0x5254_0000_0002, source: 1, destination: 2 };
    const header = { sourcePort: 1, destinationPort: 2, sequence: 0, acknowledgment: 0, flags: 0x10, window: 1 };
    const bytes = tcpFrame(ends, header, new Uint8Array(3000));
    outlet.connect(device);
    device.room = 2;
    outlet.deliver({ ...frameOf(bytes), offload: { segment: { protocol: 'tcp4', size: 1000, headerLength: 54 } } });
    expect([device.taken.length, device.offered, outlet.length, left()]).toEqual([2, 3, 1, 0]);
    device.room = 1;
    outlet.resume();
    expect([device.taken.length, device.offered, outlet.length, left()]).toEqual([3, 4, 0, bytes.length]);
  });

  it('gives nothing while it is held, whatever the device resumes', () => {
    const { outlet, device } = setup();
    outlet.connect(device);
    outlet.hold();
    outlet.deliver(frame(1));
    outlet.resume();
    expect(device.offered).toBe(0);
    outlet.release();
    expect(device.taken).toEqual([1]);
  });

  it('stands a device that flushes, or is replaced, from within receive', () => {
    const { outlet, device, drops } = setup();
    const next = new Device();
    outlet.connect(device);
    device.within = () => {
      device.within = undefined;
      outlet.deliver(frame(2));
      outlet.connect(next);
      outlet.deliver(frame(3));
    };
    outlet.deliver(frame(1));
    expect([device.offered, next.taken, drops]).toEqual([1, [3], { flushed: 2 }]);
  });

  it('neither loses nor doubles a frame, in any order of events', () => {
    const event = fc.oneof(
      fc.constant('deliver' as const),
      fc.constant('resume' as const),
      fc.constant('hold' as const),
      fc.constant('release' as const),
      fc.integer({ min: 0, max: 3 }),
    );
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (events) => {
        const { outlet, device, drops, left } = setup();
        outlet.connect(device);
        let sent = 0;
        for (const one of events) {
          if (typeof one === 'number') device.room = one;
          else if (one === 'deliver') outlet.deliver(frame(sent++));
          else outlet[one]();
        }
        const dropped = drops.queue ?? 0;
        expect(device.taken.length + outlet.length + dropped).toBe(sent);
        expect(device.taken).toEqual([...device.taken].sort((a, b) => a - b));
        expect(left()).toBe(60 * (sent - outlet.length));
      }),
    );
  });
});
