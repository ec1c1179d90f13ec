import type {
  Decision,
  PcpuId,
  PreemptionHint,
  Scheduler,
  SchedulerFactory,
  VcpuChange,
  VcpuId,
  VcpuParameters,
  VcpuStats,
} from '@vivarium/contracts';
import { errors } from './errors.ts';
import { type Pool, Resident } from './resident.ts';

/** What is in a pool. */
export interface PoolReport {
  readonly name: string;
  /** Name of the algorithm. */
  readonly scheduler: string;
  readonly pcpus: readonly PcpuId[];
  readonly vcpus: readonly VcpuId[];
}

/**
 * All pCPUs of a host in disjoint pools, each with a scheduler of its own. To whoever drives it this is one scheduler:
 * it picks for a pCPU by the pool that the pCPU is in. A guest is in one pool with all its vCPUs, by its domain.
 *
 * What changes pools returns the pCPUs that should reschedule. Nothing has to be stopped before: a guest that runs
 * where something changes runs on until the host picks for its pCPU, and is nobody's until then.
 */
export class CpuPools implements Omit<Scheduler, 'name' | 'honours' | 'configure'> {
  readonly #pools = new Map<string, Pool>();
  /** Where new pCPUs and guests go. */
  readonly #first: Pool;
  readonly #poolOf = new Map<PcpuId, Pool>();
  readonly #residents = new Map<VcpuId, Resident>();
  /** Who runs where, as far as the host has not said that it stopped. */
  readonly #running = new Map<PcpuId, Resident>();
  /** Pools of domains that are not in the first one. */
  readonly #placed = new Map<string, Pool>();
  /** The last cap given for a vCPU of a domain is that of the domain. */
  readonly #caps = new Map<string, number>();
  /** Hints that a decision had no room for. */
  #owed: PcpuId[] = [];
  #now = 0;

  /** With one pool, called `name`. */
  constructor(factory: SchedulerFactory, name = 'default') {
    this.#first = { name, scheduler: factory.create(), pcpus: new Set() };
    this.#pools.set(name, this.#first);
  }

  /** An empty pool. Throws `VIV_POOL_NAME`. */
  createPool(name: string, factory: SchedulerFactory): void {
    if (name === '' || this.#pools.has(name)) throw this.#misnamed(`there can be no new CPU pool "${name}"`);
    this.#pools.set(name, { name, scheduler: factory.create(), pcpus: new Set() });
  }

  /** Takes an empty pool away. Throws `VIV_POOL_NAME` and `VIV_POOL_IN_USE`. */
  removePool(name: string): void {
    const pool = this.#pool(name);
    const guests = new Set([...this.#membersOf(pool)].map(({ parameters }) => parameters.domain));
    for (const [domain, placed] of this.#placed) if (placed === pool) guests.add(domain);
    if (pool === this.#first || pool.pcpus.size > 0 || guests.size > 0) {
      const reason = pool === this.#first ? 'it is where new ones go' : 'it is in use';
      const content = { pcpus: [...pool.pcpus], guests: [...guests] };
      throw errors.make('VIV_POOL_IN_USE', `CPU pool "${name}" cannot go: ${reason}`, { details: content });
    }
    this.#pools.delete(name);
  }

  /** All pools, in the order in which they were made. */
  report(): readonly PoolReport[] {
    return [...this.#pools.values()].map((pool) => ({
      name: pool.name,
      scheduler: pool.scheduler.name,
      pcpus: [...pool.pcpus],
      vcpus: [...this.#membersOf(pool)].map(({ id }) => id),
    }));
  }

  /** The pool of a guest, whether it has vCPUs already or not. */
  poolOf(domain: string): string {
    return (this.#placed.get(domain) ?? this.#first).name;
  }

  /** Moves a pCPU to another pool. Throws `VIV_POOL_NAME` and `VIV_POOL_TAKEN`. */
  movePcpu(pcpu: PcpuId, name: string, time: number): readonly PcpuId[] {
    const now = this.#at(time);
    const to = this.#pool(name);
    const from = this.#poolOf.get(pcpu);
    if (from === undefined) throw errors.make('VIV_POOL_TAKEN', `pCPU ${pcpu} is in no CPU pool`);
    if (from === to) return [];
    to.scheduler.addPcpu(pcpu, now);
    this.#running.get(pcpu)?.beginTransit(now);
    const hint = from.scheduler.removePcpu(pcpu, now);
    from.pcpus.delete(pcpu);
    to.pcpus.add(pcpu);
    this.#poolOf.set(pcpu, to);
    return distinct([pcpu, hint]);
  }

  /** Moves a guest to another pool, or says where it will be. Throws `VIV_POOL_NAME` and what the scheduler throws. */
  moveDomain(domain: string, name: string, time: number): readonly PcpuId[] {
    const now = this.#at(time);
    const to = this.#pool(name);
    const from = this.#placed.get(domain) ?? this.#first;
    if (from === to) return [];
    const members = [...this.#membersOf(from)].filter(({ parameters }) => parameters.domain === domain);
    this.#addAll(members, to.scheduler, now);
    const hints: PreemptionHint[] = [];
    for (const resident of members) {
      resident.beginTransit(now);
      hints.push(resident.pcpu);
      resident.carry(now);
      hints.push(from.scheduler.remove(resident.id, now));
      resident.pool = to;
      if (resident.awake && !resident.inTransit) hints.push(to.scheduler.wake(resident.id, now));
    }
    if (to === this.#first) this.#placed.delete(domain);
    else this.#placed.set(domain, to);
    return distinct(hints);
  }

  /** Gives a pool another scheduler. Throws `VIV_POOL_NAME` and what the scheduler throws; the old one stays then. */
  setScheduler(name: string, factory: SchedulerFactory, time: number): readonly PcpuId[] {
    const now = this.#at(time);
    const pool = this.#pool(name);
    const members = [...this.#membersOf(pool)];
    const scheduler = factory.create();
    for (const pcpu of pool.pcpus) scheduler.addPcpu(pcpu, now);
    this.#addAll(members, scheduler, now);
    for (const resident of members) {
      resident.beginTransit(now);
      resident.carry(now);
    }
    pool.scheduler = scheduler;
    for (const { id, awake, inTransit } of members) if (awake && !inTransit) scheduler.wake(id, now);
    return [...pool.pcpus];
  }

  /** New options for the scheduler of a pool, if it takes any while it runs. Throws `VIV_POOL_NAME` and what it throws. */
  configure(name: string, options: unknown, time: number): readonly PcpuId[] {
    return this.#pool(name).scheduler.configure?.(options, this.#at(time)) ?? [];
  }

  /** Throws `VIV_POOL_TAKEN`. It goes to the first pool. */
  addPcpu(pcpu: PcpuId, time: number): void {
    const now = this.#at(time);
    if (this.#poolOf.has(pcpu)) throw errors.make('VIV_POOL_TAKEN', `pCPU ${pcpu} is in a CPU pool already`);
    this.#first.scheduler.addPcpu(pcpu, now);
    this.#first.pcpus.add(pcpu);
    this.#poolOf.set(pcpu, this.#first);
  }

  removePcpu(pcpu: PcpuId, time: number): PreemptionHint {
    const now = this.#at(time);
    const pool = this.#poolOf.get(pcpu);
    if (pool === undefined) return undefined;
    const resident = this.#running.get(pcpu);
    if (resident !== undefined) this.#stopped(resident);
    this.#poolOf.delete(pcpu);
    pool.pcpus.delete(pcpu);
    const hint = pool.scheduler.removePcpu(pcpu, now);
    const woken = resident === undefined ? undefined : this.#arrive(resident, now);
    if (hint === undefined) return woken;
    if (woken !== undefined) this.#owed.push(woken);
    return hint;
  }

  /** Throws `VIV_POOL_TAKEN` and what the scheduler throws. */
  add(vcpu: VcpuId, parameters: VcpuParameters, time: number): void {
    const now = this.#at(time);
    if (this.#residents.has(vcpu)) throw errors.make('VIV_POOL_TAKEN', `vCPU ${vcpu} is in a CPU pool already`);
    const pool = this.#placed.get(parameters.domain) ?? this.#first;
    pool.scheduler.add(vcpu, parameters, now);
    this.#residents.set(vcpu, new Resident(vcpu, parameters, pool));
    if (parameters.cap !== undefined) this.#caps.set(parameters.domain, parameters.cap);
  }

  remove(vcpu: VcpuId, time: number): PreemptionHint {
    const now = this.#at(time);
    const resident = this.#residents.get(vcpu);
    if (resident === undefined) return undefined;
    this.#residents.delete(vcpu);
    const { domain } = resident.parameters;
    if (![...this.#residents.values()].some(({ parameters }) => parameters.domain === domain))
      this.#caps.delete(domain);
    const hint = resident.pool.scheduler.remove(vcpu, now);
    const held = resident.pcpu;
    this.#stopped(resident);
    return held ?? hint;
  }

  /** Throws `VIV_POOL_TAKEN` and what the scheduler throws. */
  change(vcpu: VcpuId, change: VcpuChange, time: number): readonly PcpuId[] {
    const now = this.#at(time);
    const resident = this.#residents.get(vcpu);
    if (resident === undefined) throw errors.make('VIV_POOL_TAKEN', `vCPU ${vcpu} is in no CPU pool`);
    const hints = resident.pool.scheduler.change(vcpu, change, now);
    resident.parameters = { ...resident.parameters, ...change };
    if (change.cap !== undefined) this.#caps.set(resident.parameters.domain, change.cap);
    return hints;
  }

  wake(vcpu: VcpuId, time: number): PreemptionHint {
    const now = this.#at(time);
    const resident = this.#residents.get(vcpu);
    if (resident === undefined || resident.awake) return undefined;
    resident.awake = true;
    return resident.pool.scheduler.wake(vcpu, now);
  }

  sleep(vcpu: VcpuId, time: number): void {
    const now = this.#at(time);
    const resident = this.#residents.get(vcpu);
    if (resident === undefined) return;
    resident.awake = false;
    this.#stopped(resident);
    if (resident.inTransit) resident.endTransit(now);
    resident.pool.scheduler.sleep(vcpu, now);
  }

  yield(vcpu: VcpuId, time: number, to?: VcpuId): void {
    this.#residents.get(vcpu)?.pool.scheduler.yield(vcpu, this.#at(time), to);
  }

  pick(pcpu: PcpuId, time: number): Decision {
    const now = this.#at(time);
    const pool = this.#poolOf.get(pcpu);
    if (pool === undefined) return { kind: 'idle', until: undefined };
    const before = this.#running.get(pcpu);
    if (before !== undefined) this.#stopped(before);
    const woken = before === undefined ? undefined : this.#arrive(before, now);
    const decision = pool.scheduler.pick(pcpu, now);
    const resident = decision.kind === 'run' ? this.#residents.get(decision.vcpu) : undefined;
    if (resident !== undefined) {
      resident.started(pcpu, now);
      this.#running.set(pcpu, resident);
    }
    if (woken === undefined && this.#owed.length === 0) return decision;
    // One decision names one pCPU; the next, which comes at once, another.
    const hints = distinct([...this.#owed, woken, decision.kick]).filter((id) => id !== pcpu && this.#poolOf.has(id));
    const [kick, ...owed] = hints;
    this.#owed = owed;
    const { kick: _, ...rest } = decision;
    return kick === undefined ? rest : { ...rest, kick };
  }

  account(vcpu: VcpuId, ranFor: number, time: number): void {
    this.#residents.get(vcpu)?.account(ranFor, this.#at(time));
  }

  stats(vcpu: VcpuId, time: number): VcpuStats | undefined {
    return this.#residents.get(vcpu)?.stats(this.#at(time));
  }

  /** A guest in transit has stopped: it waits for its scheduler like others. */
  #arrive(resident: Resident, now: number): PreemptionHint {
    if (!resident.inTransit) return undefined;
    resident.endTransit(now);
    return resident.pool.scheduler.wake(resident.id, now);
  }

  /** Adds all or none. */
  #addAll(residents: readonly Resident[], scheduler: Scheduler, now: number): void {
    for (const [index, { id, parameters }] of residents.entries()) {
      const cap = this.#caps.get(parameters.domain);
      try {
        scheduler.add(id, cap === undefined ? parameters : { ...parameters, cap }, now);
      } catch (error) {
        for (const { id: added } of residents.slice(0, index)) scheduler.remove(added, now);
        throw error;
      }
    }
  }

  /** The host has stopped it, whatever it does next. */
  #stopped(resident: Resident): void {
    if (resident.pcpu !== undefined) this.#running.delete(resident.pcpu);
    resident.pcpu = undefined;
  }

  *#membersOf(pool: Pool): Iterable<Resident> {
    for (const resident of this.#residents.values()) if (resident.pool === pool) yield resident;
  }

  #pool(name: string): Pool {
    const pool = this.#pools.get(name);
    if (pool === undefined) throw this.#misnamed(`there is no CPU pool "${name}"`);
    return pool;
  }

  #misnamed(what: string): Error {
    return errors.make('VIV_POOL_NAME', `${what}; there are: ${[...this.#pools.keys()].join(', ')}`);
  }

  #at(time: number): number {
    if (time > this.#now) this.#now = time;
    return this.#now;
  }
}

const distinct = (hints: readonly PreemptionHint[]): readonly PcpuId[] => [
  ...new Set(hints.filter((hint) => hint !== undefined)),
];
