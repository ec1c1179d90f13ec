import type { PcpuId, PreemptionHint, Scheduler, VcpuChange, VcpuId, VcpuParameters } from '@vivarium/contracts';
import { errors } from './errors.ts';
import { EventQueue } from './event-queue.ts';
import { Ideal } from './ideal.ts';
import { Random } from './random.ts';
import { type SimulationReport, vcpuReport } from './report.ts';
import { Trace } from './trace.ts';
import { VirtualVcpu } from './virtual-vcpu.ts';
import type { SpinLock, Workload } from './workload.ts';

/** What a simulation drives: a scheduler, or CPU pools that look like one. */
export type Driven = Omit<Scheduler, 'name' | 'honours' | 'configure'>;

/** What a simulation is made of. */
export interface SimulationOptions {
  readonly scheduler: Driven;
  /** Numbers of the pCPUs at the start. */
  readonly pcpus: readonly PcpuId[];
  /** Default 1. */
  readonly seed?: number;
  /**
   * How often a running guest looks whether it should stop: the end of a slice and a hint take effect at the next
   * multiple of this from the start of the run. Default 1 ns, at once.
   */
  readonly quantum?: number;
  /** Keep who ran when. Default false. */
  readonly trace?: boolean;
}

/** Order of what happens at the same time. */
const RANK = { interrupt: 0, action: 1, pcpu: 2 } as const;

/** Events at one moment, after which nothing is expected to let time pass any more. */
const EVENTS_AT_ONCE = 100_000;

/** A pCPU and what happens there. */
interface VirtualPcpu {
  readonly id: PcpuId;
  running: VirtualVcpu | undefined;
  /** When the run began, and up to when it is accounted. */
  start: number;
  accounted: number;
  /** When to pick again. */
  decideAt: number;
  /** Outdated events carry an older number. */
  generation: number;
}

/** Schedulers over virtual time: exact to the nanosecond, and the same for the same seed. */
export class Simulation {
  readonly trace = new Trace();
  readonly #scheduler: Driven;
  readonly #quantum: number;
  readonly #tracing: boolean;
  readonly #seed: number;
  readonly #events = new EventQueue();
  readonly #ideal = new Ideal<VcpuId>();
  readonly #pcpus = new Map<PcpuId, VirtualPcpu>();
  readonly #vcpus = new Map<VcpuId, VirtualVcpu>();
  #now = 0;
  #decisions = 0;
  #switches = 0;
  #eventsNow = 0;

  constructor(options: SimulationOptions) {
    this.#scheduler = options.scheduler;
    this.#seed = options.seed ?? 1;
    this.#quantum = options.quantum ?? 1;
    this.#tracing = options.trace ?? false;
    for (const pcpu of options.pcpus) this.addPcpu(pcpu);
  }

  get now(): number {
    return this.#now;
  }

  /** Adds a vCPU that starts its workload now. */
  spawn(id: VcpuId, parameters: VcpuParameters, workload: Workload): void {
    this.#scheduler.add(id, parameters, this.#now);
    const vcpu = new VirtualVcpu(id, workload, new Random(this.#seed * 65_537 + id));
    this.#vcpus.set(id, vcpu);
    this.#ideal.set(id, parameters.weight ?? 256, this.#now);
    this.#events.push(this.#now, RANK.interrupt, () => this.#interrupt(vcpu));
  }

  /** Lets `act` happen at `time`, between two events. */
  at(time: number, act: () => void): void {
    this.#events.push(Math.max(time, this.#now), RANK.action, act);
  }

  /** Takes a vCPU away, also one that runs. */
  remove(id: VcpuId): void {
    this.#require(id);
    for (const pcpu of this.#pcpus.values()) if (pcpu.running?.id === id) this.#stop(pcpu);
    this.#vcpus.delete(id);
    this.#ideal.delete(id, this.#now);
    this.reschedule(this.#scheduler.remove(id, this.#now));
  }

  change(id: VcpuId, change: VcpuChange): void {
    this.#require(id);
    if (change.weight !== undefined) this.#ideal.set(id, change.weight, this.#now);
    for (const pcpu of this.#scheduler.change(id, change, this.#now)) this.reschedule(pcpu);
  }

  addPcpu(id: PcpuId): void {
    this.#scheduler.addPcpu(id, this.#now);
    this.#pcpus.set(id, {
      id,
      running: undefined,
      start: 0,
      accounted: 0,
      decideAt: Number.POSITIVE_INFINITY,
      generation: 0,
    });
    this.#ideal.resize(this.#pcpus.size, this.#now);
    this.reschedule(id);
  }

  removePcpu(id: PcpuId): void {
    this.whileStopped(id, () => this.reschedule(this.#scheduler.removePcpu(id, this.#now)));
    this.#pcpus.delete(id);
    this.#ideal.resize(this.#pcpus.size, this.#now);
  }

  /** Stops and accounts what runs on a pCPU, as a host does before it changes something there, and picks again after. */
  whileStopped(id: PcpuId, act: () => void): void {
    const pcpu = this.#pcpus.get(id);
    if (pcpu?.running !== undefined) this.#stop(pcpu);
    act();
    this.reschedule(id);
  }

  /** Has a pCPU pick again: at once if it is idle, else when the guest looks. */
  reschedule(id: PreemptionHint): void {
    const pcpu = id === undefined ? undefined : this.#pcpus.get(id);
    if (pcpu !== undefined)
      this.#decideAt(pcpu, pcpu.running === undefined ? this.#now : this.#boundary(pcpu, this.#now));
  }

  /** Runs to `time`, everything that happens then included; brings the account of what runs up to date. */
  runUntil(time: number): void {
    this.#run(time, Number.POSITIVE_INFINITY);
  }

  /** Runs until so many decisions were made, but not beyond `time`. */
  runDecisions(decisions: number, time = Number.MAX_SAFE_INTEGER): void {
    this.#run(time, this.#decisions + decisions);
  }

  service(id: VcpuId): number {
    return this.#require(id).service;
  }

  /** How much the ideal has given a vCPU more than the scheduler, since it woke. */
  lag(id: VcpuId): number {
    const vcpu = this.#require(id);
    return this.#ideal.given(id, this.#now) - vcpu.idealAtWake - (vcpu.service - vcpu.serviceAtWake);
  }

  report(): SimulationReport {
    for (const vcpu of this.#vcpus.values()) if (vcpu.awake) this.#noteLag(vcpu);
    return {
      now: this.#now,
      decisions: this.#decisions,
      switches: this.#switches,
      vcpus: [...this.#vcpus.values()].map((vcpu) =>
        vcpuReport(vcpu, this.#now, this.#scheduler.stats(vcpu.id, this.#now)),
      ),
    };
  }

  #run(time: number, decisions: number): void {
    while (this.#decisions < decisions && this.#events.nextTime <= time) {
      const next = this.#events.nextTime;
      this.#eventsNow = next > this.#now ? 0 : this.#eventsNow + 1;
      if (this.#eventsNow > EVENTS_AT_ONCE) throw this.#stuck(`${EVENTS_AT_ONCE} events`);
      this.#now = next;
      this.#events.pop()?.();
    }
    if (this.#decisions < decisions && time < Number.MAX_SAFE_INTEGER) this.#now = Math.max(this.#now, time);
    for (const pcpu of this.#pcpus.values()) this.#account(pcpu);
  }

  /** The interrupt that a vCPU sleeps for. What the guest does about it, it does when it runs. */
  #interrupt(vcpu: VirtualVcpu): void {
    if (this.#vcpus.get(vcpu.id) !== vcpu) return;
    vcpu.awake = true;
    this.#ideal.activate(vcpu.id, true, this.#now);
    vcpu.idealAtWake = this.#ideal.given(vcpu.id, this.#now);
    vcpu.serviceAtWake = vcpu.service;
    this.reschedule(this.#scheduler.wake(vcpu.id, this.#now));
  }

  #decide(pcpu: VirtualPcpu): void {
    const before = pcpu.running;
    if (before !== undefined) this.#stop(pcpu);
    const decision = this.#scheduler.pick(pcpu.id, this.#now);
    this.#decisions += 1;
    this.reschedule(decision.kick);
    if (decision.kind === 'idle') {
      const { until } = decision;
      if (until !== undefined && until <= this.#now) throw this.#stuck(`pCPU ${pcpu.id} idle until ${until}`);
      this.#decideAt(pcpu, until ?? Number.POSITIVE_INFINITY);
      return;
    }
    const vcpu = this.#vcpus.get(decision.vcpu);
    const elsewhere = [...this.#pcpus.values()].some(({ running }) => running?.id === decision.vcpu);
    if (vcpu === undefined || !vcpu.awake || elsewhere || !(decision.slice >= 1)) {
      const what = `vCPU ${decision.vcpu} for ${decision.slice} ns on pCPU ${pcpu.id} at ${this.#now}`;
      throw errors.make('VIV_SIMULATION_SCHEDULER', `the scheduler runs ${what}, which is not possible`);
    }
    if (vcpu !== before) this.#switches += 1;
    pcpu.running = vcpu;
    pcpu.start = this.#now;
    pcpu.accounted = this.#now;
    this.#noteLag(vcpu);
    pcpu.decideAt = this.#boundary(pcpu, this.#now + decision.slice);
    this.#goOn(pcpu, vcpu);
  }

  /** What a vCPU does from now on, until the pCPU decides again or the guest does something. */
  #goOn(pcpu: VirtualPcpu, vcpu: VirtualVcpu): void {
    const outcome = vcpu.advance(this.#now, (lock) => this.#released(lock));
    if (outcome === undefined) throw this.#stuck(`vCPU ${vcpu.id}`);
    if (outcome.kind === 'goes-on') {
      this.#schedule(pcpu, Math.min(pcpu.decideAt, this.#now + vcpu.horizon(this.#now)));
      return;
    }
    this.#account(pcpu);
    if (outcome.kind === 'sleeps') {
      this.#scheduler.sleep(vcpu.id, this.#now);
      vcpu.awake = false;
      this.#ideal.activate(vcpu.id, false, this.#now);
      this.#events.push(outcome.until, RANK.interrupt, () => this.#interrupt(vcpu));
      pcpu.running = undefined;
    } else this.#scheduler.yield(vcpu.id, this.#now, outcome.to);
    this.#decideAt(pcpu, this.#now);
  }

  /** Something is due on a pCPU. */
  #due(pcpu: VirtualPcpu): void {
    const vcpu = pcpu.running;
    if (vcpu === undefined || pcpu.decideAt <= this.#now) this.#decide(pcpu);
    else {
      this.#account(pcpu);
      this.#goOn(pcpu, vcpu);
    }
  }

  /** A lock came free: the first that spins on a pCPU has it. */
  #released(lock: SpinLock): void {
    for (const pcpu of this.#pcpus.values()) {
      if (pcpu.running?.waitsFor !== lock) continue;
      lock.holder = undefined;
      this.#schedule(pcpu, this.#now);
      return;
    }
  }

  #stop(pcpu: VirtualPcpu): void {
    this.#account(pcpu);
    if (pcpu.running !== undefined) this.#noteLag(pcpu.running);
    pcpu.running = undefined;
  }

  #account(pcpu: VirtualPcpu): void {
    const vcpu = pcpu.running;
    const ran = this.#now - pcpu.accounted;
    if (vcpu === undefined || ran === 0) return;
    vcpu.ran(ran);
    if (this.#tracing) this.trace.record(vcpu.id, pcpu.id, pcpu.accounted, this.#now);
    pcpu.accounted = this.#now;
    this.#scheduler.account(vcpu.id, ran, this.#now);
    this.#noteLag(vcpu);
  }

  #noteLag(vcpu: VirtualVcpu): void {
    const lag = this.lag(vcpu.id);
    if (lag > vcpu.mostLag) vcpu.mostLag = lag;
    if (lag < vcpu.leastLag) vcpu.leastLag = lag;
  }

  #decideAt(pcpu: VirtualPcpu, time: number): void {
    if (pcpu.running !== undefined && time >= pcpu.decideAt) return;
    pcpu.decideAt = time;
    // The guest may be about to do something earlier.
    const guest = pcpu.running === undefined ? time : pcpu.accounted + pcpu.running.horizon(pcpu.accounted);
    this.#schedule(pcpu, Math.max(this.#now, Math.min(time, guest)));
  }

  #schedule(pcpu: VirtualPcpu, time: number): void {
    pcpu.generation += 1;
    const { generation } = pcpu;
    if (time === Number.POSITIVE_INFINITY) return;
    this.#events.push(time, RANK.pcpu, () => {
      if (pcpu.generation === generation && this.#pcpus.get(pcpu.id) === pcpu) this.#due(pcpu);
    });
  }

  /** The first time from `time` on at which the guest on a pCPU looks whether it should stop. */
  #boundary(pcpu: VirtualPcpu, time: number): number {
    return pcpu.start + Math.ceil((time - pcpu.start) / this.#quantum) * this.#quantum;
  }

  #require(id: VcpuId): VirtualVcpu {
    const vcpu = this.#vcpus.get(id);
    if (vcpu === undefined) throw errors.make('VIV_SIMULATION_VCPU', `there is no vCPU ${id} in this simulation`);
    return vcpu;
  }

  #stuck(who: string): Error {
    return errors.make('VIV_SIMULATION_STUCK', `${who}: no time passes any more at ${this.#now}`);
  }
}
