import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { prepareDebian } from '@vivarium/guest-debian';
import { createHost, type Host, MemoryControl, type MemoryEvent, type MemoryReport } from '@vivarium/host';
import { processCells, sharedFiles } from '@vivarium/host/node';
import { createReclaim } from '@vivarium/policy-reclaim';
import { createShares } from '@vivarium/policy-shares';
import { Clone, WAIT } from './clone.ts';
import { BEGUN } from './guests.ts';

const MIB = 2 ** 20;

export interface OvercommitOptions {
  readonly guests: number;
  /** MiB of RAM of each guest, and of what all of them together may hold. */
  readonly memory: number;
  readonly limit: number;
  /** MiB that each guest fills and makes a checksum of, twice. */
  readonly data: number;
  /** Milliseconds between two looks at memory. */
  readonly interval: number;
  /** Seconds in which sharing has to win nothing more for guests to count as at rest. */
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
  readonly shared: number;
  readonly balloon: number;
  readonly compressed: number;
  readonly swapped: number;
}

const NOTHING: Peak = { shared: 0, balloon: 0, compressed: 0, swapped: 0 };

/** Numbers in a line each, of a guest's own: `seq` makes them there. */
const FIRST = (guest: number): number => 10_000_000 * (guest + 1);
const LINES = 100_000;
/** Bytes of a block of so many lines, or of noise, and a number before it, so that no two blocks begin at the same place in a page. */
const BLOCK = LINES * 9 + 5;
/** Guests that boot at a time. */
const AT_ONCE = 2;
/** Bytes that a round of sharing wins, less than which is nothing. */
const SOME = MIB;

const blocks = (data: number): readonly number[] =>
  Array.from({ length: Math.floor((data * MIB) / BLOCK) }, (_, index) => 1000 + index);

const checksum = (guest: number, data: number): string => {
  const hash = createHash('sha256');
  const block = Array.from({ length: LINES }, (_, index) => `${FIRST(guest) + index}\n`).join('');
  for (const number of blocks(data)) hash.update(`${number}\n`).update(block);
  return hash.digest('hex');
};

/**
 * It fills memory, half of it with numbers and half with noise that nothing compresses, and looks twice at what is
 * there. Of the noise it says beforehand what its checksum is to be.
 */
const script = (guest: number, data: number): string => {
  const first = FIRST(guest);
  const numbers = blocks(data / 2);
  const copies = (block: string): string =>
    `for number in $(seq ${numbers[0]} ${numbers.at(-1)}); do echo $number; cat /run/${block}; done`;
  return `echo ${BEGUN}
${WAIT}
mkdir -p /run/job && mount -t tmpfs -o size=${data + 8}m job /run/job
seq ${first} ${first + LINES - 1} >/run/numbers
head -c ${BLOCK - 5} /dev/urandom >/run/noise
${copies('noise')} | sha256sum | sed 's/^/noise /'
${copies('numbers')} >/run/job/numbers
${copies('noise')} >/run/job/noise
echo filled
for round in once twice; do
  ${WAIT}
  sha256sum </run/job/numbers | sed 's/^/numbers /'
  sha256sum </run/job/noise | sed 's/^/noise /'
  echo $round
done
${WAIT}`;
};

/** Whether a guest has found twice what it should, of what its lines say. */
const isRight = (guest: number, data: number, lines: readonly string[]): boolean => {
  const sums = lines.filter((line) => line.startsWith('numbers '));
  const noise = lines.filter((line) => line.startsWith('noise '));
  const expected = `numbers ${checksum(guest, data / 2)}  -`;
  return sums.length === 2 && sums.every((sum) => sum === expected) && noise.length === 3 && new Set(noise).size === 1;
};

/** Memory that a process has: of its own, and of files and others that it has mapped. */
const residentBytes = async (pid: number | undefined): Promise<number> => {
  const status = await readFile(`/proc/${pid ?? 0}/status`, 'utf8').catch(() => '');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
};

/** Updates memory control, and keeps what came of it. */
class Observer {
  readonly updates: MemoryEvent[][] = [];
  readonly most = new Map<string, Peak>();
  held = 0;
  resident = 0;
  /** When sharing won something last, and how long the longest look took; milliseconds. */
  sharedAt = performance.now();
  longest = 0;
  readonly #control: MemoryControl;
  readonly #limit: number;
  readonly #progress: (text: string) => void;

  constructor(host: Host, { limit, guests, progress }: OvercommitOptions) {
    this.#progress = progress;
    this.#limit = limit * MIB;
    const capacity = { cpu: guests * 1000, memory: limit * MIB };
    // So much that sharing, once it has begun, goes on: four times as much is nearly all there is.
    const shares = createShares({ minimumFree: Math.round(capacity.memory * 0.24) });
    this.#control = new MemoryControl({
      host,
      policy: createReclaim(shares),
      capacity,
      sharedFile: sharedFiles(),
      onEvent: (event) => void this.updates.at(-1)?.push(event),
    });
  }

  get reports(): ReadonlyMap<string, MemoryReport> {
    return this.#control.reports;
  }

  /** Bytes that are left of the limit. */
  get free(): number {
    return this.#limit - this.#control.held;
  }

  async look(clones: readonly Clone[]): Promise<void> {
    const events: MemoryEvent[] = [];
    this.updates.push(events);
    const began = performance.now();
    await this.#control.update(began);
    this.longest = Math.max(this.longest, performance.now() - began);
    this.held = Math.max(this.held, this.#control.held);
    const sizes = await Promise.all(clones.map(({ machine }) => residentBytes(machine.info().pid)));
    this.resident = Math.max(
      this.resident,
      sizes.reduce((sum, size) => sum + size, 0),
    );
    for (const [name, { shared, balloon, compressed, swapped }] of this.reports) {
      const before = this.most.get(name) ?? NOTHING;
      this.most.set(name, {
        shared: Math.max(before.shared, shared),
        balloon: Math.max(before.balloon, balloon?.actual ?? 0),
        compressed: Math.max(before.compressed, compressed),
        swapped: Math.max(before.swapped, swapped),
      });
    }
    this.#tell(events);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#control[Symbol.asyncDispose]();
  }

  /** A line for a change of state, and one for all that was done of one kind in an update. */
  #tell(events: readonly MemoryEvent[]): void {
    const mebibytes = (bytes: number): string => `${Math.round(bytes / MIB)} MiB`;
    for (const event of events) {
      if (event.kind === 'state') {
        this.#progress(`state ${event.from} → ${event.to}, ${mebibytes(event.free)} free`);
      }
      if (event.kind === 'trouble') this.#progress(`trouble with ${event.machine}: ${event.code} ${event.message}`);
    }
    const actions = events.flatMap((event) => (event.kind === 'action' ? [event] : []));
    for (const [action, done] of Map.groupBy(actions, (event) => event.action)) {
      const sum = (of: 'asked' | 'won'): number => done.reduce((all, event) => all + event[of], 0);
      // Sharing goes on in every state; only what it is worth is told.
      if (action === 'share' && sum('won') < SOME) continue;
      if (action === 'share') this.sharedAt = performance.now();
      const machines = done.length === 1 ? done[0]?.machine : `${done.length} guests`;
      const what = action === 'balloon' ? `by ${mebibytes(sum('asked'))}` : `won ${mebibytes(sum('won'))}`;
      this.#progress(`  ${done[0]?.state}: ${action}, ${machines}, ${what}`);
    }
  }
}

/** Boots identical guests with more RAM than the limit, lets them rest, and has all of them work at once. */
export const overcommit = async (options: OvercommitOptions): Promise<Overcommit> => {
  const { guests, memory, limit, data, interval, rest, progress } = options;
  const { kernel, initrd } = await prepareDebian();
  await using host = createHost({ kinds: [processCells()] });
  await using observer = new Observer(host, options);
  const clones: Clone[] = [];
  const look = async (): Promise<void> => {
    await observer.look(clones);
    for (const clone of clones) clone.check();
    await sleep(interval);
  };
  const until = async (what: string): Promise<void> => {
    while (!clones.every((clone) => clone.has(what))) await look();
  };
  const all = async (what: string): Promise<void> => {
    for (const clone of clones) clone.go();
    await until(what);
    progress(`all: ${what}`);
  };
  const start = async (number: number): Promise<void> => {
    const machine = await host.create({
      name: `clone${number + 1}`,
      cell: 'process',
      onReboot: 'stop',
      overcommit: { swap: memory },
      claims: { salt: 'clones', memory: { shares: 1000 } },
      recipe: {
        module: import.meta.resolve('./debian.ts'),
        options: { kernel, initrd, memory, balloon: true, command: script(number, data) },
      },
    });
    clones.push(new Clone(machine));
    await machine.start();
  };
  /** Whether there is nothing to be won by sharing any more. */
  const quiet = (): boolean => performance.now() - observer.sharedAt >= Math.max(1000 * rest, 3 * observer.longest);
  for (let up = 0; up < guests; await look()) {
    const now = clones.filter((clone) => clone.has(BEGUN)).length;
    if (now > up) progress(`${now} guests are up, of ${limit} MiB ${Math.round(observer.free / MIB)} are free`);
    up = now;
    // A guest holds most of its RAM until what it does not use was found: there is to be room for that, if there can be.
    const booting = clones.length - up;
    const room = observer.free >= (booting + 1) * memory * MIB || (booting === 0 && quiet());
    if (clones.length < guests && booting < AT_ONCE && room) await start(clones.length);
  }
  while (!quiet()) await look();
  const idle = observer.reports;
  progress('all: rested');
  await all('filled');
  await all('once');
  await all('twice');
  const right = new Map(clones.map(({ name, lines }, index) => [name, isRight(index, data, lines)] as const));
  const { updates, most, held, resident } = observer;
  return { idle, most, right, updates, held, resident };
};
