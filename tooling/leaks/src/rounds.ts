import { createHost, type Host, type HostedMachine, inlineCells, type MachineDescription } from '@vivarium/host';
import { processCells, workerCells } from '@vivarium/host/node';
import { COUNTS, type Footprint, type Memory, memory, settled } from './footprint.ts';
import type { DebianOptions } from './machines.ts';

export const KINDS = ['inline', 'worker', 'process'] as const;
export type Kind = (typeof KINDS)[number];

/** What one sequence of rounds left behind. */
export interface Row {
  readonly cell: Kind;
  readonly guest: string;
  readonly rounds: number;
  readonly before: Footprint;
  readonly after: Footprint;
  /** Medians of the first and of the last third of the rounds. */
  readonly memory: readonly [Memory, Memory];
  readonly leaks: readonly string[];
}

export interface Rounds {
  readonly cell: Kind;
  readonly rounds: number;
  /** Folder for process cells. */
  readonly folder: string;
  /** Runs Debian; the guest on bare metal otherwise. */
  readonly debian?: DebianOptions;
}

const MACHINES = new URL('./machines.ts', import.meta.url).href;
/** Rounds before the baseline: engines compile, pools and caches fill. */
const WARM_UP = 5;
/** Kibibytes between the first and the last third, and for each round, that are no trend: caches of the engine fill. */
const LIVE_NOISE = { once: 4 * 1024, round: 16 };
/** Allocators keep what they were given, and more so the more different pieces they were asked for. */
const RESIDENT_NOISE = { once: 32 * 1024, round: 128 };
/** Rounds below which what allocators keep says nothing. */
const TREND = 30;

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Resolves when the guest has written this. */
const written = (machine: HostedMachine, text: string): Promise<void> =>
  new Promise((resolve) => {
    let seen = '';
    const view = machine.console('console0').attach({
      output: (piece) => {
        seen += new TextDecoder().decode(piece);
        if (!seen.includes(text)) return;
        resolve();
        queueMicrotask(() => view.detach());
      },
    });
  });

/** Ways to run and end a machine on bare metal; every round takes the next. */
const LIVES: readonly ((machine: HostedMachine) => Promise<unknown>)[] = [
  async (machine) => {
    machine
      .console('console0')
      .attach({ output: () => {} })
      .send(bytes('hello.'));
    await machine.start();
    await machine.ended();
  },
  async (machine) => {
    await machine.start();
    const answer = written(machine, 'are you there');
    machine
      .console('console0')
      .attach({ output: () => {} })
      .send(bytes('are you there'));
    await answer;
    await machine.stop();
  },
  async (machine) => {
    await machine.start();
    machine
      .console('console0')
      .attach({ output: () => false }, { slow: 'hold' })
      .send(bytes('die!'));
    await machine.ended();
    await machine.start();
    await machine.kill();
  },
  async (machine) => {
    await machine.start();
    await machine.pause();
    await machine.measure();
    await machine.resume();
    await machine.reset();
    await machine.destroy();
  },
  // It is destroyed before it ever runs.
  async () => {},
];

const round = async (host: Host, { cell, debian }: Rounds, number: number): Promise<void> => {
  const crash = debian === undefined && cell !== 'inline' && number % (LIVES.length + 1) === LIVES.length;
  const description: MachineDescription = {
    name: 'm',
    cell,
    recipe: {
      module: MACHINES,
      export: debian !== undefined ? 'debian' : crash ? 'crashing' : 'obedient',
      options: debian,
    },
  };
  const machine = await host.create(description).catch((error: unknown) => {
    if (crash) return undefined; // it may be faster than its creation
    throw error;
  });
  if (machine === undefined) return;
  if (debian !== undefined || crash) {
    await machine.start().catch(() => {}); // a crash comes when it comes
    await machine.ended();
  } else await LIVES[number % LIVES.length]?.(machine);
  await machine.destroy();
};

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;

const leaksOf = (before: Footprint, after: Footprint, [first, last]: readonly [Memory, Memory], rounds: number) => {
  const grown = (which: keyof Memory, noise: typeof LIVE_NOISE): readonly string[] => {
    const growth = last[which] - first[which];
    const most = noise.once + noise.round * rounds;
    return growth > most ? [`${Math.round(growth / rounds)} KiB a round (${which})`] : [];
  };
  return [
    ...COUNTS.filter((count) => after[count] > before[count]).map(
      (count) => `${after[count] - before[count]} ${count}`,
    ),
    ...grown('live', LIVE_NOISE),
    ...(rounds < TREND ? [] : grown('resident', RESIDENT_NOISE)),
  ];
};

/** Creates, runs and destroys a machine so many times, and compares what the process holds before and after. */
export const measureRounds = async (asked: Rounds): Promise<Row> => {
  const { cell, rounds, folder, debian } = asked;
  const kinds = { inline: inlineCells, worker: workerCells, process: () => processCells({ folder }) } as const;
  const memories: Memory[] = [];
  const host = createHost({ kinds: [kinds[cell]()], deadlines: { silence: 60_000 } });
  for (let number = 0; number < (debian === undefined ? WARM_UP : 1); number++) await round(host, asked, number);
  const before = await settled([folder]);
  for (let number = 0; number < rounds; number++) {
    await round(host, asked, number);
    await settled([folder], before);
    memories.push(memory());
  }
  const after = await settled([folder], before);
  await host[Symbol.asyncDispose]();
  const third = Math.max(Math.floor(rounds / 3), 1);
  const typical = (some: readonly Memory[]): Memory => ({
    live: median(some.map(({ live }) => live)),
    resident: median(some.map(({ resident }) => resident)),
  });
  const trend = [typical(memories.slice(0, third)), typical(memories.slice(-third))] as const;
  const guest = debian === undefined ? 'bare metal' : 'Debian';
  return { cell, guest, rounds, before, after, memory: trend, leaks: leaksOf(before, after, trend, rounds) };
};
