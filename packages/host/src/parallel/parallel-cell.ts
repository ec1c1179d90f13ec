import {
  type Clock,
  ClockToken,
  type CoreThreads,
  type CpuCore,
  CpuCoreToken,
  type GuestFault,
  MachineMemoryToken,
  type PowerRequest,
  SystemBusToken,
} from '@vivarium/contracts';
import type { Machine } from '@vivarium/kernel';
import type { Cell, CellOptions, CellOutcome, CellStats } from '../cell.ts';
import { errors } from '../errors.ts';
import { hostNow, Sleeper, turn } from '../event-loop.ts';
import { HostCommands } from '../host-commands.ts';
import { partError } from '../part-error.ts';
import { ALL_STOPPED } from '../run-loop.ts';
import { CellControl, createControl, FAULTED, GO, PAUSE, PAUSED, STARTING, STOPPED, VcpuControl } from './control.ts';
import { Mailboxes } from './mailboxes.ts';
import { createMonotonic } from './monotonic.ts';
import type { StartVcpuThread, VcpuThreadHandle } from './threads.ts';

type CommandName = 'pause' | 'resume' | 'reset' | 'stop';

const STOP: CellOutcome = { kind: 'stopped' };
/** Milliseconds between two turns of the event loop while vCPUs keep on asking. */
const TURN_MILLISECONDS = 4;

/**
 * Runs one machine with a thread for each vCPU. Devices, firmware, timers and the host's commands are on the thread that
 * made the cell, which sleeps while nobody asks it anything.
 */
export class ParallelCell implements Cell {
  readonly #machine: Machine;
  readonly #options: CellOptions;
  readonly #core: CpuCore;
  readonly #threads: CoreThreads;
  readonly #clock: Clock;
  readonly #start: StartVcpuThread;
  readonly #cell: CellControl;
  readonly #controls: readonly VcpuControl[];
  readonly #buffers: ReturnType<typeof createControl>;
  readonly #mailboxes: Mailboxes;
  readonly #monotonic = createMonotonic();
  readonly #sleeper = new Sleeper();
  readonly #commands: HostCommands<{ readonly name: CommandName }>;
  readonly #handles: VcpuThreadHandle[] = [];
  #phase: 'new' | 'running' | 'ended' = 'new';
  #began = 0;
  #ended: number | undefined;
  #lastTurn = 0;
  #retiredBefore = 0;
  #power: PowerRequest | undefined;
  #fault: GuestFault | undefined;
  #failure: Error | undefined;

  constructor(machine: Machine, options: CellOptions, start: StartVcpuThread) {
    const core = machine.get(CpuCoreToken);
    const { threads } = core;
    if (threads === undefined) {
      throw errors.make('VIV_CELL_THREADS', `the vCPUs of machine ${machine.name} have no threads of their own`);
    }
    if (options.step !== undefined || options.sample !== undefined || (options.leased ?? false) !== false) {
      const what = 'cannot be stepped, sampled or granted pCPUs while its vCPUs have threads of their own';
      throw errors.make('VIV_CELL_THREADS', `machine ${machine.name} ${what}`);
    }
    this.#machine = machine;
    this.#commands = new HostCommands(machine.name, () => this.#sleeper.wake());
    this.#options = options;
    this.#core = core;
    this.#threads = threads;
    this.#start = start;
    this.#clock = machine.get(ClockToken);
    if (this.#clock.virtual !== undefined) {
      throw errors.make('VIV_CELL_THREADS', `machine ${machine.name} has a virtual clock, which is for one thread`);
    }
    this.#buffers = createControl(core.vcpus.length);
    this.#cell = new CellControl(this.#buffers);
    this.#controls = core.vcpus.map((_, index) => new VcpuControl(this.#buffers, index));
    threads.onRing((vcpu) => this.#controls[vcpu]?.ring());
    this.#mailboxes = new Mailboxes(this.#controls, machine.get(SystemBusToken), threads, () => this.#lookAtPower());
  }

  get stats(): CellStats {
    const wall = this.#phase === 'new' ? 0 : (this.#ended ?? hostNow()) - this.#began;
    const sum = (of: (control: VcpuControl) => number): number =>
      this.#controls.reduce((total, control) => total + of(control), 0);
    return {
      instructions: this.#retiredBefore + this.#retired(),
      slices: sum(({ slices }) => slices),
      idleMilliseconds: sum(({ idleMilliseconds }) => idleMilliseconds) / this.#controls.length,
      wallMilliseconds: wall,
    };
  }

  async run(): Promise<CellOutcome> {
    if (this.#phase !== 'new') throw errors.make('VIV_CELL_STATE', `machine ${this.#machine.name} has been run before`);
    this.#phase = 'running';
    this.#began = hostNow();
    if (this.#options.startPaused === true) this.pause().catch(() => {}); // one that fails ends the run
    let outcome: CellOutcome;
    try {
      await this.#machine.start();
      this.#startThreads();
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

  #startThreads(): void {
    const { linear } = this.#machine.get(MachineMemoryToken);
    this.#setOrigin();
    this.#controls.forEach((control, index) => {
      if (this.#commands.length > 0) control.command = PAUSE;
      const order = {
        index,
        vcpus: this.#controls.length,
        module: this.#threads.module,
        data: this.#threads.data(index),
        memory: linear,
        control: this.#buffers,
      };
      const handle = this.#start(order, {
        fault: (fault) => {
          this.#fault ??= fault;
          this.#sleeper.wake();
        },
        died: (error) => {
          this.#failure ??= partError(this.#machine.name, error);
          this.#sleeper.wake();
        },
      });
      this.#handles.push(handle);
    });
  }

  /** The machine's clock goes on from here on the threads, too. */
  #setOrigin(): void {
    this.#cell.origin = this.#monotonic() - this.#clock.now() / 1e6;
  }

  /** Host commands, then what vCPUs ask, then timers, then a turn of the event loop or a sleep. */
  async #drive(): Promise<CellOutcome> {
    this.#lastTurn = hostNow();
    for (;;) {
      const ended = this.#commands.length > 0 ? await this.#obey() : undefined;
      if (ended !== undefined) return ended;
      const heard = this.#cell.listen();
      this.#sleeper.settle();
      const served = this.#look();
      if (this.#power !== undefined) {
        const outcome = await this.#carryOutPower(this.#power);
        if (outcome !== undefined) return outcome;
      }
      const fault = this.#fault ?? this.#allStopped();
      if (fault !== undefined) {
        this.#machine.events.emit('guest:fault', fault);
        return { kind: 'fault', fault };
      }
      if (!served && this.#commands.length === 0) await this.#sleep(heard);
      else if (hostNow() - this.#lastTurn >= (this.#options.turnMilliseconds ?? TURN_MILLISECONDS)) await this.#turn();
    }
  }

  /** Answers who has asked, and fires what is due; false when nobody has asked. */
  #look(): boolean {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      const served = this.#mailboxes.serve();
      this.#clock.fire();
      this.#lookAtPower();
      return served;
    } catch (error) {
      throw partError(this.#machine.name, error);
    }
  }

  /** Once the guest has asked its power supply for something, it is not to do anything more. */
  #lookAtPower(): void {
    const request = this.#machine.takePowerRequest();
    if (request === undefined) return;
    this.#power = request;
    for (const control of this.#controls) control.command = PAUSE;
  }

  #allStopped(): GuestFault | undefined {
    if (!this.#controls.every(({ status }) => status === STOPPED)) return undefined;
    return this.#core.vcpus.some(({ running }) => running) ? undefined : ALL_STOPPED;
  }

  async #sleep(heard: number): Promise<void> {
    if (!this.#cell.whenRung(heard, () => this.#sleeper.wake())) return;
    const deadline = this.#machine.state === 'paused' ? undefined : this.#clock.nextDeadline;
    await this.#sleeper.sleep(deadline === undefined ? undefined : (deadline - this.#clock.now()) / 1e6);
    this.#lastTurn = hostNow();
  }

  async #turn(): Promise<void> {
    await turn();
    this.#lastTurn = hostNow();
  }

  /** Does what the guest asked of its power supply; what it gives ends the run. */
  async #carryOutPower(request: PowerRequest): Promise<CellOutcome | undefined> {
    this.#power = undefined;
    if (request.kind === 'power-off' || request.kind === 'failure') return request;
    if (this.#options.onReboot === 'stop') return STOP;
    await this.#reset();
    return undefined;
  }

  /** Resolves when no thread executes guest code. */
  async #halt(): Promise<void> {
    for (const control of this.#controls) control.command = PAUSE;
    const rests = [PAUSED, STARTING, FAULTED];
    for (;;) {
      const heard = this.#cell.listen();
      this.#sleeper.settle();
      const served = this.#look();
      if (this.#controls.every(({ status }) => rests.includes(status))) return;
      if (!served) await this.#sleep(heard);
    }
  }

  #goOn(): void {
    this.#setOrigin();
    for (const control of this.#controls) control.command = GO;
  }

  /** Does what the host asked for; what it gives ends the run. Stays here while the machine is paused. */
  async #obey(): Promise<CellOutcome | undefined> {
    for (;;) {
      const obeyed = await this.#commands.obey(({ name }) => this.#carryOut(name));
      if (obeyed?.outcome !== undefined) return obeyed.outcome;
      if (obeyed !== undefined) continue;
      if (this.#machine.state !== 'paused') return undefined;
      await this.#sleeper.sleep(undefined);
      this.#sleeper.settle();
    }
  }

  async #carryOut(name: CommandName): Promise<CellOutcome | undefined> {
    const machine = this.#machine;
    if (name === 'reset') await this.#reset();
    if (name === 'pause' && machine.state === 'running') {
      await this.#halt();
      await machine.pause();
    }
    if (name === 'resume' && machine.state === 'paused') {
      await machine.resume();
      this.#goOn();
    }
    return name === 'stop' ? STOP : undefined;
  }

  async #reset(): Promise<void> {
    await this.#halt();
    this.#power = undefined;
    const retired = this.#retired();
    await this.#machine.reset();
    this.#retiredBefore += retired;
    if (this.#machine.state === 'running') this.#goOn();
  }

  /** After the run: its threads end, what was asked for meanwhile is answered, and all is stopped. */
  async #end(reason?: unknown): Promise<void> {
    this.#phase = 'ended';
    this.#ended = hostNow();
    await Promise.all(this.#handles.splice(0).map((handle) => handle.end()));
    this.#commands.end(reason);
    if (this.#machine.state === 'running' || this.#machine.state === 'paused') await this.#machine.stop();
  }

  #command(name: CommandName): Promise<void> {
    return this.#phase === 'running' ? this.#commands.ask({ name }) : this.#commands.refuse({ name });
  }

  #retired(): number {
    return this.#core.vcpus.reduce((sum, vcpu) => sum + vcpu.retired, 0);
  }
}
