import {
  all,
  bind,
  CharBackendToken,
  ClockToken,
  CONTRACTS_MAJOR,
  definePlugin,
  DeviceToken,
  InterruptControllerToken,
  type Schema,
} from '@vivarium/contracts';
import { describe, expect, it } from 'vitest';
import { fakeCharBackend, fakeMemory, setupPart } from '../src/index.ts';

const base = { name: 'subject', version: '1.0.0', api: CONTRACTS_MAJOR } as const;
const device = { regions: [], reset: () => {} };
const even: Schema<{ n: number }> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: (value) => {
      const n = (value as { n?: number }).n ?? 2;
      return n % 2 === 0 ? { value: { n } } : { issues: [{ message: 'must be even', path: ['n'] }] };
    },
  },
};

describe('setupPart', () => {
  it('hands out fakes for grants and requirements and shows what the part does with them', async () => {
    const backend = fakeCharBackend();
    const plugin = definePlugin<{ n: number }>({
      ...base,
      options: even,
      provides: [DeviceToken],
      requires: [CharBackendToken, all(InterruptControllerToken), ClockToken],
      grants: ['interrupts', 'timers', 'guest-memory'],
      setup: ({ id, get, all: every, grants, options, log }) => {
        expect(every(InterruptControllerToken)).toEqual([]);
        expect(get(ClockToken).now()).toBe(0);
        grants.timer(() => grants.interrupt('irq').set(true)).arm(100);
        grants.memory.write(0x8000_0000, Uint8Array.of(options.n));
        get(CharBackendToken).write(Uint8Array.of(7));
        log.info(`set up ${id}`);
        return { provides: [bind(DeviceToken, device)] };
      },
    });
    const subject = await setupPart(plugin, { options: { n: 4 }, provide: [bind(CharBackendToken, backend)] });
    expect(subject.device).toBe(device);
    expect(subject.memory.read(0x8000_0000, 1)).toEqual(Uint8Array.of(4));
    expect([...backend.output]).toEqual([7]);
    subject.clock.advance(99);
    expect(subject.interrupt('irq').level).toBe(false);
    subject.clock.advance(1);
    expect(subject.interrupt('irq')).toMatchObject({ level: true, raised: 1 });
    expect(subject.events).toEqual([{ name: 'log', event: { part: 'part0', level: 'info', message: 'set up part0' } }]);
  });

  it.each([
    ['an unmet requirement', definePlugin({ ...base, requires: [CharBackendToken], setup: () => ({}) }), {}],
    ['an undeclared requirement', definePlugin({ ...base, setup: ({ get }) => (get(ClockToken), {}) }), {}],
    ['an undeclared grant', definePlugin({ ...base, setup: ({ grants }) => (grants.memory, {}) }), {}],
    ['a bad option', definePlugin<{ n: number }>({ ...base, options: even, setup: () => ({}) }), { options: { n: 3 } }],
    ['options for a plugin that takes none', definePlugin({ ...base, setup: () => ({}) }), { options: {} }],
    [
      'a declared token that is not provided',
      definePlugin({ ...base, provides: [DeviceToken], setup: () => ({}) }),
      {},
    ],
    [
      'a token that is not declared',
      definePlugin({ ...base, setup: () => ({ provides: [bind(DeviceToken, device)] }) }),
      {},
    ],
    [
      'a host path without an answer',
      definePlugin({ ...base, grants: ['host-files'], setup: ({ grants }) => (grants.hostPath('x'), {}) }),
      {},
    ],
  ])('refuses %s, as the kernel does', async (_what, plugin, options) => {
    await expect(setupPart<never>(plugin as never, options)).rejects.toMatchObject({ code: 'VIV_TESTKIT_SETUP' });
  });
});

describe('fakeMemory', () => {
  it('answers like guest memory at and beyond the ends of its bank', () => {
    const memory = fakeMemory({ base: 0x1000, size: 16, privateSize: 32 });
    const heard: unknown[] = [];
    const remove = memory.onExternalWrite((...range) => heard.push(range));
    expect(memory.write(0x100c, Uint8Array.of(1, 2, 3, 4))).toBe(true);
    expect(memory.write(0x100d, Uint8Array.of(1, 2, 3, 4))).toBe(false);
    expect(memory.view(0xfff, 2)).toBeUndefined();
    expect(memory.view(2 ** 53, 1)).toBeUndefined();
    expect(memory.read(0x100c, 4)).toEqual(Uint8Array.of(1, 2, 3, 4));
    expect(heard).toEqual([[0x100c, 4]]);
    remove();
    memory.clear();
    expect(memory.read(0x100c, 4)).toEqual(new Uint8Array(4));
    expect(heard).toHaveLength(1);
    expect(memory.carve('cpu', 8, 16)).toBe(16);
    expect(memory.carve('cpu', 8, 16)).toBe(32);
    expect(() => memory.carve('cpu', 64, 16)).toThrow(expect.objectContaining({ code: 'VIV_TESTKIT_SETUP' }));
  });
});

describe('fakeCharBackend', () => {
  it('takes as much as it has room for and offers input again on resume', () => {
    const backend = fakeCharBackend();
    backend.room = 2;
    expect(backend.write(Uint8Array.of(1, 2, 3))).toBe(2);
    const received: number[] = [];
    let room = 1;
    let drained = 0;
    backend.send(Uint8Array.of(5, 6, 7));
    backend.connect({
      receive: (bytes) => {
        received.push(...bytes.subarray(0, room));
        return Math.min(room, bytes.length);
      },
      drained: () => drained++,
    });
    expect(received).toEqual([5]);
    expect(backend.waiting).toBe(2);
    room = 8;
    backend.resume();
    expect(received).toEqual([5, 6, 7]);
    backend.drained();
    expect(drained).toBe(1);
    expect([...backend.output]).toEqual([1, 2]);
  });
});
