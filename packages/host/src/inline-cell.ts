import {
  type Clock,
  ClockToken,
  type CpuCore,
  CpuCoreToken,
  type DebugResumption,
  type DebugStop,
  MachineMemoryToken,
  type PowerRequest,
  StealTimeToken,
  type Timer,
} from '@vivarium/contracts';
import type { Machine } from '@vivarium/kernel';
import type { Cell, CellOptions, CellOutcome, CellStats } from './cell.ts';
import { CellDebugTarget } from './debug-target.ts';
import { errors } from './errors.ts';
import { hostNow, Sleeper, turn } from './event-loop.ts';
import { HostCommands } from './host-commands.ts';
import { partError } from './part-error.ts';
import { type Leased, RunLoop } from './run-loop.ts';
import { createHostThread } from './scheduling/host-thread.ts';
import { LeaseDesk } from './scheduling/lease-desk.ts';

type CommandName = 'pause' | 'resume' | 'step' | 'reset' | 'stop';

/** Something the host asks for. */
interface Command {
  readonly name: CommandName;
  /** Of `step` and `resume`; what is not there is everything. */
  readonly resumption: DebugResumption | undefined;
}

/** Milliseconds that the event loop may wait for a thread that naps: as long as answers of a network take. */
const LONGEST_NAP = 0.1;

/** Milliseconds after something came from outside in which more is expected. */
const ANSWERS = 2;

const STOPPED: CellOutcome = { kind: 'stopped' };

/** An outcome as debuggers hear of it: a number of eight bits. */
const debugCode = (outcome: CellOutcome | undefined): number => {
  if (outcome?.kind === 'failure') return Math.min(Math.max(outcome.code, 1), 255);
  return outcome === undefined || outcome.kind === 'fault' ? 1 : 0;
};

/** Runs one machine on the thread that made it. */
export class InlineCell implements Cell {
  readonly #machine: Machine;
  readonly #core: CpuCore;
  readonly #clock: Clock;
  readonly #loop: RunLoop;
  readonly #options: CellOptions;
  #startPaused: boolean;
  readonly debug?: CellDebugTarget;
  readonly lease?: LeaseDesk;
  readonly #leased: Leased | undefined;
  /** Ends a sleep that a grant could end, too. */
  readonly #alarm: Timer | undefined;
  /** Time of the thread at which a virtual clock that follows it was zero. */
  #origin = 0;
  readonly #sleeper = new Sleeper();
  readonly #commands: HostCommands<Command>;
  readonly #removals: (() => void)[] = [];
  #phase: 'new' | 'running' | 'ended' = 'new';
  #began = 0;
  #ended: number | undefined;
  /** Why the machine is about to be paused, when it was not asked for. */
  #stop: DebugStop | undefined;
  #idleMilliseconds = 0;
  #lastTurn = 0;
  /** Nothing to run: what rouses it now comes from outside. When that was last, in milliseconds. */
  #resting = false;
  #answered = Number.NEGATIVE_INFINITY;
  /** Asleep between two rounds, with nobody granted anything. */
  #parked = false;
  /** Instructions retired before the last reset, which sets the vCPUs' own counts to zero. */
  #retiredBefore = 0;

  constructor(machine: Machine, options: CellOptions) {
    this.#machine = machine;
    this.#commands = new HostCommands(machine.name, () => {
      this.#loop.interrupt();
      this.#sleeper.wake();
    });
    this.#options = options;
    this.#startPaused = options.startPaused === true;
    this.#clock = machine.get(ClockToken);
    this.#core = machine.get(CpuCoreToken);
    if (this.#core.threads !== undefined) {
      throw errors.make('VIV_CELL_THREADS', `the vCPUs of machine ${machine.name} need threads of their own`);
    }
    const leased = this.#createLease();
    this.#leased = leased;
    if (leased !== undefined) {
      this.lease = leased.desk;
      this.#alarm = leased.thread.timer(() => this.#rouse());
    }
    this.#loop = new RunLoop(this.#core, this.#clock, options, leased);
    const debug = this.#createDebugTarget();
    if (debug !== undefined) this.debug = debug;
  }

  #createLease(): Leased | undefined {
    const { leased = false } = this.#options;
    if (leased === false) return undefined;
    const thread = leased === true ? createHostThread() : leased;
    if (thread.kind !== this.#clock.kind) {
      const both = `a ${this.#clock.kind} clock, and the time of its thread is ${thread.kind}`;
      throw errors.make('VIV_CELL_LEASE', `machine ${this.#machine.name} has ${both}`);
    }
    const tells = this.#machine.parts.some(({ provides }) => provides.includes(StealTimeToken.id));
    const stealTime = tells ? this.#machine.get(StealTimeToken) : undefined;
    const desk = new LeaseDesk(this.#core.vcpus.length, thread, () => this.#sleeper.wake(), stealTime);
    return { thread, desk };
  }

  #createDebugTarget(): CellDebugTarget | undefined {
    const machine = this.#machine;
    const { architecture, vcpus, debug: core } = this.#core;
    if (core === undefined) return undefined;
    const ask = (name: CommandName, resumption?: DebugResumption): void =>
      void this.#command(name, resumption).catch(() => {}); // what fails then ends the run, which says so
    const paused = (): boolean | undefined => (this.#phase === 'running' ? machine.state === 'paused' : undefined);
    return new CellDebugTarget({
      name: machine.name,
      architecture,
      vcpus,
      core,
      memory: machine.get(MachineMemoryToken),
      get paused() {
        return paused();
      },
      pause: () => {
        this.#startPaused = true;
        ask('pause');
      },
      resume: (resumption) => ask(resumption.step.length > 0 ? 'step' : 'resume', resumption),
      release: () => {
        this.#startPaused = false;
        ask('resume');
      },
      reset: () => this.reset(),
      stop: () => ask('stop'),
    });
  }

  get stats(): CellStats {
    const wall = this.#phase === 'new' ? 0 : (this.#ended ?? hostNow()) - this.#began;
    return {
      instructions: this.#retiredBefore + this.#retired(),
      slices: this.#loop.slices,
      idleMilliseconds: this.#idleMilliseconds,
      wallMilliseconds: wall,
    };
  }

  async run(): Promise<CellOutcome> {
    if (this.#phase !== 'new') throw errors.make('VIV_CELL_STATE', `machine ${this.#machine.name} has been run before`);
    this.#phase = 'running';
    this.#began = hostNow();
    this.#lastTurn = this.#began;
    if (this.#startPaused) this.pause().catch(() => {}); // one that fails ends the run
    let outcome: CellOutcome;
    try {
      this.#listen();
      this.#startBackground();
      await this.#occupied(() => this.#machine.start());
      this.#open();
      outcome = await this.#drive();
    } catch (error) {
      // What went wrong first is what its reader needs; the machine reports parts that fail to stop by themselves.
      await this.#end(undefined, error).catch(() => {});
      throw error;
    }
    await this.#end(outcome);
    return outcome;
  }

  pause(): Promise<void> {
    return this.#command('pause');
  }

  resume(): Promise<void> {
    return this.#command('resume');
  }

  reset(): Promise<void> {
    return this.#command('reset');
  }

  async stop(): Promise<void> {
    if (this.#phase === 'running') await this.#command('stop');
    else this.#phase = 'ended';
    this.#leased?.desk.end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await this.#machine.dispose();
  }

  #listen(): void {
    this.#removals.push(this.#machine.events.on('guest:power', () => this.#loop.interrupt()));
    for (const vcpu of this.#core.vcpus) {
      const removal = vcpu.onWakeup?.(() => {
        this.#rouse();
        this.#loop.yieldCurrent();
      });
      if (removal !== undefined) this.#removals.push(removal);
    }
  }

  #startBackground(): void {
    const { startBackgroundThread } = this.#options;
    const dismiss = startBackgroundThread && this.#core.background?.(startBackgroundThread);
    if (dismiss !== undefined) this.#removals.push(dismiss);
  }

  /** The run loop: host commands, then power requests, then guest code, then a turn of the event loop or a sleep. */
  async #drive(): Promise<CellOutcome> {
    for (;;) {
      const ended = this.#commands.length > 0 ? await this.#obey() : undefined;
      if (ended !== undefined) return ended;
      this.#sleeper.settle();
      this.#followThread();
      const round = this.#guarded(() => this.#loop.round());
      const request = this.#machine.takePowerRequest();
      if (request !== undefined) {
        const outcome = await this.#power(request);
        if (outcome !== undefined) return outcome;
      } else if (round.kind === 'fault') {
        const { fault } = round;
        if (this.debug?.attached !== true) {
          this.#machine.events.emit('guest:fault', fault);
          return { kind: 'fault', fault };
        }
        this.#pauseFor({ kind: 'fault', vcpu: fault.vcpu ?? 0, fault });
      } else if (round.kind === 'stop') {
        this.#pauseFor(round.stop);
      } else if (round.kind === 'idle') {
        await this.#idle(round.deadline);
      }
      const others = this.#share();
      if (others !== undefined) await others;
    }
  }

  /** Others on this thread have their share of it: the event loop now and then, other cells whenever they may run. */
  #share(): Promise<void> | undefined {
    const { turnMilliseconds } = this.#options;
    if (this.#leased !== undefined) return this.#shareLeased(this.#leased, turnMilliseconds ?? 1);
    return hostNow() - this.#lastTurn < (turnMilliseconds ?? 4) ? undefined : this.#turn();
  }

  async #shareLeased({ thread, desk }: Leased, turnMilliseconds: number): Promise<void> {
    const due = thread.fire();
    // Who was told something answers at once; what a timer set off goes on then, too.
    if (desk.takeTold() || due > 0) await Promise.resolve();
    // Only on time that was granted: while a machine waits for the event loop, its timers wait for it.
    if (desk.busy) await thread.breathe(turnMilliseconds);
  }

  async #turn(): Promise<void> {
    await turn();
    this.#lastTurn = hostNow();
  }

  /** Time has passed for a machine whose time is virtual while others had the thread. */
  #followThread(): void {
    const { virtual } = this.#clock;
    if (this.#leased === undefined || virtual === undefined) return;
    virtual.advanceTo(Math.max(this.#leased.thread.now() - this.#origin, this.#clock.now()));
  }

  /** Virtual time does not jump ahead while a machine gets ready to run. */
  async #occupied(act: () => Promise<void>): Promise<void> {
    const leave = this.#leased?.thread.occupy();
    try {
      await act();
    } finally {
      leave?.();
    }
  }

  /** Ends a sleep. A vCPU that has something to do says so at once: the loop itself has its turn when others rest. */
  #rouse(): void {
    if (this.#resting) this.#answered = hostNow();
    if (this.#parked) {
      this.#followThread();
      this.#loop.look();
    }
    this.#sleeper.wake();
  }

  /** From now on time passes, and vCPUs run when they are granted something. */
  #open(): void {
    if (this.#leased === undefined) return;
    this.#origin = this.#leased.thread.now() - this.#clock.now();
    this.#leased.desk.open();
  }

  /** Does what the guest asked of its power supply; what it gives ends the run. */
  async #power(request: PowerRequest): Promise<CellOutcome | undefined> {
    if (request.kind === 'power-off' || request.kind === 'failure') return request;
    if (this.#options.onReboot === 'stop') return STOPPED;
    await this.#reset();
    return undefined;
  }

  #pauseFor(stop: DebugStop): void {
    this.#stop = stop;
    this.pause().catch(() => {}); // a failure to pause ends the run, which says so
  }

  #guarded<T>(run: () => T): T {
    try {
      return run();
    } catch (error) {
      throw partError(this.#machine.name, error);
    }
  }

  /** Lets the time until `deadline` pass. */
  async #idle(deadline: number | undefined): Promise<void> {
    const { virtual } = this.#clock;
    if (this.#leased !== undefined) return this.#idleLeased(this.#leased, deadline);
    if (virtual !== undefined && deadline !== undefined) {
      virtual.advanceTo(Math.max(deadline, this.#clock.now()));
      return;
    }
    const began = hostNow();
    const wait = deadline === undefined ? undefined : Math.max((deadline - this.#clock.now()) / 1e6, 0);
    const short = wait !== undefined && wait < 1;
    // Who answers a guest does so again soon: looking for that is better than a nap, at whose end it is found.
    const answered = short && began - this.#answered < ANSWERS;
    const napped = short && !answered && this.#sleeper.nap(Math.min(wait, LONGEST_NAP));
    this.#resting = true;
    await (answered || napped ? turn() : this.#sleeper.sleep(wait));
    this.#resting = false;
    this.#idleMilliseconds += hostNow() - began;
    this.#lastTurn = hostNow();
  }

  /** Until then or until a grant, and without the thread, which others may have meanwhile. */
  async #idleLeased({ thread, desk }: Leased, deadline: number | undefined): Promise<void> {
    if (desk.takeTold()) await Promise.resolve();
    if (desk.busy) return;
    const began = hostNow();
    const waits = this.#core.vcpus.some(({ index }) => !desk.asleep(index));
    // A virtual clock stands behind its thread while others run.
    const origin = this.#clock.virtual === undefined ? thread.now() - this.#clock.now() : this.#origin;
    if (deadline !== undefined) this.#alarm?.arm(origin + deadline);
    this.#parked = true;
    await this.#sleeper.sleep(undefined);
    this.#parked = false;
    this.#alarm?.cancel();
    if (!waits) this.#idleMilliseconds += hostNow() - began;
  }

  /** Does what the host asked for; what it gives ends the run. Stays here while the machine is paused. */
  async #obey(): Promise<CellOutcome | undefined> {
    for (;;) {
      const obeyed = await this.#commands.obey((command) => this.#carryOut(command));
      if (obeyed?.outcome !== undefined) return obeyed.outcome;
      if (obeyed !== undefined) continue;
      if (this.#machine.state !== 'paused') return undefined;
      await this.#sleeper.sleep(undefined);
      this.#sleeper.settle();
    }
  }

  async #carryOut({ name, resumption }: Command): Promise<CellOutcome | undefined> {
    const machine = this.#machine;
    if (name === 'reset') await this.#reset();
    if (name === 'pause' && machine.state === 'running') {
      this.#leased?.desk.close();
      await machine.pause();
      this.debug?.stopped(this.#stop ?? { kind: 'halted', vcpu: this.#loop.last });
      this.#stop = undefined;
    }
    if (name === 'resume') {
      const run = resumption?.run;
      this.#loop.held = new Set(
        run && this.#core.vcpus.map(({ index }) => index).filter((vcpu) => !run.includes(vcpu)),
      );
      this.#loop.reset();
      if (machine.state === 'paused') await machine.resume();
      this.#open();
      this.debug?.resumed();
    }
    const { debug } = this.#core;
    if (name === 'step' && machine.state === 'paused' && resumption !== undefined && debug !== undefined) {
      const stop = this.#guarded(() => this.#loop.single(debug, resumption));
      const request = machine.takePowerRequest();
      const ended = request && (await this.#power(request));
      if (ended !== undefined) return ended;
      this.debug?.stopped(stop);
    }
    if (name !== 'stop') return undefined;
    await machine.stop();
    return STOPPED;
  }

  async #reset(): Promise<void> {
    const retired = this.#retired();
    await this.#occupied(() => this.#machine.reset());
    this.#retiredBefore += retired;
    this.#loop.reset();
    if (this.#machine.state === 'running') this.#open();
  }

  /** After the run: what was asked for meanwhile is answered, with `error` when the run failed, and all is stopped. */
  async #end(outcome: CellOutcome | undefined, error?: unknown): Promise<void> {
    this.#phase = 'ended';
    this.debug?.end(debugCode(outcome));
    this.#alarm?.cancel();
    this.#leased?.desk.end();
    this.#ended = hostNow();
    for (const remove of this.#removals.splice(0)) remove();
    this.#commands.end(error);
    if (this.#machine.state === 'running' || this.#machine.state === 'paused') await this.#machine.stop();
  }

  #command(name: CommandName, resumption?: DebugResumption): Promise<void> {
    const command = { name, resumption };
    return this.#phase === 'running' ? this.#commands.ask(command) : this.#commands.refuse(command);
  }

  #retired(): number {
    return this.#core.vcpus.reduce((sum, vcpu) => sum + vcpu.retired, 0);
  }
}
