import type { PcpuId, PreemptionHint, SchedulerFactory, VcpuId, VcpuStats } from '@vivarium/contracts';
import { CpuPools, type PoolReport } from '@vivarium/cpu-pools';
import { errors } from '../errors.ts';
import type { Stint } from '../lease.ts';
import { type Guest, GuestSeats, type GuestVcpus, type Seat } from './guest.ts';
import { createHostThread, type HostTime } from './host-thread.ts';
import { Pcpu, type PcpuStats } from './pcpu.ts';

/** What a dispatcher is made of. */
export interface DispatcherOptions {
  /** Of the first CPU pool, to which new pCPUs and guests go. */
  readonly scheduler: SchedulerFactory;
  /** How many pCPUs there are at first, numbered from 0. */
  readonly pcpus: number;
  /** Default: real time. What inline cells that it serves run on. Virtual time has room for one pCPU. */
  readonly time?: HostTime;
  /** A vCPU has not given back its pCPU this long after the end of its slice. Milliseconds of real time, default 1000. */
  readonly overdueMilliseconds?: number;
  /** Told of what should not be: who keeps a pCPU, and a scheduler that decides what is not possible. */
  readonly onTrouble?: (trouble: DispatcherTrouble) => void;
}

/** Something that a host should look into. Other guests go on meanwhile, as far as there are pCPUs for them. */
export type DispatcherTrouble =
  | { readonly kind: 'overdue'; readonly guest: string; readonly vcpu: number; readonly pcpu: PcpuId }
  | { readonly kind: 'failed'; readonly guest: string; readonly vcpu: number; readonly error: unknown }
  | { readonly kind: 'decision'; readonly error: Error };

/** Longest stretch that is granted at once: whatever a scheduler says, its vCPU is looked at again some time. */
const LONGEST_GRANT = 1_000_000_000;

/** Decisions that follow from each other before anything runs. */
const DECISIONS_AT_ONCE = 10_000;

/** After a decision that is not possible, in nanoseconds. */
const PENALTY = 1_000_000;

/**
 * Gives the pCPUs of a host to the vCPUs of its guests, as the schedulers of its CPU pools decide. On each pCPU one
 * vCPU at most holds a grant at any time; what it ran is charged by time stamps.
 */
export class Dispatcher {
  readonly #pools: CpuPools;
  readonly #time: HostTime;
  readonly #options: DispatcherOptions;
  readonly #pcpus = new Map<PcpuId, Pcpu>();
  readonly #seats = new Map<VcpuId, Seat>();
  readonly #guests = new Map<string, GuestSeats>();
  /** Free pCPUs that are to pick. */
  readonly #due = new Set<Pcpu>();
  #settling = false;
  #nextVcpu: VcpuId = 0;
  #nextPcpu: PcpuId = 0;

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.#time = options.time ?? createHostThread();
    this.#pools = new CpuPools(options.scheduler);
    for (let count = 0; count < options.pcpus; count++) this.addPcpu();
  }

  get guests(): readonly Guest[] {
    return [...this.#guests.values()];
  }

  /** Its pCPUs and what they have done. */
  get pcpus(): readonly PcpuStats[] {
    const now = this.#time.now();
    return [...this.#pcpus.values()].map((pcpu) => pcpu.stats(now));
  }

  /** What is in the CPU pools, in the order in which they were made. */
  get pools(): readonly PoolReport[] {
    return this.#pools.report();
  }

  /** One more pCPU for the first pool. Throws `VIV_DISPATCH_PCPU` where time has no room for it. */
  addPcpu(): PcpuId {
    if (this.#time.kind === 'virtual' && this.#pcpus.size > 0) {
      throw errors.make(
        'VIV_DISPATCH_PCPU',
        'a second pCPU would run at the same time as the first, which virtual time cannot',
      );
    }
    const id = this.#nextPcpu++;
    const now = this.#time.now();
    this.#pools.addPcpu(id, now);
    const pcpu: Pcpu = new Pcpu(
      id,
      now,
      this.#time.timer(() => this.#timedOut(pcpu)),
    );
    this.#pcpus.set(id, pcpu);
    this.#reschedule([id]);
    return id;
  }

  /** Takes a pCPU away, once what runs there has stopped. Throws `VIV_DISPATCH_PCPU`. */
  removePcpu(id: PcpuId): Promise<void> {
    const pcpu = this.#pcpus.get(id);
    if (pcpu === undefined) throw errors.make('VIV_DISPATCH_PCPU', `there is no pCPU ${id}`);
    const gone = new Promise<void>((resolve) => pcpu.whenGone.push(resolve));
    pcpu.leaving = true;
    this.#reschedule([id]);
    return gone;
  }

  /**
   * Gives a guest pCPUs from now on, until its run is over or it is detached. Throws `VIV_DISPATCH_GUEST`, and what the
   * scheduler says about parameters; nothing has changed then.
   */
  attach(guest: GuestVcpus): Guest {
    const { name } = guest;
    if (this.#guests.has(name)) throw errors.make('VIV_DISPATCH_GUEST', `guest "${name}" has pCPUs already`);
    const now = this.#time.now();
    const seats = new GuestSeats(guest, this.#nextVcpu, {
      stats: (seat) => this.#stats(seat),
      change: (vcpu, change) => this.#apply((time) => this.#pools.change(vcpu, change, time)),
      detach: () => this.#detach(seats),
      wake: (seat) => this.#wake(seat),
    });
    for (const [index, { id }] of seats.seats.entries()) {
      try {
        this.#pools.add(id, { ...guest.vcpus[index], domain: name }, now);
      } catch (error) {
        for (const { id: added } of seats.seats.slice(0, index)) this.#pools.remove(added, now);
        throw error;
      }
    }
    this.#nextVcpu += seats.seats.length;
    this.#guests.set(name, seats);
    for (const seat of seats.seats) this.#seats.set(seat.id, seat);
    seats.listen();
    // Whoever has nothing to do says so at once; who began before it was attached has woken already.
    for (const seat of seats.seats) this.#wake(seat);
    return seats;
  }

  createPool(name: string, scheduler: SchedulerFactory): void {
    this.#pools.createPool(name, scheduler);
  }

  removePool(name: string): void {
    this.#pools.removePool(name);
  }

  /** The pool of a guest, whether it is here already or not. */
  poolOf(guest: string): string {
    return this.#pools.poolOf(guest);
  }

  movePcpu(pcpu: PcpuId, pool: string): void {
    this.#apply((now) => this.#pools.movePcpu(pcpu, pool, now));
  }

  /** Moves a guest to another pool, or says where it will be. */
  moveGuest(guest: string, pool: string): void {
    this.#apply((now) => this.#pools.moveDomain(guest, pool, now));
  }

  /** Another scheduler for a pool, while its guests run. */
  setScheduler(pool: string, scheduler: SchedulerFactory): void {
    this.#apply((now) => this.#pools.setScheduler(pool, scheduler, now));
  }

  /** New options for the scheduler of a pool. */
  configure(pool: string, options: unknown): void {
    this.#apply((now) => this.#pools.configure(pool, options, now));
  }

  /** What it runs at present is not charged yet, but it runs: as much of the time as it did so far. */
  #stats({ id, pcpu, since, held, charged }: Seat): VcpuStats | undefined {
    const now = this.#time.now();
    const stats = this.#pools.stats(id, now);
    if (stats === undefined || pcpu === undefined) return stats;
    const runs = Math.floor((now - since) * (held > 0 ? Math.min(charged / held, 1) : 1));
    return { ...stats, run: stats.run + runs };
  }

  #apply(change: (now: number) => readonly PcpuId[]): void {
    this.#reschedule(change(this.#time.now()));
  }

  #detach(guest: GuestSeats): void {
    if (this.#guests.get(guest.name) !== guest) return;
    this.#guests.delete(guest.name);
    guest.close();
    for (const seat of guest.seats) {
      this.#seats.delete(seat.id);
      seat.gone = true;
      // What still runs there has to go before anybody else may.
      this.#reschedule([this.#pools.remove(seat.id, this.#time.now())]);
    }
  }

  #wake(seat: Seat): void {
    if (seat.gone) return;
    if (seat.pcpu !== undefined) seat.wokenMeanwhile = true;
    else this.#reschedule([this.#pools.wake(seat.id, this.#time.now())]);
  }

  /** Has pCPUs pick again: free ones at once, others when what runs there has stopped. */
  #reschedule(hints: readonly PreemptionHint[]): void {
    for (const hint of hints) {
      const pcpu = hint === undefined ? undefined : this.#pcpus.get(hint);
      if (pcpu === undefined) continue;
      if (pcpu.running === undefined) this.#due.add(pcpu);
      else this.#revoke(pcpu);
    }
    this.#settle();
  }

  #revoke(pcpu: Pcpu): void {
    const { running } = pcpu;
    if (running === undefined || pcpu.revoked) return;
    pcpu.revoked = true;
    running.guest.lease.revoke(running.index);
  }

  /** One decision may ask for another, and so on: one after the other. */
  #settle(): void {
    if (this.#settling) return;
    this.#settling = true;
    let decisions = 0;
    for (const pcpu of this.#due) {
      this.#due.delete(pcpu);
      if (pcpu.leaving) this.#leave(pcpu);
      else if (decisions++ < DECISIONS_AT_ONCE) this.#decide(pcpu);
      else this.#refuse(pcpu, `${DECISIONS_AT_ONCE} decisions at once ask for more`);
    }
    this.#settling = false;
  }

  /** What a scheduler decides for a pCPU cannot be done. */
  #refuse(pcpu: Pcpu, reason: string): void {
    const error = errors.make('VIV_DISPATCH_DECISION', `no pick for pCPU ${pcpu.id}: ${reason}`);
    this.#options.onTrouble?.({ kind: 'decision', error });
    pcpu.timer.arm(this.#time.now() + PENALTY);
  }

  #leave(pcpu: Pcpu): void {
    pcpu.timer.cancel();
    this.#pcpus.delete(pcpu.id);
    this.#reschedule([this.#pools.removePcpu(pcpu.id, this.#time.now())]);
    for (const gone of pcpu.whenGone) gone();
  }

  #decide(pcpu: Pcpu): void {
    pcpu.timer.cancel();
    const now = this.#time.now();
    const decision = this.#pools.pick(pcpu.id, now);
    this.#reschedule([decision.kick]);
    if (decision.kind === 'idle') {
      if (decision.until !== undefined) pcpu.timer.arm(decision.until);
      return;
    }
    const seat = this.#seats.get(decision.vcpu);
    if (seat === undefined || seat.pcpu !== undefined || !(decision.slice >= 1)) {
      const why = seat === undefined ? 'is none of its own' : 'runs elsewhere, or for no time at all';
      this.#refuse(pcpu, `vCPU ${decision.vcpu} is chosen for ${decision.slice} ns, but ${why}`);
      return;
    }
    void this.#run(pcpu, seat, Math.min(Math.floor(decision.slice), LONGEST_GRANT), now);
  }

  async #run(pcpu: Pcpu, seat: Seat, slice: number, now: number): Promise<void> {
    const { lease } = seat.guest;
    pcpu.begin(seat, now);
    if (this.#time.kind === 'real') pcpu.timer.arm(now + slice + (this.#options.overdueMilliseconds ?? 1000) * 1e6);
    const release = this.#time.occupy();
    let stint: Stint;
    try {
      stint = await lease.grant(seat.index, slice, seat.stolen(now));
    } catch (error) {
      this.#options.onTrouble?.({ kind: 'failed', guest: seat.guest.name, vcpu: seat.index, error });
      stint = { ranFor: 0, next: 'ended' };
    }
    release();
    this.#returned(pcpu, seat, stint);
  }

  #returned(pcpu: Pcpu, seat: Seat, { ranFor, next }: Stint): void {
    const now = this.#time.now();
    const held = pcpu.end(now);
    this.#due.add(pcpu);
    if (!seat.gone) {
      const charged = seat.guest.charge === 'held' ? held : ranFor;
      this.#pools.account(seat.id, charged, now);
      seat.held += held;
      seat.charged += charged;
      if (next === 'ended') this.#detach(seat.guest);
      if (next === 'asleep') this.#pools.sleep(seat.id, now);
      if (next === 'asleep' && seat.wokenMeanwhile) this.#wake(seat);
    }
    this.#settle();
  }

  #timedOut(pcpu: Pcpu): void {
    const { running } = pcpu;
    if (running === undefined) this.#reschedule([pcpu.id]);
    else this.#options.onTrouble?.({ kind: 'overdue', guest: running.guest.name, vcpu: running.index, pcpu: pcpu.id });
  }
}
