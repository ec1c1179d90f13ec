import { readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { GuestReclaim, MemoryState, Reclaim, ReclaimFacts, ReclaimPolicy } from '@vivarium/contracts';
import {
  type CellKind,
  createHost,
  type Host,
  type HostedMachine,
  inlineCells,
  MemoryControl,
  type MemoryEvent,
  type PageTools,
} from '@vivarium/host';
import { enableMemoryControl, nodePageTools, sharedFiles, workerCells } from '@vivarium/host/node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Reader } from '../cells/cell-suite.ts';
import { HOARD_PAGES } from './hoard.ts';

const PAGE = 4096;
const MIB = 2 ** 20;
/** Workers run while others are still being started. */
const roundsOf = (cell: string): number => (cell === 'worker' ? 1000 : 100);

/** What a scripted policy answers for every guest. */
type Order = Partial<Omit<GuestReclaim, 'guest'>> & {
  readonly state?: MemoryState;
  readonly reclaims?: readonly Reclaim[];
};

const NOTHING: Omit<GuestReclaim, 'guest'> = { share: false, compress: 0, swap: 0, wait: false };

interface Script {
  order: Order;
  readonly facts: ReclaimFacts[];
  readonly policy: ReclaimPolicy;
}

const script = (): Script => {
  const scripted: Script = {
    order: {},
    facts: [],
    policy: {
      name: 'scripted',
      watch: () => ({
        decide: (facts) => {
          scripted.facts.push(facts);
          const { state = 'high', reclaims = [], ...order } = scripted.order;
          return {
            state,
            reclaims,
            guests: facts.guests.map(({ claims: { guest } }) => ({ ...NOTHING, guest, ...order })),
          };
        },
      }),
    },
  };
  return scripted;
};

interface Guest {
  readonly machine: HostedMachine;
  readonly reader: Reader;
}

const add = async (
  host: Host,
  name: string,
  cell: string,
  options: { readonly swap?: number; readonly seed?: number } = {},
): Promise<Guest> => {
  const module = new URL('./hoard.ts', import.meta.url).href;
  const machine = await host.create({
    name,
    cell,
    onReboot: 'stop',
    overcommit: { swap: options.swap ?? 16 },
    claims: { salt: 'tests' },
    recipe: { module, export: 'hoard', options: { seed: options.seed ?? 1, rounds: roundsOf(cell) } },
  });
  const reader = new Reader();
  machine.console('console0').attach(reader);
  await machine.start();
  return { machine, reader };
};

const filled = ({ reader }: Guest): Promise<void> => reader.until((text) => text.length > 0);

/** What all rounds print. */
const rightOf = (cell: string): string => '.'.repeat(roundsOf(cell));
const RIGHT = rightOf('inline');

describe.runIf(enableMemoryControl())('memory that is taken from guests', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'viv-memory-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const controlled = (
    host: Host,
    policy: ReclaimPolicy,
  ): { readonly control: MemoryControl; readonly events: MemoryEvent[] } => {
    const events: MemoryEvent[] = [];
    const control = new MemoryControl({
      host,
      policy,
      capacity: { cpu: 1000, memory: 64 * MIB },
      sharedFile: sharedFiles(folder),
      onEvent: (event) => void events.push(event),
    });
    return { control, events };
  };

  it.each<readonly [string, () => CellKind]>([
    ['inline', () => inlineCells({ pageTools: nodePageTools(folder) })],
    ['worker', () => workerCells()],
  ])('is as it was when they look again: shared, compressed and swapped, in %s cells', async (cell, kind) => {
    await using host = createHost({ kinds: [kind()] });
    const scripted = script();
    const { control, events } = controlled(host, scripted.policy);
    await using _ = control;
    const guests: Guest[] = [];
    for (const [name, seed] of [
      ['one', 77],
      ['other', 99],
    ] as const) {
      const guest = await add(host, name, cell, { seed });
      await filled(guest);
      // A worker would have done its rounds before the other one is there.
      await guest.machine.pause();
      guests.push(guest);
    }
    const ended = Promise.all(guests.map(({ machine }) => machine.ended()));
    const seen = { zero: 0, shared: 0, compressed: 0, swapped: 0 };
    for (let round = 0; round < 6 && guests.every(({ machine }) => machine.status !== 'ended'); round += 1) {
      await Promise.all(guests.map(({ machine }) => machine.pause()));
      for (const order of [{}, { state: 'hard', share: true, compress: MIB / 2, swap: MIB }] as const) {
        scripted.order = order;
        await control.update(round * 1000);
      }
      for (const report of control.reports.values()) {
        for (const kept of ['zero', 'shared', 'compressed', 'swapped'] as const) {
          seen[kept] = Math.max(seen[kept], report[kept]);
        }
      }
      await Promise.all(guests.map(({ machine }) => machine.resume()));
      scripted.order = { state: 'hard', compress: MIB / 4, swap: MIB / 4 };
      await control.update(round * 1000 + 1);
      await sleep(5); // inline guests run on this thread
    }
    expect(await ended).toEqual([{ kind: 'power-off' }, { kind: 'power-off' }]);
    expect(guests.map(({ reader }) => reader.text)).toEqual([rightOf(cell), rightOf(cell)]);
    for (const kept of ['zero', 'shared', 'compressed', 'swapped'] as const) expect(seen[kept]).toBeGreaterThan(0);
    expect(events.filter(({ kind: what }) => what === 'trouble')).toEqual([]);
    expect(readdirSync(folder).filter((name) => name.startsWith('swap'))).toEqual([]);
  });

  it('has equal pages of guests at rest once', async () => {
    await using host = createHost({ kinds: [inlineCells({ pageTools: nodePageTools(folder) })] });
    const scripted = script();
    const { control } = controlled(host, scripted.policy);
    await using _ = control;
    const guests = [await add(host, 'one', 'inline', { seed: 7 }), await add(host, 'other', 'inline', { seed: 7 })];
    await Promise.all(guests.map(filled));
    await Promise.all(guests.map(({ machine }) => machine.pause()));
    await control.update(0);
    scripted.order = { share: true };
    await control.update(1000);
    const [first, second] = [...control.reports.values()];
    expect(first.present).toBeLessThan(20 * PAGE);
    expect(second.shared).toBeGreaterThanOrEqual((HOARD_PAGES / 2) * PAGE);
    // Three of four kinds are no zeroes, and each of their pages is there once.
    expect(control.held).toBeLessThan((HOARD_PAGES * 0.75 + 60) * PAGE);
    scripted.order = {};
    await Promise.all(guests.map(({ machine }) => machine.resume()));
    await Promise.all(guests.map(({ machine }) => machine.ended()));
    expect(guests.map(({ reader }) => reader.text)).toEqual([RIGHT, RIGHT]);
    await control.update(2000);
    expect(control.held).toBe(0);
  });

  it('stays where it is when the disk is full', async () => {
    const tools: PageTools = {
      ...nodePageTools(folder),
      openSwap: () => ({
        write: () => {
          throw new Error('ENOSPC: no space left on device');
        },
        read: () => {},
        close: () => {},
      }),
    };
    await using host = createHost({ kinds: [inlineCells({ pageTools: tools })] });
    const scripted = script();
    const { control, events } = controlled(host, scripted.policy);
    await using _ = control;
    const guest = await add(host, 'one', 'inline');
    await filled(guest);
    scripted.order = { state: 'hard', swap: MIB };
    await control.update(0);
    scripted.order = {};
    expect(events).toContainEqual(
      expect.objectContaining({
        kind: 'trouble',
        machine: 'one',
        code: 'VIV_PAGE_SWAP',
        message: expect.stringContaining('ENOSPC') as string,
      }),
    );
    await guest.machine.ended();
    expect(guest.reader.text).toBe(RIGHT);
  });

  it('is bounded in the swap file', async () => {
    await using host = createHost({ kinds: [inlineCells({ pageTools: nodePageTools(folder) })] });
    const scripted = script();
    const { control } = controlled(host, scripted.policy);
    await using _ = control;
    const guest = await add(host, 'one', 'inline', { swap: 1 });
    await filled(guest);
    await guest.machine.pause();
    scripted.order = { state: 'hard', swap: 3 * MIB };
    await control.update(0);
    expect(control.reports.get('one')?.swapped).toBe(MIB);
    await guest.machine.resume();
    await guest.machine.ended();
    expect(guest.reader.text).toBe(RIGHT);
  });

  it('ends the guest that has lost a page, with a code, and no other', async () => {
    const sound = nodePageTools(folder);
    let made = 0;
    const tools: PageTools = {
      ...sound,
      openSwap: () => {
        const file = sound.openSwap();
        made += 1;
        return made > 1
          ? file
          : {
              write: (slot, page) => file.write(slot, page),
              read: () => {
                throw new Error('EIO: i/o error');
              },
              close: () => file.close(),
            };
      },
    };
    await using host = createHost({ kinds: [inlineCells({ pageTools: tools })] });
    const scripted = script();
    const { control } = controlled(host, scripted.policy);
    await using _ = control;
    const guests = [await add(host, 'one', 'inline'), await add(host, 'other', 'inline')];
    await Promise.all(guests.map(filled));
    const ended = Promise.all(guests.map(({ machine }) => machine.ended()));
    scripted.order = { state: 'hard', swap: 2 * MIB };
    await control.update(0);
    scripted.order = {};
    const [lost, sound2] = await ended;
    expect(lost).toMatchObject({
      kind: 'crashed',
      error: { code: 'VIV_PAGE_LOST', message: expect.stringContaining('EIO') as string },
    });
    expect(sound2).toEqual({ kind: 'power-off' });
    expect(guests[1].reader.text).toBe(RIGHT);
  });

  it('lets guests wait in state low, and keeps new ones away, until there is memory', async () => {
    const scripted = script();
    const late: { control?: MemoryControl } = {};
    await using host = createHost({
      kinds: [inlineCells({ pageTools: nodePageTools(folder) })],
      gate: () => late.control?.gate(),
    });
    const all = controlled(host, scripted.policy);
    const { control } = all;
    late.control = control;
    await using _ = control;
    const guest = await add(host, 'one', 'inline');
    await filled(guest);
    scripted.order = { state: 'low', reclaims: ['swap', 'block'], swap: MIB, wait: true };
    await control.update(0);
    expect(guest.machine.status).toBe('paused');
    await expect(add(host, 'late', 'inline')).rejects.toMatchObject({ code: 'VIV_HOST_FULL' });
    scripted.order = {};
    await control.update(1000);
    expect(guest.machine.status).toBe('running');
    await guest.machine.ended();
    expect(guest.reader.text).toBe(RIGHT);
    expect(all.events.filter(({ kind }) => kind === 'state')).toMatchObject([{ to: 'low' }, { to: 'high' }]);
  });
});

describe('a cell without means', () => {
  it('refuses to have its pages taken', async () => {
    await using host = createHost({ kinds: [inlineCells()] });
    await expect(add(host, 'one', 'inline')).rejects.toMatchObject({ code: 'VIV_CELL_OVERCOMMIT' });
  });
});
