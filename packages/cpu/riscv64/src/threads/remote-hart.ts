import type {
  Clock,
  EnvironmentCallOutcome,
  InterruptFile,
  InterruptLine,
  MachineMemory,
  PrivilegeLevel,
  RemoteFence,
  Vcpu,
  VcpuExit,
} from '@vivarium/contracts';
import type { HartMmu, RiscvMmu } from '@vivarium/isa-riscv';
import { CsrFile, DEADLINE, TRANSLATION } from '../hart/csr-file.ts';
import { Counter } from '../hart/counters.ts';
import { interruptInput } from '../hart/interrupt-inputs.ts';
import { InterruptWindows } from '../hart/interrupt-window.ts';
import { Interrupts } from '../hart/interrupts.ts';
import { RegisterFile } from '../hart/register-file.ts';
import { SupervisorTimer } from '../hart/timer.ts';
import { HartState, RUN_RUNNING, RUN_STOPPED, RUN_STOPPING } from '../state/hart-state.ts';
import { COUNTER_BYTES, STATE_ATTEMPTED, STATE_BYTES, STATE_COUNTERS, STATE_EXCEPTIONS } from '../state/layout.ts';
import { Call, HANDLED, JUMPED, LEVELS } from './protocol.ts';
import { HartSignals, RESET, SIGNAL_BYTES, WRITTEN } from './signals.ts';

export const HART_OWNER = '@vivarium/cpu-riscv64 hart';

/** Translated code is elsewhere. */
const NO_CODE = { has: () => false, changed: () => undefined };

export interface RemoteHartParts {
  readonly memory: MachineMemory;
  readonly mmu: RiscvMmu;
  readonly clock: Pick<Clock, 'now'>;
  readonly timebaseFrequency: number;
  readonly advancedInterrupts: boolean;
  /** Wakes the hart's thread. */
  readonly ring: () => void;
  /** A fence was asked of it. */
  readonly fenced: () => void;
}

/** A hart that another thread executes, as devices and firmware see it: its registers, in memory that both share. */
export class RemoteHart implements Vcpu {
  readonly index: number;
  readonly signals: HartSignals;
  readonly mmu: HartMmu;
  /** Offset of its registers. */
  readonly place: number;
  readonly attemptedInSlice = 0;
  /** Its thread looks after its comparator. */
  readonly nextDeadline = undefined;
  readonly #parts: RemoteHartParts;
  readonly #state: HartState;
  readonly #interrupts: Interrupts;
  readonly #timer: SupervisorTimer;
  readonly #counters: readonly Counter[];
  readonly #windows: InterruptWindows | undefined;
  readonly #registers: RegisterFile;
  /** Instructions retired before the last reset. */
  #retiredBefore = 0;

  constructor(index: number, parts: RemoteHartParts) {
    this.index = index;
    this.#parts = parts;
    const { memory, mmu, clock, timebaseFrequency, advancedInterrupts } = parts;
    const { buffer } = memory.linear;
    this.place = memory.carve(HART_OWNER, STATE_BYTES + SIGNAL_BYTES, 64);
    const state = new HartState(buffer, this.place);
    this.#state = state;
    this.signals = new HartSignals(buffer, this.place + STATE_BYTES);
    this.mmu = mmu.createHart(state, NO_CODE);
    this.#timer = new SupervisorTimer(state, clock, timebaseFrequency);
    this.#interrupts = new Interrupts(state, () => this.#timer.due);
    const cycles = new Counter(state, STATE_COUNTERS, () => Math.max(0, this.#attempted - 1));
    const retired = new Counter(state, STATE_COUNTERS + COUNTER_BYTES, () => Math.max(0, this.retired - 1));
    this.#counters = [cycles, retired];
    this.#windows = advancedInterrupts ? new InterruptWindows(state) : undefined;
    const csr = new CsrFile({
      hartId: index,
      state,
      interrupts: this.#interrupts,
      timer: this.#timer,
      cycles,
      retired,
      mmu: this.mmu,
      windows: this.#windows,
    });
    this.#registers = new RegisterFile(state, csr, (effect) => {
      if ((effect & (TRANSLATION | DEADLINE)) !== 0) this.signals.change(WRITTEN);
      if (effect !== 0) parts.ring();
    });
  }

  /** It runs on its own thread alone. */
  run(): VcpuExit {
    return { kind: 'stopped' };
  }

  /** Whoever calls this is on the cell's thread, where the hart is not in progress. */
  yieldSoon(): void {}

  get #attempted(): number {
    return this.#state.counter(STATE_ATTEMPTED);
  }

  get retired(): number {
    return Math.max(0, this.#attempted - this.#state.counter(STATE_EXCEPTIONS));
  }

  /** Since the machine was made. */
  get retiredInAll(): number {
    return this.#retiredBefore + this.retired;
  }

  get wakeup(): boolean {
    return this.running && this.#interrupts.wake;
  }

  get running(): boolean {
    return this.#state.run !== RUN_STOPPED;
  }

  interruptInput(name: string): InterruptLine | undefined {
    return interruptInput(this.#interrupts, name, this.#parts.ring);
  }

  connectInterruptFile(level: PrivilegeLevel, file: InterruptFile): boolean {
    return this.#windows?.connect(level, file) ?? false;
  }

  /** Levels that have an interrupt file. */
  get files(): readonly PrivilegeLevel[] {
    return LEVELS.filter((level) => this.#windows?.[level].file !== undefined);
  }

  start(entry: bigint, argument: bigint): void {
    const state = this.#state;
    state.pc = entry;
    state.setX(10, BigInt(this.index));
    state.setX(11, argument);
    this.#registers.jumped = true;
    this.signals.change(WRITTEN);
    state.run = RUN_RUNNING;
    this.#parts.ring();
  }

  stop(): void {
    // One that waits for the answer to its own call does nothing any more before it looks.
    if (!this.signals.awake) this.#state.run = RUN_STOPPED;
    else if (this.#state.run === RUN_RUNNING) this.#state.run = RUN_STOPPING;
    this.#registers.jumped = true;
    this.#parts.ring();
  }

  fence(request: RemoteFence): void {
    this.signals.ask(request);
    this.#parts.fenced();
    this.#parts.ring();
  }

  get registerNames(): readonly string[] {
    return this.#registers.names;
  }

  readRegister(name: string): bigint | undefined {
    return this.#registers.read(name);
  }

  writeRegister(name: string, value: bigint): boolean {
    if (name === 'pc') this.signals.change(WRITTEN);
    return this.#registers.write(name, BigInt.asUintN(64, value));
  }

  /** Lets firmware see an environment call of the hart, which waits for the answer: HANDLED and JUMPED. */
  environmentCall(handler: ((vcpu: Vcpu) => EnvironmentCallOutcome) | undefined): number {
    const { pc } = this.#state;
    this.#registers.jumped = false;
    if (handler?.(this) !== 'handled') {
      this.#state.pc = pc;
      return 0;
    }
    return HANDLED | (this.#registers.jumped ? JUMPED : 0);
  }

  /** Answers what its thread asks of an interrupt file. */
  fileCall(operation: number, first: number, second: number): number {
    const windows = this.#windows;
    if (operation === Call.fileWriteMachine) windows?.machine.file?.write(first, second >>> 0);
    if (operation === Call.fileWriteSupervisor) windows?.supervisor.file?.write(first, second >>> 0);
    const file = windows?.[LEVELS[first] ?? 'supervisor'].file;
    if (operation === Call.fileTop) return file?.top ?? 0;
    if (operation === Call.fileClaim) return file?.claim() ?? 0;
    return operation === Call.fileRead ? (file?.read(second) ?? 0) | 0 : 0;
  }

  /** While its thread does not run. */
  reset(): void {
    this.#retiredBefore = this.retiredInAll;
    this.#state.reset();
    this.#timer.reset();
    this.mmu.pmp.reset();
    for (const counter of this.#counters) counter.reset();
    this.signals.change(RESET);
  }
}
