import { type Clock, ClockToken, type CpuCore, CpuCoreToken, isVivariumError } from '@vivarium/contracts';
import type { Machine } from '@vivarium/kernel';
import type { Cell, CellOptions, CellOutcome, CellStats } from './cell.ts';
import { errors } from './errors.ts';
import { hostNow, Sleeper, turn } from './event-loop.ts';
import { RunLoop } from './run-loop.ts';

type CommandName = 'pause' | 'resume' | 'reset' | 'stop';

/** Something the host asked for, to be done when no guest code runs. */
interface Command {
  readonly name: CommandName;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

const STOPPED: CellOutcome = { kind: 'stopped' };

/** Runs one machine on the thread that made it. */
export class InlineCell implements Cell {
  readonly #machine: Machine;
  readonly #core: CpuCore;
  readonly #clock: Clock;
  readonly #loop: RunLoop;
  readonly #options: CellOptions;
  readonly #sleeper = new Sleeper();
  readonly #commands: Command[] = [];
  readonly #removals: (() => void)[] = [];
  #phase: 'new' | 'running' | 'ended' = 'new';
  #began = 0;
  #ended: number | undefined;
  #idleMilliseconds = 0;
  /** Instructions retired before the last reset, which sets the vCPUs' own counts to zero. */
  #retiredBefore = 0;

  constructor(machine: Machine, options: CellOptions) {
    this.#machine = machine;
    this.#options = options;
    this.#clock = machine.get(ClockToken);
    this.#core = machine.get(CpuCoreToken);
    this.#loop = new RunLoop(this.#core, this.#clock, options);
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
    let outcome: CellOutcome;
    try {
      this.#listen();
      await this.#machine.start();
      outcome = await this.#drive();
    } catch (error) {
      // What went wrong first is what its reader needs; the machine reports parts that fail to stop by themselves.
      await this.#end(error).catch(() => {});
      throw error;
    }
    await this.#end();
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
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await this.#machine.dispose();
  }

  #listen(): void {
    this.#removals.push(this.#machine.events.on('guest:power', () => this.#loop.interrupt()));
    for (const vcpu of this.#core.vcpus) {
      const removal = vcpu.onWakeup?.(() => {
        this.#sleeper.wake();
        this.#loop.yieldCurrent();
      });
      if (removal !== undefined) this.#removals.push(removal);
    }
  }

  /** The run loop: host commands, then power requests, then guest code, then a turn of the event loop or a sleep. */
  async #drive(): Promise<CellOutcome> {
    const turnMilliseconds = this.#options.turnMilliseconds ?? 4;
    let lastTurn = hostNow();
    for (;;) {
      if (this.#commands.length > 0 && (await this.#obey())) return STOPPED;
      this.#sleeper.settle();
      const round = this.#round();
      const request = this.#machine.takePowerRequest();
      if (request !== undefined) {
        if (request.kind === 'power-off' || request.kind === 'failure') return request;
        if (this.#options.onReboot === 'stop') return STOPPED;
        await this.#reset();
      } else if (round.kind === 'fault') {
        this.#machine.events.emit('guest:fault', round.fault);
        return { kind: 'fault', fault: round.fault };
      } else if (round.kind === 'breakpoint') {
        this.pause().catch(() => {}); // a failure to pause ends the run, which says so
      } else if (round.kind === 'idle') {
        if (await this.#idle(round.deadline)) lastTurn = hostNow();
      }
      if (hostNow() - lastTurn >= turnMilliseconds) {
        await turn();
        lastTurn = hostNow();
      }
    }
  }

  #round(): ReturnType<RunLoop['round']> {
    try {
      return this.#loop.round();
    } catch (error) {
      if (isVivariumError(error)) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      throw errors.make('VIV_CELL_PART_THREW', `a part of machine ${this.#machine.name} threw: ${reason}`, {
        cause: error,
      });
    }
  }

  /** Lets the time until `deadline` pass; true when the event loop had its turn meanwhile. */
  async #idle(deadline: number | undefined): Promise<boolean> {
    const { virtual } = this.#clock;
    if (virtual !== undefined && deadline !== undefined) {
      virtual.advanceTo(Math.max(deadline, this.#clock.now()));
      return false;
    }
    const began = hostNow();
    const wait = deadline === undefined ? undefined : Math.max((deadline - this.#clock.now()) / 1e6, 0);
    const napped = wait !== undefined && wait < 1 && this.#sleeper.nap(wait);
    if (!napped) await this.#sleeper.sleep(wait);
    this.#idleMilliseconds += hostNow() - began;
    return !napped;
  }

  /** Does what the host asked for; true ends the run. Stays here while the machine is paused. */
  async #obey(): Promise<boolean> {
    for (;;) {
      const command = this.#commands.shift();
      if (command === undefined) {
        if (this.#machine.state !== 'paused') return false;
        await this.#sleeper.sleep(undefined);
        this.#sleeper.settle();
        continue;
      }
      try {
        if (command.name === 'pause' && this.#machine.state === 'running') await this.#machine.pause();
        if (command.name === 'resume' && this.#machine.state === 'paused') await this.#machine.resume();
        if (command.name === 'reset') await this.#reset();
        if (command.name === 'stop') await this.#machine.stop();
        command.done();
      } catch (error) {
        command.failed(error);
        throw error;
      }
      if (command.name === 'stop') return true;
    }
  }

  async #reset(): Promise<void> {
    const retired = this.#retired();
    await this.#machine.reset();
    this.#retiredBefore += retired;
    this.#loop.reset();
  }

  /** After the run: what was asked for meanwhile is answered, with `error` when the run failed, and all is stopped. */
  async #end(error?: unknown): Promise<void> {
    this.#phase = 'ended';
    this.#ended = hostNow();
    for (const remove of this.#removals.splice(0)) remove();
    for (const { name, done, failed } of this.#commands.splice(0)) {
      if (name === 'stop') done();
      else failed(error ?? errors.make('VIV_CELL_STATE', `machine ${this.#machine.name} ended before its ${name}`));
    }
    if (this.#machine.state === 'running' || this.#machine.state === 'paused') await this.#machine.stop();
  }

  #command(name: CommandName): Promise<void> {
    if (this.#phase !== 'running') {
      const error = errors.make('VIV_CELL_STATE', `cannot ${name} machine ${this.#machine.name}: it is not being run`);
      return Promise.reject(error);
    }
    return new Promise((resolve, reject) => {
      this.#commands.push({ name, done: resolve, failed: reject });
      this.#loop.interrupt();
      this.#sleeper.wake();
    });
  }

  #retired(): number {
    return this.#core.vcpus.reduce((sum, vcpu) => sum + vcpu.retired, 0);
  }
}
