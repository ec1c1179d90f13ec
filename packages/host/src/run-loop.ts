import type {
  Clock,
  CoreDebug,
  CpuCore,
  DebugResumption,
  DebugStop,
  GuestFault,
  Vcpu,
  VcpuExit,
} from '@vivarium/contracts';
import type { CellOptions } from './cell.ts';
import { hostNow } from './event-loop.ts';
import { type Pace, RealPace, type Runner, VirtualPace } from './pace.ts';
import type { HostThread } from './scheduling/host-thread.ts';
import type { LeaseDesk } from './scheduling/lease-desk.ts';

/** Whom to ask whether a vCPU may run, and whose time it takes. */
export interface Leased {
  readonly desk: LeaseDesk;
  readonly thread: HostThread;
}

/** What is left to do after every vCPU had its turn. */
export type Round =
  | { readonly kind: 'ran' }
  /** Nothing to run until `deadline` (nanoseconds of the machine's clock), or until an interrupt rises. */
  | { readonly kind: 'idle'; readonly deadline: number | undefined }
  /** What a debugger had set was reached. */
  | { readonly kind: 'stop'; readonly stop: DebugStop }
  | { readonly kind: 'fault'; readonly fault: GuestFault };

/** One vCPU as the loop sees it. */
interface Seat {
  readonly vcpu: Vcpu;
  idle: boolean;
  /** The own deadline that it has already been run for and slept on: past and of no interest until it changes. */
  served: number | undefined;
}

const RAN: Round = { kind: 'ran' };
export const ALL_STOPPED: GuestFault = {
  code: 'GUEST_ALL_STOPPED',
  message: 'every vCPU has stopped itself and none is left to start another',
};

/** Instructions that other vCPUs may execute while a debugger steps one: enough for it not to wait for them for ever. */
const BESIDE_STEP = 100;

/** An exit that a debugger hears of. */
const stopOf = (exit: VcpuExit, vcpu: number): DebugStop | undefined => {
  if (exit.kind === 'breakpoint') return { kind: 'breakpoint', vcpu, address: exit.pc };
  if (exit.kind === 'watchpoint') return { ...exit, vcpu };
  return exit.kind === 'fault' ? { ...exit, vcpu } : undefined;
};

/** Runs the vCPUs of one machine in turn on this thread, and fires its timers between them. */
export class RunLoop {
  readonly #seats: readonly Seat[];
  readonly #clock: Clock;
  readonly #pace: Pace;
  #current: Vcpu | undefined;
  #interrupted = false;
  readonly #leased: Leased | undefined;
  readonly #sample: CellOptions['sample'];
  step: ((vcpu: Vcpu) => boolean) | undefined;
  /** vCPUs that stand still because a debugger holds them. */
  held: ReadonlySet<number> = new Set();
  /** The vCPU that ran last. */
  last = 0;
  slices = 0;

  constructor(core: CpuCore, clock: Clock, { step, sample }: Pick<CellOptions, 'step' | 'sample'>, leased?: Leased) {
    this.#leased = leased;
    this.#seats = core.vcpus.map((vcpu) => ({ vcpu, idle: false, served: undefined }));
    this.#clock = clock;
    this.#pace = clock.virtual === undefined ? new RealPace(clock) : new VirtualPace(clock, clock.virtual);
    this.step = step;
    this.#sample = sample;
  }

  /** Ends the round in progress after the present instruction. */
  interrupt(): void {
    this.#interrupted = true;
    this.#current?.yieldSoon();
  }

  /** An interrupt of another vCPU rose: the one that runs may be waiting for it to be answered, so let it go on. */
  yieldCurrent(): void {
    this.#current?.yieldSoon();
  }

  /** Every vCPU runs again, as after power-on, or after a debugger may have changed what it waits for. */
  reset(): void {
    for (const seat of this.#seats) {
      seat.idle = false;
      seat.served = undefined;
    }
  }

  /** Gives each vCPU that can run one slice. */
  round(): Round {
    this.#interrupted = false;
    this.#clock.fire();
    let ran = false;
    for (const seat of this.#seats) {
      if (this.#interrupted) return RAN;
      if (!this.#mayRun(seat)) continue;
      ran = true;
      const exit = this.#turn(seat);
      if (exit.kind === 'fault') return exit;
      const stop = stopOf(exit, seat.vcpu.index);
      if (stop !== undefined) return { kind: 'stop', stop };
    }
    if (ran || this.#interrupted) return RAN;
    if (!this.#seats.some(({ vcpu }) => vcpu.running)) return { kind: 'fault', fault: ALL_STOPPED };
    return { kind: 'idle', deadline: this.#idleDeadline() };
  }

  /**
   * One instruction of each vCPU that is to step, for a debugger. Others may go on a little; no timer fires. What was
   * reached meanwhile, or that the step is done.
   */
  single(debug: CoreDebug, { step, run }: DebugResumption): DebugStop {
    let stop: DebugStop | undefined;
    this.#interrupted = false;
    for (const seat of this.#seats) {
      const { vcpu } = seat;
      if (!step.includes(vcpu.index)) continue;
      const runner: Runner = {
        run: () => debug.step(vcpu),
        get attemptedInSlice() {
          return vcpu.attemptedInSlice;
        },
      };
      stop ??= stopOf(this.#slice(seat, runner, 1), vcpu.index);
    }
    for (const seat of this.#seats) {
      if (stop !== undefined || this.#interrupted) break;
      if (!run.includes(seat.vcpu.index) || !this.#canRun(seat)) continue;
      stop = stopOf(this.#slice(seat, seat.vcpu, BESIDE_STEP), seat.vcpu.index);
    }
    return stop ?? { kind: 'step', vcpu: step[0] ?? 0 };
  }

  /** Tells of vCPUs that slept and have something to do, between two rounds. */
  look(): void {
    for (const seat of this.#seats) this.#mayRun(seat);
  }

  /** Whether it can run and, where grants decide, has one. One that cannot run gives its grant back. */
  #mayRun(seat: Seat): boolean {
    const can = this.#canRun(seat);
    if (this.#leased === undefined) return can;
    const { desk } = this.#leased;
    const { index } = seat.vcpu;
    if (!can) desk.finish(index, 'asleep');
    else if (desk.until(index) === undefined) desk.wake(index);
    return can && desk.until(index) !== undefined;
  }

  /** A slice, and the timers that came due in it. */
  #turn(seat: Seat): VcpuExit {
    if (this.#leased === undefined) {
      const exit = this.#slice(seat);
      this.#clock.fire();
      return exit;
    }
    const { desk, thread } = this.#leased;
    const { index } = seat.vcpu;
    const consumed = thread.consumed();
    const clockBegan = this.#clock.now();
    const exit = this.#slice(seat);
    this.#clock.fire();
    thread.passed(this.#clock.now() - clockBegan);
    desk.ran(index, thread.consumed() - consumed);
    const until = desk.until(index);
    if (!this.#canRun(seat)) desk.finish(index, 'asleep');
    else if (until !== undefined && thread.now() >= until) desk.finish(index, 'ready');
    return exit;
  }

  #canRun(seat: Seat): boolean {
    const { vcpu } = seat;
    if (!vcpu.running) {
      seat.idle = false;
      return false;
    }
    if (this.held.has(vcpu.index)) return false;
    if (!seat.idle || vcpu.wakeup) return true;
    const deadline = vcpu.nextDeadline;
    return deadline !== undefined && deadline !== seat.served && deadline <= this.#clock.now();
  }

  #slice(seat: Seat, runner: Runner = seat.vcpu, most = Number.MAX_SAFE_INTEGER): VcpuExit {
    const { vcpu } = seat;
    if (this.step !== undefined && !this.step(vcpu)) this.step = undefined;
    this.slices++;
    this.#current = vcpu;
    this.last = vcpu.index;
    const began = this.#sample === undefined ? 0 : hostNow();
    let exit: VcpuExit;
    try {
      exit = this.#pace.slice(runner, this.#sliceEnd(vcpu.index), this.step === undefined ? most : 1);
    } finally {
      this.#current = undefined;
    }
    this.#sample?.(vcpu, hostNow() - began);
    seat.idle = exit.kind === 'idle';
    const deadline = seat.idle ? vcpu.nextDeadline : undefined;
    seat.served = deadline !== undefined && deadline <= this.#clock.now() ? deadline : undefined;
    return exit;
  }

  /** When a slice ends at the latest, on the machine's clock. */
  #sliceEnd(vcpu: number): number | undefined {
    const deadline = this.#nextDeadline();
    if (this.#leased === undefined) return deadline;
    const { desk, thread } = this.#leased;
    const other = thread.nextDeadline ?? Number.POSITIVE_INFINITY;
    const granted = this.#clock.now() + Math.min(desk.until(vcpu) ?? 0, other) - thread.now();
    return deadline === undefined ? granted : Math.min(deadline, granted);
  }

  /** The earliest deadline still ahead, of timers and of the vCPUs' own comparators: a slice ends there. */
  #nextDeadline(): number | undefined {
    const now = this.#clock.now();
    return this.#earliest((_, own) => own > now);
  }

  /**
   * When a host that has nothing to run must look again. Not by what lies ahead: a comparator may have come due since
   * `#canRun` looked, and whoever sleeps over that sleeps for ever.
   */
  #idleDeadline(): number | undefined {
    return this.#earliest(
      ({ vcpu, served }, own) =>
        own !== served && !this.held.has(vcpu.index) && this.#leased?.desk.asleep(vcpu.index) !== false,
    );
  }

  #earliest(counts: (seat: Seat, own: number) => boolean): number | undefined {
    let earliest = this.#clock.nextDeadline;
    for (const seat of this.#seats) {
      const own = seat.vcpu.running ? seat.vcpu.nextDeadline : undefined;
      if (own !== undefined && counts(seat, own) && (earliest === undefined || own < earliest)) earliest = own;
    }
    return earliest;
  }
}
