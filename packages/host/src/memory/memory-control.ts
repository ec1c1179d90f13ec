import {
  type GuestMemoryFacts,
  type GuestReclaim,
  type HostCapacity,
  type MemoryState,
  PAGE_BYTES,
  type Reclaim,
  type ReclaimDecision,
  type ReclaimPolicy,
  type ReclaimWatch,
} from '@vivarium/contracts';
import { codedError } from '../cells/plain.ts';
import { errors } from '../errors.ts';
import { hostNow } from '../event-loop.ts';
import { claimsOf } from '../machines/claims.ts';
import type { Host } from '../machines/host.ts';
import type { HostedMachine } from '../machines/hosted-machine.ts';
import type { MemoryAct, MemoryAnswer, MemoryReport } from './acts.ts';
import { type SharedFile, SharedPages } from './shared-pages.ts';
import { type Sharer, shareRound } from './sharing-round.ts';

/** What was decided and done about memory. Amounts are bytes. */
export type MemoryEvent =
  | { readonly kind: 'state'; readonly from: MemoryState; readonly to: MemoryState; readonly free: number }
  /** One step, at one guest: what was asked for, and what was won at once; balloons fill later. */
  | {
      readonly kind: 'action';
      readonly action: Reclaim;
      readonly state: MemoryState;
      readonly machine: string;
      readonly asked: number;
      readonly won: number;
    }
  /** Something could not be done; nothing was lost by it. */
  | { readonly kind: 'trouble'; readonly machine: string; readonly code: string; readonly message: string };

export interface MemoryControlOptions {
  readonly host: Host;
  readonly policy: ReclaimPolicy;
  /** What the host has for guests. */
  readonly capacity: HostCapacity;
  /** Makes a file for the pages of guests that may share; absent: only pages of zeroes are shared. */
  readonly sharedFile?: () => SharedFile;
  readonly onEvent?: (event: MemoryEvent) => void;
}

/** A machine as it is known here. */
interface Known {
  readonly machine: HostedMachine;
  report: MemoryReport;
}

/**
 * Milliseconds for a round of sharing not to come again: it looks at all idle pages. Where nothing else is to be done
 * yet, it has a fifth of the time at most.
 */
const BETWEEN_ROUNDS = 1000;
const ROUNDS_REST = 4;
/** Steps of one kind at one guest in one update: each is bounded, so that cells stay live. */
const MOST_STEPS = 16;

/**
 * Takes memory from the guests of a host as a policy says: measures, asks it, and does what it answers, when `update` is
 * called, a few times a second. Machines with `overcommit` alone are asked for anything.
 */
export class MemoryControl implements AsyncDisposable {
  readonly #options: MemoryControlOptions;
  readonly #watch: ReclaimWatch;
  readonly #known = new Map<string, Known>();
  readonly #domains = new Map<string, SharedPages>();
  readonly #waiting = new Set<HostedMachine>();
  readonly #remove: () => void;
  #state: MemoryState = 'high';
  /** When the next round of sharing may be. */
  #shareAt = Number.NEGATIVE_INFINITY;
  #blocked = false;
  #running: Promise<void> | undefined;
  #now = 0;

  constructor(options: MemoryControlOptions) {
    this.#options = options;
    this.#watch = options.policy.watch(options.capacity);
    this.#remove = options.host.on(({ machine, name }) => {
      if (name === 'host:ended' || name === 'host:destroyed') this.#forget(machine);
    });
  }

  get state(): MemoryState {
    return this.#state;
  }

  /** Whether guests that want more memory wait, new ones included. */
  get blocked(): boolean {
    return this.#blocked;
  }

  /** By machine, as of the last update. */
  get reports(): ReadonlyMap<string, MemoryReport> {
    return new Map([...this.#known].map(([name, { report }]) => [name, report]));
  }

  /** Bytes that guests have now, shared pages once. */
  get held(): number {
    const guests = [...this.#known.values()].reduce((sum, { report }) => sum + heldBy(report), 0);
    return guests + [...this.#domains.values()].reduce((sum, { size }) => sum + size * PAGE_BYTES, 0);
  }

  /** For `HostOptions.gate`: why no machine may be made now. */
  readonly gate = (): string | undefined =>
    this.#blocked ? `memory is short (state ${this.#state}): new machines wait` : undefined;

  /** Looks, decides and acts once. One at a time: a call while another runs waits for that and does no more. */
  update(now: number): Promise<void> {
    this.#now = now;
    this.#running ??= this.#update().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#remove();
    await this.#running?.catch(() => {}); // whoever called it has heard
    await this.#release();
    for (const { file } of this.#domains.values()) file.close();
    this.#domains.clear();
  }

  async #update(): Promise<void> {
    const machines = this.#options.host.machines.filter(({ status, description }) => {
      return (status === 'running' || status === 'paused') && description.overcommit !== undefined;
    });
    await Promise.all(machines.map((machine) => this.#act(machine, { do: 'look' })));
    const known = [...this.#known.values()];
    const decision = this.#decide(known);
    if (decision === undefined) return;
    if (decision.state !== this.#state) {
      this.#tell({ kind: 'state', from: this.#state, to: decision.state, free: this.#free });
      this.#state = decision.state;
    }
    this.#blocked = decision.reclaims.includes('block');
    const orders = known.map((each, index) => [each, decision.guests[index]] as const);
    const won = await this.#carryOut(orders, decision.reclaims);
    // Those that wait go on where nothing is won by it.
    if (!this.#blocked || won === 0) await this.#release();
    await Promise.all(known.map(({ machine }) => this.#act(machine, { do: 'window' })));
  }

  get #free(): number {
    return this.#options.capacity.memory - this.held;
  }

  #decide(known: readonly Known[]): ReclaimDecision | undefined {
    try {
      return this.#watch.decide({ free: this.#free, guests: known.map(factsOf) });
    } catch (error) {
      this.#tell({ kind: 'trouble', machine: '', ...codedError(error, 'VIV_HOST_POLICY') });
      return undefined;
    }
  }

  /** In the order of the states: share, balloon, compress, swap, block. Gives what was won. */
  async #carryOut(
    orders: readonly (readonly [Known, GuestReclaim | undefined])[],
    reclaims: readonly Reclaim[],
  ): Promise<number> {
    let won = await this.#share(orders.flatMap(([known, order]) => (order?.share === true ? [known] : [])));
    for (const [{ machine, report }, order] of orders) {
      if (order?.balloon === undefined || report.balloon === undefined) continue;
      const asked = order.balloon - report.balloon.target;
      await this.#act(machine, { do: 'balloon', target: order.balloon });
      this.#acted('balloon', machine, asked, 0);
    }
    const short = new Map<HostedMachine, number>();
    for (const [{ machine }, order] of orders) {
      const asked = order?.compress ?? 0;
      const got = await this.#squeeze(machine, 'compress', asked);
      won += got;
      // What does not become small is swapped, where there is room for it.
      if (order !== undefined && reclaims.includes('swap')) short.set(machine, Math.max(0, asked - got));
    }
    for (const [{ machine, report }, order] of orders) {
      const room = Math.max(0, report.swapMost - report.swapped);
      const asked = Math.max(order?.swap ?? 0, Math.min(room, (order?.swap ?? 0) + (short.get(machine) ?? 0)));
      won += await this.#squeeze(machine, 'swap', asked);
    }
    for (const [{ machine }, order] of orders) {
      if (order?.wait !== true || machine.status !== 'running') continue;
      this.#waiting.add(machine);
      await machine.pause().catch(() => this.#waiting.delete(machine));
      this.#acted('block', machine, 0, 0);
    }
    return won;
  }

  async #squeeze(machine: HostedMachine, action: 'compress' | 'swap', asked: number): Promise<number> {
    let won = 0;
    for (let step = 0; step < MOST_STEPS && won < asked; step += 1) {
      const answer = await this.#act(machine, { do: action, amount: asked - won });
      if (answer === undefined || answer.won === 0) break;
      won += answer.won;
    }
    if (asked > 0) this.#acted(action, machine, asked, won);
    return won;
  }

  async #share(known: readonly Known[]): Promise<number> {
    if (known.length === 0 || this.#now < this.#shareAt) return 0;
    const began = hostNow();
    let all = 0;
    const domains = Map.groupBy(known, ({ machine }) => domainOf(machine));
    for (const [domain, members] of domains) {
      const sharers = members.map(({ machine }) => this.#sharer(machine));
      const pages = this.#domain(domain);
      const won = await shareRound(sharers, pages, (machine, trouble) =>
        this.#tell({ kind: 'trouble', machine, ...trouble }),
      ).catch(() => []); // a machine that ends meanwhile; the others have their turn next time
      members.forEach(({ machine }, index) => {
        const part = won[index] ?? 0;
        all += part;
        if (part > 0) this.#acted('share', machine, 0, part);
      });
    }
    const rest = this.#state === 'clear' ? ROUNDS_REST * (hostNow() - began) : 0;
    this.#shareAt = this.#now + Math.max(BETWEEN_ROUNDS, rest);
    return all;
  }

  #sharer(machine: HostedMachine): Sharer {
    return {
      name: machine.name,
      act: async (act, bytes) => {
        const answer = await this.#act(machine, act, bytes);
        if (answer === undefined) throw errors.make('VIV_CELL_ENDED', `machine ${machine.name} has ended`);
        return answer;
      },
    };
  }

  /** A domain without a file of its own has nothing but zeroes to share. */
  #domain(name: string): SharedPages {
    const known = this.#domains.get(name);
    if (known !== undefined) return known;
    const { sharedFile, capacity } = this.#options;
    const pages = new SharedPages(
      sharedFile?.() ?? NO_FILE,
      sharedFile === undefined ? 0 : capacity.memory / PAGE_BYTES,
    );
    this.#domains.set(name, pages);
    return pages;
  }

  /** One that fails is one of a machine that has ended, or is about to. */
  async #act(
    machine: HostedMachine,
    act: MemoryAct,
    bytes?: Uint8Array,
  ): Promise<(MemoryAnswer & { readonly bytes?: Uint8Array }) | undefined> {
    try {
      const answer = await machine.page(act, bytes);
      this.#known.set(machine.name, { machine, report: answer.report });
      for (const slot of answer.released ?? []) this.#domains.get(domainOf(machine))?.release(machine.name, slot);
      if (answer.trouble !== undefined) this.#tell({ kind: 'trouble', machine: machine.name, ...answer.trouble });
      return answer;
    } catch (error) {
      // It may be alive, and have pages in the shared file, until the host says that it has ended.
      this.#known.delete(machine.name);
      this.#tell({ kind: 'trouble', machine: machine.name, ...codedError(error, 'VIV_CELL_ENDED') });
      return undefined;
    }
  }

  #forget(name: string): void {
    this.#known.delete(name);
    for (const machine of this.#waiting) if (machine.name === name) this.#waiting.delete(machine);
    for (const pages of this.#domains.values()) pages.leave(name);
  }

  async #release(): Promise<void> {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    await Promise.all(waiting.map((machine) => machine.resume().catch(() => {}))); // it has ended
  }

  #acted(action: Reclaim, machine: HostedMachine, asked: number, won: number): void {
    this.#tell({ kind: 'action', action, state: this.#state, machine: machine.name, asked, won });
  }

  #tell(event: MemoryEvent): void {
    this.#options.onEvent?.(event);
  }
}

const NO_FILE: SharedFile = { path: '', write: () => {}, read: () => {}, close: () => {} };

const heldBy = ({ present, compressedHeld }: MemoryReport): number => present + compressedHeld;

/** Guests of one salt may share; those without one, with nobody. */
const domainOf = ({ name, description: { claims } }: HostedMachine): string =>
  claims?.salt === undefined ? `of ${name}` : `salt ${claims.salt}`;

const factsOf = ({ machine, report }: Known): GuestMemoryFacts => {
  const { facts } = machine.info();
  return {
    claims: claimsOf(machine.description, facts),
    held: heldBy(report),
    active: report.present === 0 ? 0 : report.active / report.present,
    compressed: { held: report.compressedHeld, most: report.compressedMost },
    swapped: { used: report.swapped, most: report.swapMost },
    ...(report.balloon === undefined ? {} : { balloon: report.balloon }),
  };
};
