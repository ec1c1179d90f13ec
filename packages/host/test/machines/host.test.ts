import type { EndFacts, ResourcePolicy, SupervisionPolicy } from '@vivarium/contracts';
import {
  type CellKind,
  createHost,
  type Host,
  type HostEvent,
  type HostOptions,
  inlineCells,
  type MachineDescription,
} from '@vivarium/host';
import { describe, expect, it } from 'vitest';
import { program, Reader, recipe } from '../cells/cell-suite.ts';

const machine = (name: string, run = 'spin', more: Partial<MachineDescription> = {}): MachineDescription => ({
  name,
  cell: 'inline',
  recipe: program(run),
  ...more,
});

/** Inline cells that are counted, and whose launch can be made to fail. */
class Counted implements CellKind {
  readonly name = 'inline';
  live = 0;
  launched = 0;
  failing = false;

  async launch(order: Parameters<CellKind['launch']>[0]) {
    if (this.failing) throw new Error('no launch today');
    const link = await inlineCells().launch(order);
    this.live++;
    this.launched++;
    void link.died.then(() => this.live--);
    return link;
  }
}

const withHost = async (
  options: Partial<HostOptions>,
  body: (host: Host, cells: Counted, events: readonly HostEvent[]) => Promise<void>,
): Promise<void> => {
  const cells = new Counted();
  const events: HostEvent[] = [];
  {
    await using host = createHost({ kinds: [cells], ...options });
    host.on((event) => events.push(event));
    await body(host, cells, events);
  }
  expect(cells.live).toBe(0);
};

const named = (events: readonly HostEvent[], name: string) => events.filter((event) => event.name === name);
const always = (after = 0): SupervisionPolicy => ({
  name: 'always',
  ended: () => ({ kind: 'restart', after }),
  silent: () => 'kill',
});

describe('a host', () => {
  it('creates, starts, lists and destroys machines', () =>
    withHost({}, async (host, cells, events) => {
      const one = await host.create(machine('one'));
      await host.create(machine('two', 'hello'));
      expect(host.machines.map(({ name, status }) => [name, status])).toEqual([
        ['one', 'created'],
        ['two', 'created'],
      ]);
      await one.start();
      await one.pause();
      expect(one.status).toBe('paused');
      await one.resume();
      await one.reset();
      expect(host.machine('one').info()).toMatchObject({
        name: 'one',
        cell: 'inline',
        status: 'running',
        facts: { vcpus: 1, memory: 16 << 20 },
        restarts: 0,
      });
      const two = host.machine('two');
      const reader = new Reader();
      two.console('console0').attach(reader);
      await two.start();
      expect(await two.ended()).toEqual({ kind: 'power-off' });
      expect(reader.text).toBe('hello\n');
      expect(two.info()).toMatchObject({ status: 'ended', end: { kind: 'power-off' } });
      await one.destroy();
      expect(host.machines).toHaveLength(1);
      expect(() => host.machine('one')).toThrowError(expect.objectContaining({ code: 'VIV_HOST_UNKNOWN' }));
      expect(cells.launched).toBe(2);
      expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, index) => index + 1));
      expect(named(events, 'host:ended').map(({ machine: name }) => name)).toEqual(['two', 'one']);
      expect(named(events, 'machine:state').length).toBeGreaterThan(0);
    }));

  it('says what a machine is as JSON, whatever it did', () =>
    withHost({}, async (host, _, events) => {
      const guest = await host.create(machine('faulty', 'trapLoop'));
      await guest.start();
      await guest.ended();
      const { end } = JSON.parse(JSON.stringify(guest.info())) as { readonly end: { readonly kind: string } };
      expect(end.kind).toBe('fault');
      expect(() => JSON.stringify(events)).not.toThrow();
    }));

  it('starts a machine that has ended in a new cell, with the viewers it had', () =>
    withHost({}, async (host, cells) => {
      const guest = await host.create(machine('again', 'hello'));
      const reader = new Reader();
      guest.console('console0').attach(reader);
      for (let round = 0; round < 3; round++) {
        await guest.start();
        await guest.ended();
      }
      expect(reader.text).toBe('hello\n'.repeat(3));
      expect(cells.launched).toBe(3);
    }));

  it.each([
    [{ name: '../evil' }, 'name'],
    [{ name: 'x'.repeat(65) }, 'name'],
    [{ cell: 'none' }, 'cell'],
    [{ recipe: { module: 7 } }, 'recipe.module'],
    [{ limits: { heap: -1 } }, 'limits.heap'],
    [{ surprise: true }, 'surprise'],
    [{ recipe: { ...program('spin'), options: 'x'.repeat(2 << 20) } }, 'recipe.options'],
  ])('refuses a description that is none: %#', (fields, path) =>
    withHost({}, async (host) => {
      const description = { ...machine('good'), ...fields } as unknown as MachineDescription;
      const error: unknown = await host.create(description).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'VIV_HOST_DESCRIPTION' });
      expect(String(error)).toContain(path);
      expect(host.machines).toEqual([]);
    }),
  );

  it('holds on to names and limits, also while machines are being made', () =>
    withHost({ limits: { machines: 3, memory: 40 << 20 } }, async (host, cells) => {
      const first = host.create(machine('a'));
      await expect(host.create(machine('a'))).rejects.toMatchObject({ code: 'VIV_HOST_NAME_TAKEN' });
      await first;
      await host.create(machine('b'));
      await expect(host.create(machine('c'))).rejects.toMatchObject({ code: 'VIV_HOST_FULL' });
      expect(cells.live).toBe(2);
      await host.machine('a').stop();
      await host.create(machine('c'));
      await expect(host.create(machine('d'))).rejects.toMatchObject({ code: 'VIV_HOST_FULL' });
      await expect(host.machine('a').start()).rejects.toMatchObject({ code: 'VIV_HOST_FULL' });
      await host.machine('b').destroy();
      await host.machine('a').start();
      expect(host.machine('a').status).toBe('running');
    }));

  it('asks the admission policy, with what machines claim and what they are', () => {
    const asked: unknown[] = [];
    const policy = {
      admit: (_: unknown, running: readonly { readonly guest: string }[], candidate: { readonly guest: string }) => {
        asked.push([running.map(({ guest }) => guest), candidate]);
        return running.length === 0
          ? { admitted: true }
          : { admitted: false, short: [{ resource: 'cpu', asked: 2, free: 1, message: 'one pCPU is too few' }] };
      },
    } as unknown as ResourcePolicy;
    return withHost({ admission: { policy, capacity: { cpu: 1000, memory: 1 << 30 } } }, async (host) => {
      await host.create(machine('a'));
      const claims = { cpu: { shares: 5, reservation: 500 } };
      await expect(host.create(machine('b', 'spin', { claims }))).rejects.toMatchObject({
        code: 'VIV_HOST_FULL',
        message: expect.stringContaining('one pCPU is too few') as string,
      });
      expect(asked[1]).toEqual([
        ['a'],
        { guest: 'b', vcpus: 1, cpu: { shares: 5, reservation: 500 }, memory: { shares: 1000, size: 16 << 20 } },
      ]);
    });
  });

  it('runs the recipes that it knows, and no others', () =>
    withHost(
      {
        resolve: ({ module, options }) => {
          if (module !== 'echo') throw new Error(`no recipe ${module}`);
          return { ...recipe('polite', { run: 'echo' }), options: { run: 'echo', ...(options as object) } };
        },
      },
      async (host) => {
        await expect(host.create(machine('a'))).rejects.toThrow('no recipe');
        const guest = await host.create(machine('b', '', { recipe: { module: 'echo' } }));
        await guest.start();
        expect(await guest.powerOff()).toEqual({ kind: 'power-off' });
      },
    ));
});

describe('machines that end by themselves', () => {
  it('are started again as the policy decides, which is told the facts', () => {
    const facts: EndFacts[] = [];
    const policy: SupervisionPolicy = {
      name: 'thrice',
      ended: (each) => {
        facts.push(each);
        return each.restarts.length < 2
          ? { kind: 'restart', after: 1 }
          : { kind: 'give-up', reason: 'twice is enough' };
      },
      silent: () => 'kill',
    };
    return withHost({ supervision: policy }, async (host, cells, events) => {
      const guest = await host.create(machine('m', 'trapLoop', { restart: 'always' }));
      await guest.start();
      const gaveUp = new Promise<void>((resolve) => {
        host.on(({ name }) => {
          if (name === 'host:gave-up') resolve();
        });
      });
      await gaveUp;
      expect(facts.map(({ restarts }) => restarts.length)).toEqual([0, 1, 2]);
      expect(facts[0]).toMatchObject({ machine: 'm', end: 'fault', code: 'GUEST_TRAP_LOOP', wish: 'always' });
      expect(guest.info()).toMatchObject({ status: 'ended', restarts: 2 });
      expect(cells.launched).toBe(3);
      expect(named(events, 'host:restart')).toHaveLength(2);
    });
  });

  it('are left alone when that was asked for', () =>
    withHost({ supervision: always() }, async (host, cells, events) => {
      const guest = await host.create(machine('m'));
      await guest.start();
      expect(await guest.stop()).toEqual({ kind: 'stopped' });
      await guest.start();
      await guest.kill();
      expect(guest.status).toBe('ended');
      expect(cells.launched).toBe(2);
      expect(named(events, 'host:ended').map(({ event }) => event)).toEqual([
        { end: { kind: 'stopped' }, asked: true },
        { end: { kind: 'stopped' }, asked: true },
      ]);
    }));

  it('are not started again once they are stopped or destroyed while they wait for it', () =>
    withHost({ supervision: always(60_000) }, async (host) => {
      const guest = await host.create(machine('m', 'hello'));
      await guest.start();
      await guest.ended();
      expect(guest.status).toBe('waiting');
      await guest.stop();
      expect(guest.status).toBe('ended');
      await guest.start();
      await guest.ended();
      expect(guest.status).toBe('waiting');
      await guest.destroy();
      expect(host.machines).toEqual([]);
    }));

  it('do not take the host with them when a policy or a start fails', () => {
    let ends = 0;
    const policy: SupervisionPolicy = {
      name: 'broken',
      ended: () => {
        ends++;
        if (ends === 2) throw new Error('the policy failed');
        return { kind: 'restart', after: 0 };
      },
      silent: () => 'kill',
    };
    return withHost({ supervision: policy }, async (host, cells, events) => {
      const guest = await host.create(machine('m', 'hello'));
      cells.failing = true;
      const failed = new Promise<void>((resolve) => {
        host.on(({ name }) => {
          if (name === 'host:failure') resolve();
        });
      });
      await guest.start();
      await failed;
      expect(guest.info()).toMatchObject({ status: 'ended', end: { kind: 'crashed' } });
      expect(named(events, 'host:failure')[0]?.event).toMatchObject({ message: 'the policy failed' });
    });
  });

  it('bear any order of starts, stops and kills', () =>
    withHost({ supervision: always() }, async (host, cells) => {
      const guest = await host.create(machine('m'));
      const settled = await Promise.allSettled([
        guest.start(),
        guest.start(),
        guest.kill(),
        guest.start(),
        guest.stop(),
        guest.powerOff(1),
        guest.destroy(),
        guest.destroy(),
      ]);
      expect(settled[6]).toMatchObject({ status: 'fulfilled' });
      expect(guest.status).toBe('destroyed');
      expect(cells.live).toBe(0);
      await expect(guest.start()).rejects.toMatchObject({ code: 'VIV_HOST_STATE' });
    }));
});
