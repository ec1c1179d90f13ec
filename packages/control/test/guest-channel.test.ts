import type { Principal } from '@vivarium/control';
import { describe, expect, it, vi } from 'vitest';
import { Incarnation, PORT, World } from './world.ts';

const admin: Principal = { name: 'admin', role: 'admin', via: 'process' };
const operator: Principal = { name: 'operator', role: 'operator', via: 'process' };

interface Answer {
  readonly id: number | string | null;
  readonly output?: unknown;
  readonly problem?: { readonly code: string; readonly detail: string };
}

/** A control plane with a guest that manages it, and one that has nothing but the port. */
class Scene {
  readonly world = new World();
  incarnation = new Incarnation(this.world);

  async open(role: Principal['role'] = 'admin'): Promise<void> {
    const { control } = this.incarnation;
    await control.recover();
    const grant = role === undefined ? {} : { management: role };
    await control.call(admin, 'create', { name: 'manager', template: 'ported', ...grant, start: true });
    await control.call(admin, 'create', { name: 'guest', template: 'ported', start: true });
  }

  say(name: string, text: string): void {
    // No message of a cell has more.
    for (let at = 0; at < text.length; at += 60_000) this.world.cell(name).say(PORT, text.slice(at, at + 60_000));
  }

  answers(name: string): readonly Answer[] {
    return this.world
      .cell(name)
      .heard.split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Answer);
  }

  /** What it is told after it has asked, once there are so many answers to it. */
  async ask(name: string, lines: string, count = 1): Promise<readonly Answer[]> {
    const before = this.answers(name).length;
    this.say(name, lines);
    await vi.waitUntil(() => this.answers(name).length >= before + count, { timeout: 10_000, interval: 5 });
    return this.answers(name).slice(before);
  }

  async audited(): Promise<readonly (readonly unknown[])[]> {
    const entries = await this.incarnation.audit.last(1000);
    return entries.map(({ principal, via, role, operation, outcome, code }) => [
      principal,
      via,
      role,
      operation,
      outcome,
      code,
    ]);
  }

  async close(): Promise<void> {
    await this.incarnation.host[Symbol.asyncDispose]();
  }
}

const withScene = async (body: (scene: Scene) => Promise<void>, role?: Principal['role']): Promise<void> => {
  const scene = new Scene();
  await scene.open(role);
  await body(scene);
  await scene.close();
};

const request = (id: number | string, call: string, input?: object): string =>
  `${JSON.stringify({ id, call, ...(input === undefined ? {} : { input }) })}\n`;

describe('a guest with the grant to manage its host', () => {
  it('asks for operations as anyone with its role, and what it changes is audited', () =>
    withScene(async (scene) => {
      const [list] = await scene.ask('manager', request('a', 'list'));
      expect(list).toMatchObject({
        id: 'a',
        output: { machines: [{ name: 'manager', management: 'admin' }, { name: 'guest' }] },
      });
      expect(await scene.ask('manager', request(2, 'pause', { name: 'guest' }))).toMatchObject([
        { id: 2, output: { name: 'guest', status: 'paused' } },
      ]);
      expect((await scene.audited()).at(-1)).toEqual(['guest:manager', 'guest', 'admin', 'pause', 'done', undefined]);
    }));

  it('may do what its role may, and no more', () =>
    withScene(async (scene) => {
      const [view, pause] = await scene.ask('manager', request(1, 'list') + request(2, 'pause', { name: 'guest' }), 2);
      expect(view).toMatchObject({ id: 2, problem: { code: 'VIV_CONTROL_FORBIDDEN' } });
      expect(pause).toMatchObject({ id: 1, output: {} });
    }, 'viewer'));

  it.each(['destroy', 'stop', 'kill', 'pause', 'reset'])('cannot have itself ended or stopped: %s', (call) =>
    withScene(async (scene) => {
      expect(await scene.ask('manager', request(1, call, { name: 'manager' }))).toMatchObject([
        { problem: { code: 'VIV_CONTROL_SELF' } },
      ]);
      expect((await scene.audited()).at(-1)).toEqual([
        ...['guest:manager', 'guest', 'admin', call],
        ...['refused', 'VIV_CONTROL_SELF'],
      ]);
      expect(await scene.ask('manager', request(2, 'set', { name: 'manager' }))).toMatchObject([
        { problem: { code: 'VIV_CONTROL_UNSCHEDULED' } },
      ]);
    }),
  );

  it('writes numbers and the like as text, where it has nothing else', () =>
    withScene(async (scene) => {
      const [logs] = await scene.ask('manager', request(1, 'logs', { name: 'guest', console: PORT, scrollback: '7' }));
      expect(logs).toEqual({ id: 1, output: { text: '' } });
      const [cap] = await scene.ask('manager', request(2, 'set', { name: 'guest', weight: '512', cap: 'null' }));
      expect(cap).toMatchObject({ problem: { code: 'VIV_CONTROL_UNSCHEDULED' } });
      const [made] = await scene.ask(
        'manager',
        request(3, 'create', { name: '123', template: 'plain', start: 'true', options: '5' }),
      );
      expect(made).toMatchObject({ output: { name: '123', status: 'running' } });
      expect(scene.world.cell('123').order.keepsake).toMatchObject({ description: { recipe: { options: '5' } } });
      const [odd] = await scene.ask('manager', request(4, 'set', { name: 'guest', weight: 'much' }));
      expect(odd).toMatchObject({
        problem: { code: 'VIV_CONTROL_INPUT', detail: expect.stringContaining('weight') as unknown },
      });
    }));

  it('is asked for a port by whoever gives the grant', () =>
    withScene(async ({ incarnation: { control } }) => {
      const order = { name: 'deaf', template: 'plain', management: 'viewer' } as const;
      await expect(control.call(admin, 'create', order)).rejects.toMatchObject({ code: 'VIV_CONTROL_NO_PORT' });
      await expect(control.call(operator, 'create', order)).rejects.toMatchObject({ code: 'VIV_CONTROL_FORBIDDEN' });
    }));

  it('is not to be had by those who have less: consoles and commands take its role', () =>
    withScene(async ({ incarnation: { control } }) => {
      const peer = { bytes: () => true, note: () => true, end: () => {} };
      const attach = (name: string) => () => control.open(operator, 'attach', { name, console: 'console0' }, peer);
      expect(attach('manager')).toThrow('attach takes the role admin');
      expect(() => control.open(operator, 'exec', { name: 'manager', command: 'id' }, peer)).toThrow(
        'exec takes the role',
      );
      attach('guest')().close();
      control.open(admin, 'attach', { name: 'manager', console: 'console0' }, peer).close();
    }));

  it('is heard after it was started again, and by the next control plane, which does nothing twice', () =>
    withScene(async (scene) => {
      await scene.incarnation.control.call(admin, 'kill', { name: 'manager' });
      await scene.incarnation.control.call(admin, 'start', { name: 'manager' });
      expect(await scene.ask('manager', request(1, 'pause', { name: 'guest' }))).toMatchObject([{ output: {} }]);
      await scene.incarnation.control.call(admin, 'resume', { name: 'guest' });
      await scene.incarnation.control.leave();
      scene.incarnation = new Incarnation(scene.world);
      await scene.incarnation.control.recover();
      expect(await scene.ask('manager', request(2, 'inspect', { name: 'guest' }))).toMatchObject([
        { id: 2, output: { status: 'running' } },
      ]);
      expect(await scene.ask('guest', request(3, 'list'))).toMatchObject([
        { problem: { code: 'VIV_CONTROL_FORBIDDEN' } },
      ]);
      // One that comes back without a cell is heard once it has one.
      await scene.incarnation.control.call(admin, 'stop', { name: 'guest' });
      await scene.incarnation.control.leave();
      scene.incarnation = new Incarnation(scene.world);
      await scene.incarnation.control.recover();
      await scene.incarnation.control.call(admin, 'start', { name: 'guest' });
      expect(await scene.ask('guest', request(4, 'list'))).toMatchObject([
        { problem: { code: 'VIV_CONTROL_FORBIDDEN' } },
      ]);
    }));
});

describe('a guest without a grant', () => {
  it.each(['list', 'status', 'pause', 'destroy', 'create'])('is refused and audited: %s', (call) =>
    withScene(async (scene) => {
      expect(await scene.ask('guest', request(1, call, { name: 'manager' }))).toMatchObject([
        { id: 1, problem: { code: 'VIV_CONTROL_FORBIDDEN', status: 403 } },
      ]);
      expect((await scene.audited()).at(-1)).toEqual([
        ...['guest:guest', 'guest', 'none', call],
        ...['refused', 'VIV_CONTROL_FORBIDDEN'],
      ]);
    }),
  );

  it.each([
    ['not JSON', 'the line is not JSON', null],
    ['[]', 'the request', null],
    ['null', 'the request', null],
    ['{"id":7,"call":7}', 'call:', 7],
    ['{"id":8,"call":"list","role":"admin"}', 'the request', 8],
    [`{"id":"${'x'.repeat(65)}","call":"list"}`, 'id', null],
    ['{"id":{},"call":"list"}', 'id', null],
    ['{"id":9,"call":"list","input":[]}', 'input', 9],
    ['['.repeat(30_000), 'the line is not JSON', null],
    ['x'.repeat(100_000), 'longer than', null],
  ])('is told what is no request: %.40s', (line, detail, id) =>
    withScene(async (scene) => {
      const [answer] = await scene.ask('guest', `${line}\n`);
      expect(answer).toMatchObject({ id, problem: { code: 'VIV_CONTROL_INPUT' } });
      expect(answer?.problem?.detail).toContain(detail);
      expect((await scene.audited()).at(-1)).toEqual([
        ...['guest:guest', 'guest', 'none', '(no request)'],
        ...['refused', 'VIV_CONTROL_INPUT'],
      ]);
    }),
  );

  it.each(['attach', 'exec', 'events', 'toString', '__proto__'])(
    'cannot open streams, or what is nothing: %s',
    (call) =>
      withScene(async (scene) => {
        const input = { name: 'guest', console: 'console0', command: 'id' };
        for (const name of ['guest', 'manager']) {
          expect(await scene.ask(name, request(1, call, input))).toMatchObject([
            { problem: { code: 'VIV_CONTROL_UNKNOWN' } },
          ]);
        }
      }),
  );

  it('waits when it asks too fast, and others do not', () =>
    withScene(async (scene) => {
      const flood = request(1, 'list').repeat(20_000);
      const cell = scene.world.cell('guest');
      const before = performance.now();
      scene.say('guest', flood);
      expect(await scene.ask('manager', request(1, 'status'))).toMatchObject([{ output: { machines: 2 } }]);
      await expect.poll(() => scene.answers('guest').length).toBeGreaterThan(45);
      // Forty at once, and twenty a second.
      expect(scene.answers('guest').length).toBeLessThanOrEqual(41 + (performance.now() - before) / 50);
      // The guest waits: nobody has told its cell that the host has taken all that.
      expect(cell.taken).toBeLessThan(flood.length / 2);
    }));

  it('waits when it does not read, and costs its host nothing more', () =>
    withScene(async (scene) => {
      const cell = scene.world.cell('manager');
      cell.reads = false;
      for (let id = 0; id < 30; id++) scene.say('manager', request(id, 'nothing of this kind'.padEnd(60, '.')));
      const big = request('big', 'logs', { name: 'guest', console: 'console0' });
      scene.world.cell('guest').say('console0', '\u0001'.repeat(40_000));
      for (let id = 0; id < 8; id++) scene.say('manager', big);
      // Its console takes 64 KiB, and as much waits beside what was under way.
      await expect.poll(() => cell.heard.length).toBe(65_536);
      const ofGuest = (await scene.audited()).filter(([who]) => who === 'guest:manager').length;
      scene.say('manager', request('late', 'nothing'));
      expect(await scene.ask('guest', request(1, 'list'))).toMatchObject([{ problem: {} }]);
      expect((await scene.audited()).filter(([who]) => who === 'guest:manager')).toHaveLength(ofGuest);
    }));

  it('gets no answer that is too long', () =>
    withScene(async (scene) => {
      scene.world.cell('guest').say('console0', '\u0001'.repeat(60_000));
      const order = { name: 'guest', console: 'console0' };
      const shown = () => scene.incarnation.control.call(admin, 'logs', order);
      await expect.poll(shown).toEqual({ text: '\u0001'.repeat(60_000) });
      expect(await scene.ask('manager', request(1, 'logs', order))).toMatchObject([
        { id: 1, problem: { code: 'VIV_CONTROL_ANSWER' } },
      ]);
      const [less] = await scene.ask('manager', request(2, 'logs', { ...order, scrollback: 3 }));
      expect(less).toEqual({ id: 2, output: { text: '\u0001\u0001\u0001' } });
    }));

  it('is gone with its machine, and another of its name is another', () =>
    withScene(async (scene) => {
      const { control } = scene.incarnation;
      await control.call(admin, 'destroy', { name: 'manager' });
      await control.call(admin, 'create', { name: 'manager', template: 'ported', start: true });
      expect(await scene.ask('manager', request(1, 'list'))).toMatchObject([
        { problem: { code: 'VIV_CONTROL_FORBIDDEN' } },
      ]);
    }));
});
