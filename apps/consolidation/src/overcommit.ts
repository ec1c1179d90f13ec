import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { prepareDebian } from '@vivarium/guest-debian';
import { createHost, type HostedMachine, MemoryControl, type MemoryEvent, type MemoryReport } from '@vivarium/host';
import { processCells, sharedFiles } from '@vivarium/host/node';
import { createReclaim } from '@vivarium/policy-reclaim';
import { createShares } from '@vivarium/policy-shares';
import { OUTPUT } from './debian.ts';
import { BEGUN } from './guests.ts';

const MIB = 2 ** 20;

export interface OvercommitOptions {
  readonly guests: number;
  /** MiB of RAM of each guest, and of what all of them together may hold. */
  readonly memory: number;
  readonly limit: number;
  /** MiB that each guest makes a checksum of, twice. */
  readonly data: number;
  /** Milliseconds between two looks at memory. */
  readonly interval: number;
  /** Seconds of rest before the work. */
  readonly rest: number;
  readonly progress: (text: string) => void;
}

export interface Overcommit {
  /** By machine, when all were at rest. */
  readonly idle: ReadonlyMap<string, MemoryReport>;
  /** Most of each kind that a machine had, in bytes. */
  readonly most: ReadonlyMap<string, Peak>;
  /** Whether each checksum was right, both times. */
  readonly right: ReadonlyMap<string, boolean>;
  /** One list an update. */
  readonly updates: readonly (readonly MemoryEvent[])[];
  /** Most that guests held, and most that the processes of their cells had in memory. */
  readonly held: number;
  readonly resident: number;
}

export interface Peak {
  shared: number;
  balloon: number;
  compressed: number;
  swapped: number;
}

/** Numbers in a line each, of a guest's own: `seq` makes them there. */
const FIRST = (guest: number): number => 10_000_000 * (guest + 1);
const LINES = 100_000;
/** Bytes of a block of so many lines, and a number before it, so that no two blocks begin at the same place in a page. */
const BLOCK = LINES * 9 + 5;

const blocks = (data: number): readonly number[] =>
  Array.from({ length: Math.floor((data * MIB) / BLOCK) }, (_, index) => 1000 + index);

const checksum = (guest: number, data: number): string => {
  const hash = createHash('sha256');
  const block = Array.from({ length: LINES }, (_, index) => `${FIRST(guest) + index}\n`).join('');
  for (const number of blocks(data)) hash.update(`${number}\n`).update(block);
  return hash.digest('hex');
};

/** It rests, and then fills memory and looks twice at what is there. */
const script = (guest: number, { data, rest }: OvercommitOptions): string => {
  const first = FIRST(guest);
  const numbers = blocks(data);
  return `echo ${BEGUN}
sleep ${rest}
mkdir -p /run/job && mount -t tmpfs -o size=${data + 8}m job /run/job
seq ${first} ${first + LINES - 1} >/run/block
for number in $(seq ${numbers[0]} ${numbers.at(-1)}); do echo $number; cat /run/block; done >/run/job/data
echo filled
sha256sum </run/job/data
sleep 5
sha256sum </run/job/data
echo done`;
};

/** What a guest printed so far. */
class Listener {
  text = '';

  constructor(machine: HostedMachine) {
    machine.console(OUTPUT).attach({
      output: (bytes) => {
        this.text += new TextDecoder().decode(bytes);
      },
    });
  }

  has(line: string): boolean {
    return this.text.split('\n').includes(line);
  }
}

/** Memory that a process has: of its own, and of files and others that it has mapped. */
const residentBytes = async (pid: number | undefined): Promise<number> => {
  const status = await readFile(`/proc/${pid ?? 0}/status`, 'utf8').catch(() => '');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
};

/** Boots identical guests with more RAM than the limit, lets them rest, and has all of them work at once. */
export const overcommit = async (options: OvercommitOptions): Promise<Overcommit> => {
  const { guests, memory, limit, data, interval, rest, progress } = options;
  const { kernel, initrd } = await prepareDebian();
  const capacity = { cpu: guests * 1000, memory: limit * MIB };
  // So much that sharing, once it has begun, goes on: four times as much is nearly all there is.
  const shares = createShares({ minimumFree: Math.round(capacity.memory * 0.24) });
  await using host = createHost({ kinds: [processCells()] });
  const updates: MemoryEvent[][] = [];
  await using control = new MemoryControl({
    host,
    policy: createReclaim(shares),
    capacity,
    sharedFile: sharedFiles(),
    onEvent: (event) => {
      if (event.kind === 'state')
        progress(`state ${event.from} → ${event.to}, ${Math.round(event.free / MIB)} MiB free`);
      updates.at(-1)?.push(event);
    },
  });
  const machines: HostedMachine[] = [];
  const listeners: Listener[] = [];
  const most = new Map<string, Peak>();
  const peak = { held: 0, resident: 0 };
  const look = async (): Promise<void> => {
    updates.push([]);
    await control.update(performance.now());
    peak.held = Math.max(peak.held, control.held);
    const sizes = await Promise.all(machines.map((machine) => residentBytes(machine.info().pid)));
    peak.resident = Math.max(
      peak.resident,
      sizes.reduce((sum, size) => sum + size, 0),
    );
    for (const [name, { shared, balloon, compressed, swapped }] of control.reports) {
      const before = most.get(name) ?? { shared: 0, balloon: 0, compressed: 0, swapped: 0 };
      most.set(name, {
        shared: Math.max(before.shared, shared),
        balloon: Math.max(before.balloon, balloon?.actual ?? 0),
        compressed: Math.max(before.compressed, compressed),
        swapped: Math.max(before.swapped, swapped),
      });
    }
    await sleep(interval);
  };
  const until = async (what: string): Promise<void> => {
    while (!listeners.every((listener) => listener.has(what))) {
      await look();
      const ended = machines.find((machine, index) => machine.status === 'ended' && !listeners[index]?.has(what));
      if (ended !== undefined) {
        const how = JSON.stringify(ended.info().end);
        throw new Error(`${ended.name} ended before it printed "${what}": ${how}`);
      }
    }
  };
  for (let guest = 0; guest < guests; guest += 1) {
    const machine = await host.create({
      name: `clone${guest + 1}`,
      cell: 'process',
      onReboot: 'stop',
      overcommit: { swap: memory },
      claims: { salt: 'clones', memory: { shares: 1000 } },
      recipe: {
        module: import.meta.resolve('./debian.ts'),
        options: { kernel, initrd, memory, balloon: true, command: script(guest, options) },
      },
    });
    machines.push(machine);
    listeners.push(new Listener(machine));
    await machine.start();
    // One after the other: each finds the pages of those before it.
    await until(BEGUN);
    progress(`${machine.name} is up; guests hold ${Math.round(control.held / MIB)} of ${limit} MiB`);
  }
  for (const began = performance.now(); performance.now() - began < 500 * rest; ) await look();
  const idle = control.reports;
  progress('all rest');
  await until('filled');
  progress('all have filled their memory');
  await until('done');
  const right = new Map(
    machines.map(({ name }, index) => {
      const sum = `${checksum(index, data)}  -`;
      return [name, (listeners[index]?.text.split('\n') ?? []).filter((line) => line === sum).length === 2] as const;
    }),
  );
  return { idle, most, right, updates, ...peak };
};
