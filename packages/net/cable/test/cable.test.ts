import { MAXIMUM_FRAME, type NetFrame, type NetHandlers } from '@vivarium/contracts';
import { concatenate, frameOf } from '@vivarium/net-packet';
import * as fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { type CableEnd, type CableMessage, type CableOptions, createCableEnd } from '../src/index.ts';
import { settled } from './settled.ts';

/** A device that remembers what it is sent. */
class Device implements NetHandlers {
  readonly accepts = {};
  room = Number.POSITIVE_INFINITY;
  readonly heard: number[] = [];
  readonly frames: NetFrame[] = [];
  readonly links: boolean[] = [];
  drains = 0;

  receive(frame: NetFrame): boolean {
    if (this.room <= 0) return false;
    this.room -= 1;
    this.frames.push(frame);
    this.heard.push(concatenate(frame.pieces)[14] ?? -1);
    return true;
  }

  drained(): void {
    this.drains += 1;
  }

  linkChanged(up: boolean): void {
    this.links.push(up);
  }
}

const frame = (index: number, length = 60): NetFrame => {
  const bytes = new Uint8Array(length);
  bytes[14] = index;
  return frameOf(bytes);
};

const opened: { close(): void }[] = [];

afterEach(() => {
  for (const one of opened.splice(0)) one.close();
});

/** A cable end with a device, and the port of the other end, which may do as it likes. */
const endWith = (options: Partial<CableOptions> = {}) => {
  const { port1, port2 } = new MessageChannel();
  let tick = (): void => {};
  const end = createCableEnd({
    ...options,
    channel: port1,
    repeat: (act) => {
      tick = act;
      return () => {};
    },
  });
  const device = new Device();
  end.connect(device);
  opened.push(end, port2);
  return { end, device, port1, port2, tick: () => tick() };
};

/** The other end in the hands of a test: it says what it likes, and remembers what it hears. */
const stranger = (port: MessagePort) => {
  const heard: CableMessage[] = [];
  port.addEventListener('message', ({ data }) => heard.push(data as CableMessage));
  port.start();
  const say = (message: unknown): void => port.postMessage(message);
  return { heard, say, kinds: () => heard.map(({ kind }) => kind) };
};

const hello = { kind: 'hello', version: 1, session: 7, window: { frames: 4, bytes: 200_000 }, up: true };

/** Both ends, each with a device. */
const cable = async (options: Partial<CableOptions> = {}) => {
  const near = endWith(options);
  let tickFar = (): void => {};
  const far = createCableEnd({
    ...options,
    channel: near.port2,
    repeat: (act) => {
      tickFar = act;
      return () => {};
    },
  });
  const farDevice = new Device();
  far.connect(farDevice);
  opened.push(far);
  const settle = () => settled(near.port1, near.port2);
  await settle();
  return { ...near, far, farDevice, settle, tickFar: () => tickFar() };
};

describe('a cable', () => {
  it('is up once both ends are there, whichever comes first', async () => {
    const { end, device, far, farDevice } = await cable();
    expect([end.linkUp, far.linkUp, device.links, farDevice.links]).toEqual([true, true, [true], [true]]);
  });

  it('carries frames both ways, in order, with their offloads', async () => {
    const { end, device, far, farDevice, settle } = await cable();
    for (let index = 0; index < 100; index += 1) {
      expect(end.send(frame(index))).toBe(true);
      expect(far.send(frame(index))).toBe(true);
    }
    await settle();
    const all = Array.from({ length: 100 }, (_, index) => index);
    expect([device.heard, farDevice.heard]).toEqual([all, all]);
    Object.assign(farDevice.accepts, { checksum: true });
    end.send({ ...frame(1), offload: { checksum: { start: 14, offset: 6 } } });
    await settle();
    expect(farDevice.frames.at(-1)?.offload).toEqual({ checksum: { start: 14, offset: 6 } });
  });

  it('makes a device wait while the other end has a window of its frames, and loses none', async () => {
    const { end, device, farDevice, far, settle } = await cable({ queue: { frames: 8, bytes: 200_000 } });
    farDevice.room = 0;
    let taken = 0;
    for (let index = 0; index < 20; index += 1) if (end.send(frame(index))) taken += 1;
    expect(taken).toBe(8);
    await settle();
    expect([end.send(frame(99)), device.drains]).toEqual([false, 0]);
    farDevice.room = 3;
    far.resume();
    await settle();
    expect(device.drains).toBe(1);
    while (end.send(frame(taken))) taken += 1;
    farDevice.room = 100;
    far.resume();
    await settle();
    expect(farDevice.heard).toEqual(Array.from({ length: taken }, (_, index) => index));
  });

  it('can be pulled out and put back at either end', async () => {
    const { end, device, far, farDevice, settle } = await cable();
    farDevice.room = 0;
    end.send(frame(1));
    await settle();
    far.setLink(false);
    await settle();
    expect([end.linkUp, far.linkUp, device.links, farDevice.links]).toEqual([
      false,
      false,
      [true, false],
      [true, false],
    ]);
    expect(end.send(frame(2))).toBe(true);
    farDevice.room = 9;
    far.setLink(true);
    far.resume();
    await settle();
    end.send(frame(3));
    await settle();
    expect([farDevice.heard, end.counters.sendDrops, far.counters.receiveDrops]).toEqual([
      [3],
      { link: 1 },
      { flushed: 1 },
    ]);
  });

  it('goes down when the other end closes', async () => {
    const { end, device, far, settle } = await cable();
    far.close();
    await settle();
    expect([end.linkUp, end.closed, device.links]).toEqual([false, true, [true, false]]);
    expect(end.send(frame(1))).toBe(true);
  });

  it('goes down when the other end is silent, lets the device off that waits, and comes back', async () => {
    const { end, device, farDevice, settle, tick, tickFar } = await cable({ queue: { frames: 4, bytes: 200_000 } });
    farDevice.room = 0;
    while (end.send(frame(1)));
    for (let count = 0; count < 4; count += 1) tick();
    expect([end.linkUp, device.drains]).toEqual([false, 1]);
    tickFar();
    await settle();
    expect([end.linkUp, device.links]).toEqual([true, [true, false, true]]);
  });

  it('gives nothing to a machine that is paused', async () => {
    const { end, far, farDevice, settle } = await cable();
    far.hold();
    end.send(frame(1));
    await settle();
    expect(farDevice.heard).toEqual([]);
    far.release();
    expect(farDevice.heard).toEqual([1]);
  });
});

describe('an end whose other end is a stranger', () => {
  it('answers each new session with a hello, and no other message', async () => {
    const { port1, port2, end } = endWith();
    const { say, kinds } = stranger(port2);
    for (let count = 0; count < 3; count += 1) say(hello);
    say({ ...hello, session: 8 });
    await settled(port1, port2);
    expect([kinds(), end.linkUp]).toEqual([['hello', 'hello', 'hello'], true]);
  });

  it('says hello to one who is alive and unknown', async () => {
    const { port1, port2 } = endWith();
    const { say, kinds } = stranger(port2);
    say({ kind: 'alive' });
    await settled(port1, port2);
    expect(kinds()).toEqual(['hello', 'hello']);
  });

  it('gives a new session all of its window, though the old one never took what it was sent', async () => {
    const { port1, port2, end, device } = endWith();
    const { say } = stranger(port2);
    say(hello);
    await settled(port1, port2);
    while (end.send(frame(1)));
    say({ ...hello, session: 8 });
    await settled(port1, port2);
    expect([device.drains, end.send(frame(2))]).toEqual([1, true]);
  });

  it('does not say to a new session what it took of the old one', async () => {
    const { port1, port2, end, device } = endWith({ queue: { frames: 4, bytes: 200_000 } });
    const { say, kinds } = stranger(port2);
    device.room = 0;
    say(hello);
    for (let count = 0; count < 4; count += 1) say({ kind: 'frame', bytes: new Uint8Array(60) });
    say({ ...hello, session: 8 });
    await settled(port1, port2);
    expect([kinds(), end.counters.receiveDrops]).toEqual([['hello', 'hello', 'hello'], { flushed: 4 }]);
  });

  it('is not made to send more by one who takes what it was never sent', async () => {
    const { port1, port2, end } = endWith();
    const { say } = stranger(port2);
    say(hello);
    say({ kind: 'taken', frames: 1000, bytes: 0 });
    await settled(port1, port2);
    let taken = 0;
    while (end.send(frame(1))) taken += 1;
    expect([taken, end.counters.malformed]).toEqual([4, 1]);
  });

  it('drops what exceeds the window, and closes when that goes on', async () => {
    const { port1, port2, end, device } = endWith({ queue: { frames: 4, bytes: 200_000 } });
    const { say } = stranger(port2);
    device.room = 0;
    say(hello);
    const bytes = new Uint8Array(60);
    for (let count = 0; count < 100; count += 1) say({ kind: 'frame', bytes });
    await settled(port1, port2);
    expect([end.closed, end.counters.receiveDrops]).toEqual([false, { queue: 96 }]);
    for (let count = 0; count < 1000; count += 1) say({ kind: 'frame', bytes });
    await settled(port1, port2);
    expect([end.closed, end.linkUp]).toEqual([true, false]);
  });

  it('takes no frame before a hello, none too long, and none that another thread can still change', async () => {
    const { port1, port2, end, device } = endWith();
    const { say } = stranger(port2);
    say({ kind: 'frame', bytes: new Uint8Array(60) });
    say(hello);
    say({ kind: 'frame', bytes: new Uint8Array(1519) });
    say({ kind: 'frame', bytes: new Uint8Array(MAXIMUM_FRAME + 1) });
    const shared = new Uint8Array(new SharedArrayBuffer(60));
    say({ kind: 'frame', bytes: shared });
    say({ kind: 'frame', bytes: new Uint8Array(new ArrayBuffer(1_000_000), 5, 60) });
    await settled(port1, port2);
    expect(end.counters).toMatchObject({ receiveDrops: { link: 1, oversize: 1 }, malformed: 1 });
    const kept = device.frames.map(({ pieces }) => pieces[0]?.buffer);
    expect(kept.map((buffer) => [buffer instanceof ArrayBuffer, buffer?.byteLength])).toEqual([
      [true, 60],
      [true, 60],
    ]);
  });

  it('outlives any messages, and hears one who keeps to the rules afterwards', async () => {
    const odd = fc.oneof(
      fc.integer(),
      fc.double(),
      fc.constantFrom(null, undefined, true, false, 'x', {}, [], -1, 2 ** 53),
      fc.uint8Array({ maxLength: 40 }),
    );
    const message = fc.oneof(
      odd,
      fc.record(
        {
          kind: fc.constantFrom('hello', 'frame', 'taken', 'link', 'alive', 'hallo'),
          version: fc.oneof(fc.constant(1), odd),
          session: odd,
          window: fc.oneof(odd, fc.record({ frames: odd, bytes: odd })),
          up: fc.oneof(fc.boolean(), odd),
          frames: odd,
          bytes: odd,
          offload: fc.oneof(odd, fc.record({ checksum: odd, segment: odd })),
        },
        { requiredKeys: ['kind'] },
      ),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(message, { maxLength: 30 }), async (messages) => {
        const { port1, port2, end, device } = endWith();
        const { say } = stranger(port2);
        for (const one of messages) say(one);
        say({ ...hello, session: 2 ** 40 });
        say({ kind: 'frame', bytes: frame(77).pieces[0] ?? new Uint8Array() });
        await settled(port1, port2);
        expect(device.heard.at(-1)).toBe(77);
        expect(end.linkUp).toBe(true);
        for (const one of opened.splice(0)) one.close();
      }),
      { numRuns: 50 },
    );
  });
});

describe('a channel that fails', () => {
  it('costs frames, and throws nothing', () => {
    const end: CableEnd = createCableEnd({
      channel: {
        postMessage: () => {
          throw new Error('no more');
        },
        addEventListener: () => {},
        removeEventListener: () => {},
      },
    });
    expect(end.send(frame(1))).toBe(true);
    end.close();
  });

  it('is refused when it is none', () => {
    expect(() => createCableEnd({ channel: {} as MessagePort })).toThrow('message channel');
  });
});
