import type { Principal } from '@vivarium/control';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Incarnation, World } from './world.ts';

const admin: Principal = { name: 'test', role: 'admin', via: 'process' };

type Act = 'create' | 'start' | 'pause' | 'resume' | 'stop' | 'kill' | 'destroy' | 'set';

const perform = async ({ control }: Incarnation, act: Act, name: string): Promise<unknown> => {
  switch (act) {
    case 'create':
      return control.call(admin, 'create', { name, template: 'plain', start: true });
    case 'set':
      return control.call(admin, 'set', { name, weight: 7 });
    default:
      return control.call(admin, act, { name });
  }
};

/** Does it, unless it is refused or the process is killed meanwhile. */
const attempt = async (incarnation: Incarnation, act: Act, name: string): Promise<'done' | 'refused' | 'killed'> =>
  Promise.race([
    perform(incarnation, act, name).then(
      () => 'done' as const,
      () => 'refused' as const,
    ),
    incarnation.killed.then(() => 'killed' as const),
  ]);

/** The next process: all that is there belongs together. */
const revive = async (world: World): Promise<Incarnation> => {
  const next = new Incarnation(world);
  await next.control.recover();
  const { machines } = await next.control.call(admin, 'list', {});
  const names = machines.map(({ name }) => name).sort();
  expect([...world.records.keys()].sort()).toEqual(names);
  for (const { order } of world.cells) expect(names).toContain(order.name);
  expect(new Set([...world.cells].map(({ order }) => order.name)).size).toBe(world.cells.size);
  for (const { name, desired, status } of machines) {
    if (desired === 'running' || desired === 'paused') expect({ name, status }).toEqual({ name, status: desired });
    expect(world.records.get(name)?.phase).toBe('present');
  }
  expect(next.troubles).toEqual([]);
  return next;
};

const destroyAll = async (incarnation: Incarnation): Promise<void> => {
  const { machines } = await incarnation.control.call(admin, 'list', {});
  for (const { name } of machines) await incarnation.control.call(admin, 'destroy', { name });
  expect(incarnation.world.cells.size).toBe(0);
  expect(incarnation.world.records.size).toBe(0);
};

describe('a control plane that is killed', () => {
  it('at any step of a creation leaves all of the machine, or nothing', async () => {
    let killed = 0;
    for (let step = 1; ; step++) {
      const world = new World();
      const first = new Incarnation(world, step);
      const outcome = await attempt(first, 'create', 'web');
      const next = await revive(world);
      const { machines } = await next.control.call(admin, 'list', {});
      if (outcome === 'done') expect(machines).toMatchObject([{ name: 'web', status: 'running' }]);
      if (machines.length > 0) expect(world.cell('web').state).toBe('running');
      else expect(world.cells.size).toBe(0);
      await destroyAll(next);
      if (outcome === 'done') break;
      killed++;
    }
    // The record, the cell, the record again; each before and after.
    expect(killed).toBeGreaterThanOrEqual(6);
  });

  it('at any step of a destruction leaves all of the machine, or nothing once the next one has begun', async () => {
    let killed = 0;
    let finished = 0;
    for (let step = 1; ; step++) {
      const world = new World();
      const zero = new Incarnation(world);
      expect(await attempt(zero, 'create', 'web')).toBe('done');
      const first = new Incarnation(world, step);
      await first.control.recover();
      const outcome = await attempt(first, 'destroy', 'web');
      const next = await revive(world);
      const { machines } = await next.control.call(admin, 'list', {});
      if (outcome === 'done') expect(machines).toEqual([]);
      if (machines.length > 0) expect(machines).toMatchObject([{ name: 'web', status: 'running' }]);
      else finished++;
      await destroyAll(next);
      if (outcome === 'done') break;
      killed++;
    }
    expect(killed).toBeGreaterThanOrEqual(6);
    expect(finished).toBeGreaterThanOrEqual(killed - 1);
  });

  it('at any step of anything leaves what belongs together, and does what its owner wants', async () => {
    const acts = fc.record({
      act: fc.constantFrom<Act>('create', 'start', 'pause', 'resume', 'stop', 'kill', 'destroy', 'set'),
      name: fc.constantFrom('one', 'two'),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(acts, { minLength: 1, maxLength: 12 }), fc.nat(60), async (script, last) => {
        const world = new World();
        const there = new Set<string>();
        let unsure: string | undefined;
        const first = new Incarnation(world, last + 1);
        for (const { act, name } of script) {
          const outcome = await attempt(first, act, name);
          if (outcome === 'killed') {
            if (act === 'create' || act === 'destroy') unsure = name;
            break;
          }
          if (outcome === 'done' && act === 'create') there.add(name);
          if (outcome === 'done' && act === 'destroy') there.delete(name);
        }
        const next = await revive(world);
        const { machines } = await next.control.call(admin, 'list', {});
        const names = new Set(machines.map(({ name }) => name));
        for (const name of ['one', 'two']) if (name !== unsure) expect(names.has(name)).toBe(there.has(name));
        await destroyAll(next);
        expect(world.records.size).toBe(0);
      }),
      {
        numRuns: 150,
        examples: [
          [
            [
              { act: 'create', name: 'two' },
              { act: 'create', name: 'one' },
              { act: 'kill', name: 'one' },
              { act: 'pause', name: 'one' },
            ],
            27,
          ],
        ],
      },
    );
  });
});
