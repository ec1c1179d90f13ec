import type { Grant, GrantHandles, InterruptLine, Timer } from '@vivarium/contracts';
import { describe, expect, it } from 'vitest';
import { assemble, type GrantPolicy } from '../src/index.ts';
import { resolveHostPath } from '../src/host-path.ts';
import {
  clock,
  clockPlugin,
  controller,
  controllerPlugin,
  memory,
  memoryPlugin,
  plugin,
  rejection,
} from './specimens.ts';

const EVERYTHING: GrantPolicy = { allows: () => true, hostRoots: ['/srv/guests'] };

/** A machine around one plugin that keeps its handles. */
const granted = async (grants: readonly Grant[], policy?: GrantPolicy) => {
  const parts = { clock: clock(), memory: memory(), pic: controller() };
  const kept: { handles?: GrantHandles } = {};
  const keeper = plugin({
    grants,
    setup: (context) => {
      kept.handles = context.grants;
      return {};
    },
  });
  const machine = await assemble(
    {
      name: 'm',
      parts: [
        { id: 'clock', plugin: clockPlugin(parts.clock) },
        { id: 'ram', plugin: memoryPlugin(parts.memory) },
        { id: 'pic', plugin: controllerPlugin(parts.pic) },
        {
          id: 'keeper',
          plugin: keeper,
          ...(grants.includes('interrupts') ? { interrupts: { irq: { controller: 'pic', line: 3 } } } : {}),
        },
      ],
    },
    policy === undefined ? {} : { policy },
  );
  return { ...parts, machine, handles: kept.handles as GrantHandles };
};

describe('grant policy', () => {
  it.each([
    ['guest-memory', true],
    ['interrupts', true],
    ['timers', true],
    ['host-files', false],
    ['host-network', false],
  ] as const)('by default decides %s: %s', async (grant, allowed) => {
    if (allowed) await (await granted([grant])).machine.dispose();
    else expect(await rejection(granted([grant]))).toMatchObject({ code: 'VIV_GRANT_REFUSED', details: { grant } });
  });

  it.each([
    ['refuses', () => false],
    [
      'throws',
      () => {
        throw new Error('boo');
      },
    ],
    ['answers with a promise', async () => true],
  ])('that %s gives nothing', async (_what, allows) => {
    const policy = { allows } as unknown as GrantPolicy;
    expect(await rejection(granted(['timers'], policy))).toMatchObject({ code: 'VIV_GRANT_REFUSED' });
  });

  it('is asked by plugin name', async () => {
    const asked: string[] = [];
    const { machine } = await granted(['timers'], { allows: (name, grant) => asked.push(`${name} ${grant}`) > 0 });
    expect(asked).toEqual([`${machine.parts[3]?.plugin} timers`]);
    await machine.dispose();
  });
});

describe('grant handles', () => {
  it('P10 of grants that the manifest does not list throw', async () => {
    const { machine, handles } = await granted([]);
    const undeclared: unknown = expect.objectContaining({ code: 'VIV_GRANT_UNDECLARED' });
    expect(() => handles.memory).toThrow(undeclared);
    expect(() => handles.interrupt('irq')).toThrow(undeclared);
    expect(() => handles.timer(() => {})).toThrow(undeclared);
    expect(() => handles.hostPath('x')).toThrow(undeclared);
    await machine.dispose();
  });

  it('reach the memory, the wired line and the clock of the machine', async () => {
    const { machine, handles, memory: ram, pic, clock: time } = await granted(['guest-memory', 'interrupts', 'timers']);
    const { interrupt, timer } = handles;
    expect(handles.memory.banks).toEqual(ram.banks);
    expect(handles.memory.write(0x8000_0000, Uint8Array.of(1))).toBe(true);
    expect(handles.memory.read(0x8000_0000, 1)).toEqual(Uint8Array.of(1));
    handles.memory.writableView(0x8000_0001, 1)?.set([2]);
    expect(handles.memory.view(0x8000_0000, 2)).toEqual(Uint8Array.of(1, 2));
    interrupt('irq').set(true);
    expect(pic.levels.get(3)).toBe(true);
    interrupt('unwired').set(true);
    expect([...pic.levels]).toEqual([[3, true]]);
    let fired = 0;
    const alarm = timer(() => fired++);
    alarm.arm(5);
    expect([alarm.deadline, time.armed.size]).toEqual([5, 1]);
    time.expire();
    expect(fired).toBe(1);
    alarm.cancel();
    expect([alarm.deadline, time.armed.size]).toEqual([undefined, 0]);
    await machine.dispose();
  });

  it('P9 kept after dispose do nothing and throw nothing', async () => {
    const { machine, handles, memory: ram, pic, clock: time } = await granted(['guest-memory', 'interrupts', 'timers']);
    const kept: { line: InterruptLine; timer: Timer; fired: number } = {
      line: handles.interrupt('irq'),
      timer: handles.timer(() => kept.fired++),
      fired: 0,
    };
    const guest = handles.memory;
    kept.timer.arm(5);
    await machine.start();
    await machine.dispose();
    expect(guest.write(0x8000_0000, Uint8Array.of(9))).toBe(false);
    expect([guest.read(0x8000_0000, 1), guest.view(0x8000_0000, 1), guest.writableView(0x8000_0000, 1)]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(guest.banks).toEqual([]);
    expect(ram.bytes[0]).toBe(0);
    kept.line.set(true);
    handles.interrupt('irq').set(true);
    expect(pic.levels.size).toBe(0);
    expect(time.armed.size).toBe(0);
    kept.timer.arm(6);
    handles.timer(() => kept.fired++).arm(7);
    time.expire();
    expect([time.armed.size, kept.timer.deadline, kept.fired]).toEqual([0, undefined, 0]);
  });

  it('P12 a timer that throws is reported once, against its part, and stops nothing', async () => {
    const { machine, handles, clock: time } = await granted(['timers']);
    const failures: unknown[] = [];
    machine.events.on('part:failure', ({ part, hook, error }) => failures.push([part, hook, String(error)]));
    handles.timer(() => {
      throw new Error('boo');
    });
    time.expire();
    time.expire();
    expect(failures).toEqual([['keeper', 'timer', 'Error: boo']]);
    await machine.dispose();
  });

  it('resolve host paths below the roots of the policy until dispose', async () => {
    const { machine, handles } = await granted(['host-files'], EVERYTHING);
    expect(handles.hostPath('disk.img')).toBe('/srv/guests/disk.img');
    expect(() => handles.hostPath('../disk.img')).toThrow(expect.objectContaining({ code: 'VIV_GRANT_PATH' }));
    await machine.dispose();
    expect(() => handles.hostPath('disk.img')).toThrow(expect.objectContaining({ code: 'VIV_GRANT_REVOKED' }));
  });
});

describe('host paths', () => {
  it.each([
    [['/srv'], '/srv', '/srv'],
    [['/srv/'], '/srv/a//b/./c/../d', '/srv/a/b/d'],
    [['/srv'], 'a/b', '/srv/a/b'],
    [['/srv'], '.', '/srv'],
    [['/a', '/b'], '/b/x', '/b/x'],
    [['/'], '/etc/hostname', '/etc/hostname'],
    [['C:\\vm'], 'c:/VM/disk.img', 'c:/VM\\disk.img'],
    [['C:\\vm'], 'sub\\disk.img', 'C:\\vm\\sub\\disk.img'],
    [['\\\\nas\\share\\vm'], '\\\\nas\\share\\vm\\x', '\\\\nas\\share\\vm\\x'],
  ])('below %j: %s is %s', (roots, path, expected) => {
    expect(resolveHostPath('p', roots, path)).toBe(expected);
  });

  it.each([
    [['/srv'], '/srvx'],
    [['/srv'], '/srv/../etc'],
    [['/srv'], '/etc'],
    [['/srv'], '..'],
    [['/srv'], 'a/../../etc'],
    [['/srv'], 'a\0b'],
    [['/srv'], '/../srv/x'],
    [['srv'], 'x'],
    [[], 'x'],
    [['C:\\vm'], 'C:\\vm2'],
    [['C:\\vm'], 'D:\\vm\\x'],
    [['C:\\vm'], 'C:x'],
    [['C:\\vm'], '\\windows'],
    [['C:\\vm'], '/windows'],
    [['C:\\vm'], '..\\x'],
    [['C:\\vm'], 'a\\..\\..\\x'],
    [['/srv'], 7 as unknown as string],
  ])('below %j: %j is refused', (roots, path) => {
    expect(() => resolveHostPath('p', roots, path)).toThrow(expect.objectContaining({ code: 'VIV_GRANT_PATH' }));
  });
});
