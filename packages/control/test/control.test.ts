import type { OpenStream, Principal, StreamPeer } from '@vivarium/control';
import { describe, expect, it } from 'vitest';
import { Incarnation, World } from './world.ts';

const principal = (role: Principal['role']): Principal => ({ name: role ?? 'stranger', role, via: 'process' });
const admin = principal('admin');
const operator = principal('operator');
const viewer = principal('viewer');

const withControl = async (body: (incarnation: Incarnation) => Promise<void>): Promise<void> => {
  const incarnation = new Incarnation(new World());
  await incarnation.control.recover();
  await body(incarnation);
  await incarnation.host[Symbol.asyncDispose]();
};

/** Collects what a stream gives, and waits for it. */
class Peer implements StreamPeer {
  text = '';
  readonly notes: unknown[] = [];
  ended: unknown;
  over = false;
  takes = true;
  #look = (): void => {};

  bytes(_channel: number, bytes: Uint8Array): boolean {
    this.text += new TextDecoder().decode(bytes);
    this.#look();
    return this.takes;
  }

  note(note: unknown): boolean {
    this.notes.push(note);
    this.#look();
    return this.takes;
  }

  end(error?: unknown): void {
    this.over = true;
    this.ended = error;
    this.#look();
  }

  async until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      await new Promise<void>((resolve) => {
        this.#look = resolve;
      });
    }
  }
}

const type = (stream: OpenStream, text: string): number => stream.bytes(0, new TextEncoder().encode(text));

describe('roles', () => {
  it.each([
    ['create', 'admin'],
    ['destroy', 'admin'],
    ['audit', 'admin'],
    ['attachDevice', 'admin'],
    ['detachDevice', 'admin'],
    ['start', 'operator'],
    ['set', 'operator'],
    ['list', 'viewer'],
    ['usage', 'viewer'],
  ] as const)('%s takes %s, and whoever has less is refused and audited', (name, needed) =>
    withControl(async ({ control, audit }) => {
      const order = ['stranger', 'viewer', 'operator', 'admin'];
      for (const role of [undefined, 'viewer', 'operator'] as const) {
        const least = order.indexOf(role ?? 'stranger') >= order.indexOf(needed);
        const result = control.call(principal(role), name as string, { name: 'nobody' });
        if (!least) await expect(result).rejects.toMatchObject({ code: 'VIV_CONTROL_FORBIDDEN' });
        else await result.catch(() => {});
        const entries = (await audit.last(100)).filter(({ code }) => code === 'VIV_CONTROL_FORBIDDEN');
        expect(entries.some((entry) => entry.principal === (role ?? 'stranger'))).toBe(!least);
      }
    }),
  );

  it('streams are refused alike', () =>
    withControl(async ({ control, audit }) => {
      await control.call(admin, 'create', { name: 'web', template: 'plain', start: true });
      const input = { name: 'web', console: 'console0' };
      expect(() => control.open(viewer, 'attach', input, new Peer())).toThrow('takes the role operator');
      expect(() => control.open(viewer, 'exec', { name: 'web', command: 'id' }, new Peer())).toThrow('takes the role');
      const peer = new Peer();
      const stream = control.open(viewer, 'watch', input, peer);
      expect(type(stream, 'hello')).toBe(0);
      stream.close();
      expect((await audit.last(10)).map(({ operation, outcome }) => [operation, outcome])).toEqual([
        ['create', 'done'],
        ['attach', 'refused'],
        ['exec', 'refused'],
      ]);
    }));
});

describe('calls', () => {
  it('make, start, pause, change, stop and destroy a machine, and each is audited', () =>
    withControl(async ({ control, audit, world }) => {
      const name = 'web';
      expect(await control.call(admin, 'create', { name, template: 'plain', options: { a: 1 } })).toMatchObject({
        name,
        status: 'created',
        desired: 'created',
        template: 'plain',
        vcpus: 1,
        memory: 1 << 20,
        scheduled: false,
      });
      expect(world.cell(name).order.keepsake).toMatchObject({ description: { recipe: { options: { a: 1 } } } });
      await expect(control.call(admin, 'create', { name, template: 'plain' })).rejects.toMatchObject({
        code: 'VIV_CONTROL_NAME_TAKEN',
      });
      expect(await control.call(operator, 'start', { name })).toMatchObject({ status: 'running' });
      expect(await control.call(operator, 'pause', { name })).toMatchObject({ status: 'paused', desired: 'paused' });
      expect(await control.call(operator, 'resume', { name })).toMatchObject({ status: 'running' });
      expect(await control.call(operator, 'stop', { name })).toMatchObject({ status: 'ended', desired: 'stopped' });
      expect(await control.call(operator, 'start', { name })).toMatchObject({ status: 'running' });
      expect(await control.call(operator, 'kill', { name })).toMatchObject({ status: 'ended' });
      await control.call(admin, 'destroy', { name });
      await expect(control.call(viewer, 'inspect', { name })).rejects.toMatchObject({ code: 'VIV_CONTROL_NO_MACHINE' });
      const entries = await audit.last(100);
      expect(entries.map(({ operation, outcome, target }) => `${operation} ${target} ${outcome}`)).toEqual([
        'create web done',
        'create web failed',
        'start web done',
        'pause web done',
        'resume web done',
        'stop web done',
        'start web done',
        'kill web done',
        'destroy web done',
      ]);
    }));

  it.each([
    ['create', {}, 'name'],
    ['create', { name: '../../etc', template: 'plain' }, 'name'],
    ['create', { name: 'web', template: 'plain', weight: 0 }, 'weight'],
    ['create', { name: 'web', template: 'plain', cap: 1e9 }, 'cap'],
    ['create', { name: 'web', template: 'plain', module: 'file:///x' }, 'the input'],
    ['list', { all: true }, 'the input'],
    ['stop', { name: 'web', grace: -1 }, 'grace'],
    ['inspect', 'web', 'the input'],
    ['inspect', null, 'the input'],
    ['inspect', [], 'the input'],
  ])('%s refuses %j and says why', (name, input, field) =>
    withControl(async ({ control, audit }) => {
      await expect(control.call(admin, name, input)).rejects.toMatchObject({
        code: 'VIV_CONTROL_INPUT',
        message: expect.stringContaining(field) as string,
      });
      expect(await audit.last(10)).toMatchObject([{ operation: name, outcome: 'refused', code: 'VIV_CONTROL_INPUT' }]);
    }),
  );

  it.each(['nothing', 'toString', '__proto__', 'constructor', 'attach'])('there is no call %s', (name) =>
    withControl(async ({ control }) => {
      await expect(control.call(admin, name, {})).rejects.toMatchObject({ code: 'VIV_CONTROL_UNKNOWN' });
    }),
  );

  it('a template that there is none of, and a kind of cell that may not be asked for, make nothing', () =>
    withControl(async ({ control, world }) => {
      const made = (more: object) => control.call(admin, 'create', { name: 'web', template: 'plain', ...more });
      await expect(made({ template: 'toString' })).rejects.toMatchObject({ code: 'VIV_CONTROL_TEMPLATE' });
      await expect(made({ cell: 'process' })).rejects.toMatchObject({ code: 'VIV_CONTROL_INPUT' });
      await expect(made({ weight: 5 })).rejects.toMatchObject({ code: 'VIV_CONTROL_UNSCHEDULED' });
      expect(world.records.size).toBe(0);
      expect(world.cells.size).toBe(0);
    }));

  it('a kill does not wait for what was asked before', () =>
    withControl(async ({ control }) => {
      await control.call(admin, 'create', { name: 'web', template: 'plain', start: true });
      const pause = control.call(operator, 'pause', { name: 'web' });
      const kill = control.call(operator, 'kill', { name: 'web' });
      await Promise.allSettled([pause, kill]);
      expect(await control.call(viewer, 'inspect', { name: 'web' })).toMatchObject({ status: 'ended' });
    }));

  it('one that ended by itself is not wanted any more, and one that was wanted runs again after a power cut', async () => {
    const world = new World();
    const first = new Incarnation(world);
    for (const name of ['done', 'wanted', 'stopped']) {
      await first.control.call(admin, 'create', { name, template: 'plain', start: true });
    }
    world.cell('done').end({ kind: 'power-off' });
    await first.host.machine('done').ended();
    await first.control.call(admin, 'stop', { name: 'stopped' });
    await first.control.call(admin, 'start', { name: 'stopped' });
    await first.control.call(admin, 'stop', { name: 'stopped' });
    world.cells.clear();
    const next = new Incarnation(world);
    await next.control.recover();
    const { machines } = await next.control.call(admin, 'list', {});
    const [done, wanted, stopped] = ['done', 'wanted', 'stopped'].map((name) =>
      machines.find((it) => it.name === name),
    );
    expect(done).toMatchObject({ status: 'ended', desired: 'stopped', end: { kind: 'power-off' } });
    expect(wanted).toMatchObject({ status: 'running' });
    expect(stopped).toMatchObject({
      status: 'ended',
      end: { kind: 'power-off' },
      endedAt: expect.any(Number) as number,
    });
    expect(next.troubles).toEqual([]);
    await next.host[Symbol.asyncDispose]();
  });
});

describe('streams', () => {
  it('attach shows what was and what comes, takes input and sizes, and ends with the machine', () =>
    withControl(async ({ control, world }) => {
      await control.call(admin, 'create', { name: 'web', template: 'plain', start: true });
      world.cell('web').say('console0', 'before ');
      const early = new Peer();
      control.open(operator, 'attach', { name: 'web', console: 'console0' }, early);
      await early.until(() => early.text === 'before ');
      const peer = new Peer();
      const stream = control.open(operator, 'attach', { name: 'web', console: 'console0' }, peer);
      expect(peer.text).toBe('before ');
      stream.note({ kind: 'resize', columns: 80, rows: 24 });
      expect(() => stream.note({ kind: 'resize', columns: 0, rows: 24 })).toThrow('the note is none');
      expect(type(stream, 'hello')).toBe(5);
      await peer.until(() => peer.text.endsWith('HELLO'));
      await early.until(() => early.text.endsWith('HELLO'));
      expect(await control.call(viewer, 'logs', { name: 'web', console: 'console0', scrollback: 4 })).toEqual({
        text: 'ELLO',
      });
      await control.call(admin, 'destroy', { name: 'web' });
      await peer.until(() => peer.over);
      expect(peer.notes).toEqual([{ kind: 'closed' }]);
      expect(peer.ended).toBeUndefined();
      stream.close();
    }));

  it('a viewer that is slow misses what does not fit, and is told so', () =>
    withControl(async ({ control, world }) => {
      await control.call(admin, 'create', { name: 'web', template: 'plain', start: true });
      const slow = new Peer();
      slow.takes = false;
      const stream = control.open(viewer, 'watch', { name: 'web', console: 'console0' }, slow);
      const quick = new Peer();
      control.open(viewer, 'watch', { name: 'web', console: 'console0' }, quick);
      const line = 'x'.repeat(50_000);
      for (let piece = 0; piece < 20; piece++) world.cell('web').say('console0', line);
      await quick.until(() => quick.text.length === 20 * line.length);
      expect(slow.text.length).toBe(line.length);
      slow.takes = true;
      stream.resume();
      expect(slow.text.length).toBe(line.length + 256 * 1024);
      expect(slow.notes).toEqual([{ kind: 'lost', bytes: 19 * line.length - 256 * 1024 }]);
    }));

  it('events come in order, from where one was; a slow reader hears later what is kept', () =>
    withControl(async ({ control }) => {
      const all = new Peer();
      control.open(viewer, 'events', {}, all);
      const slow = new Peer();
      slow.takes = false;
      const stream = control.open(viewer, 'events', {}, slow);
      await control.call(admin, 'create', { name: 'web', template: 'plain', start: true });
      await control.call(admin, 'create', { name: 'db', template: 'plain' });
      await control.call(admin, 'destroy', { name: 'web' });
      const seen = all.notes as { readonly event: { readonly sequence: number; readonly name: string } }[];
      expect(seen.map(({ event }) => event.sequence)).toEqual(seen.map((_, index) => index + 1));
      expect(seen.map(({ event }) => event.name)).toEqual([
        'host:created',
        'host:started',
        'host:created',
        'host:ended',
        'host:destroyed',
      ]);
      slow.takes = true;
      stream.resume();
      expect(slow.notes).toEqual(all.notes);
      const late = new Peer();
      control.open(viewer, 'events', { since: 2, machine: 'db' }, late);
      expect(late.notes).toMatchObject([{ event: { sequence: 3, machine: 'db' } }, { kind: 'live' }]);
      const ahead = new Peer();
      control.open(viewer, 'events', { since: 500 }, ahead);
      await control.call(admin, 'destroy', { name: 'db' });
      expect(ahead.notes).toMatchObject([{ kind: 'live' }, { event: { sequence: 6 } }, { event: { sequence: 7 } }]);
    }));

  it('a reader of events that is slow for long learns how many it missed', () =>
    withControl(async ({ control }) => {
      const slow = new Peer();
      slow.takes = false;
      const stream = control.open(viewer, 'events', {}, slow);
      for (let round = 0; round < 400; round++) {
        await control.call(admin, 'create', { name: 'web', template: 'plain', start: true });
        await control.call(admin, 'destroy', { name: 'web' });
      }
      slow.takes = true;
      stream.resume();
      // Four of each round, and a thousand are kept; the first was told.
      expect(slow.notes.length).toBe(1 + 1 + 1000);
      expect(slow.notes[1]).toEqual({ kind: 'lost', events: 1600 - 1 - 1000 });
      expect(slow.notes.at(-1)).toMatchObject({ kind: 'event', event: { sequence: 1600 } });
      const late = new Peer();
      control.open(viewer, 'events', { since: 0 }, late);
      expect(late.notes.map((note) => (note as { readonly kind: string }).kind)).toEqual([
        ...Array.from({ length: 1000 }, () => 'event'),
        'live',
      ]);
    }));

  it('a stream about nothing is refused, and what is closed hears nothing more', () =>
    withControl(async ({ control, world }) => {
      await control.call(admin, 'create', { name: 'web', template: 'plain', start: true });
      const open = (input: object) => () => control.open(operator, 'attach', input, new Peer());
      expect(open({ name: 'none', console: 'console0' })).toThrow('there is no machine');
      expect(open({ name: 'web', console: 'none' })).toThrow('has no console');
      expect(() => control.open(operator, 'exec', { name: 'web', command: 'id' }, new Peer())).toThrow('no agent');
      const peer = new Peer();
      const stream = control.open(operator, 'attach', { name: 'web', console: 'console0' }, peer);
      stream.close();
      const other = new Peer();
      control.open(operator, 'attach', { name: 'web', console: 'console0' }, other);
      world.cell('web').say('console0', 'hello');
      await other.until(() => other.text === 'hello');
      expect(peer.text).toBe('');
      expect((await control.call(viewer, 'inspect', { name: 'web' })).consoles).toEqual([
        { name: 'console0', viewers: 1 },
      ]);
    }));
});

describe('the audit log', () => {
  it('is not filled by one that asks all day for what it may not have', () =>
    withControl(async ({ control, audit }) => {
      const guest: Principal = { name: 'guest', via: 'vsock' };
      const other: Principal = { name: 'other', via: 'vsock' };
      for (let count = 0; count < 500; count++) await control.call(guest, 'list', {}).catch(() => {});
      await control.call(other, 'list', {}).catch(() => {});
      const entries = await audit.last(1000);
      expect(entries.filter((entry) => entry.principal === 'guest').length).toBeLessThan(60);
      expect(entries.at(-1)).toMatchObject({ principal: 'other', role: 'none', via: 'vsock', outcome: 'refused' });
    }));

  it('keeps the beginning of inputs alone', () =>
    withControl(async ({ control, audit }) => {
      await control.call(admin, 'create', { name: 'web', template: 'plain', options: 'y'.repeat(10_000) });
      const [entry] = await audit.last(1);
      expect(entry?.input.length).toBe(512);
    }));
});

describe('memory that is taken from machines', () => {
  it('is asked for when a machine is made, kept with it, and told in its usage', async () => {
    const report = {
      size: 1 << 20,
      present: 4096,
      active: 0,
      zero: 8192,
      shared: 12_288,
      compressed: 16_384,
      compressedHeld: 1000,
      compressedMost: 65_536,
      swapped: 20_480,
      swapMost: 1 << 20,
      restored: 0,
      balloon: { actual: 24_576, target: 24_576, limit: 1 << 20 },
    };
    const reports = new Map([['dense', report]]);
    const world = new World();
    const { control, host } = new Incarnation(world, undefined, { memory: { reports, held: 5096, state: 'soft' } });
    await control.recover();
    await control.call(admin, 'create', { name: 'plain', template: 'plain' });
    await control.call(admin, 'create', {
      name: 'dense',
      template: 'plain',
      overcommit: { swap: 16 },
      salt: 'tenant',
      start: true,
    });
    expect(host.machines.map(({ description }) => [description.overcommit, description.claims])).toEqual([
      [undefined, undefined],
      [{ swap: 16 }, { salt: 'tenant' }],
    ]);
    const { memory, machines } = await control.call(viewer, 'usage', {});
    expect(memory).toMatchObject({ held: 5096, state: 'soft' });
    expect(machines.map(({ pages }) => pages)).toEqual([
      undefined,
      { present: 4096, active: 0, zero: 8192, shared: 12_288, compressed: 16_384, swapped: 20_480, balloon: 24_576 },
    ]);
    await expect(
      control.call(admin, 'create', { name: 'odd', template: 'plain', overcommit: { swap: -1 } }),
    ).rejects.toMatchObject({ code: 'VIV_CONTROL_INPUT' });
    await host[Symbol.asyncDispose]();
  });
});
