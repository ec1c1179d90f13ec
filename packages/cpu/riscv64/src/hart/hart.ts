// Hot code: `run` is the outermost loop of the guest.
import type {
  GuestFault,
  GuestMemory,
  InterruptFile,
  InterruptLine,
  PrivilegeLevel,
  RemoteFence,
  Vcpu,
  VcpuExit,
} from '@vivarium/contracts';
import { ExceptionCause, type HartMmu } from '@vivarium/isa-riscv';
import { HartStops } from '../debug/hart-stops.ts';
import { probePage } from '../debug/page-probe.ts';
import type { WatchHit } from '../debug/stop-points.ts';
import type { PlainAccess } from '../emit/plain-access.ts';
import { HartState, RUN_RUNNING, RUN_STOPPED, SUPERVISOR } from '../state/hart-state.ts';
import { COUNTER_BYTES, STATE_BYTES, STATE_COUNTERS } from '../state/layout.ts';
import { AtomicPort } from './atomic-port.ts';
import { Counter } from './counters.ts';
import { CsrFile } from './csr-file.ts';
import { FetchPort } from './fetch-port.ts';
import { FloatPort } from './float-port.ts';
import { added, counted, type HartCounts, NOTHING_COUNTED } from './hart-counts.ts';
import { instantiateInterpreter } from './interpreter.ts';
import { interruptInput } from './interrupt-inputs.ts';
import { InterruptWindows } from './interrupt-window.ts';
import { Interrupts } from './interrupts.ts';
import { MemoryPort } from './memory-port.ts';
import { SlotReader } from './operands.ts';
import { RegisterFile } from './register-file.ts';
import { forget } from './remote-fence.ts';
import type { HartSurroundings } from './surroundings.ts';
import { type SystemEffects, SystemPort } from './system-port.ts';
import { SupervisorTimer } from './timer.ts';
import { Traps } from './traps.ts';

const PC_IS_SET = 1;

/** One RV64 hart: registers in linear memory, hot instructions in WebAssembly, the rest in the ports. */
export class RiscvHart implements Vcpu {
  readonly index: number;
  readonly mmu: HartMmu;
  /** The interpreter's functions: `run`, and the helpers that regions import. */
  readonly exports: WebAssembly.Exports;
  /** How often generated code called TypeScript, by what for. */
  readonly calls = { fetch: 0, load: 0, store: 0, atomic: 0, system: 0, float: 0, decode: 0, apart: 0 };
  /** Counted before the last reset, which sets the machine's own counters to zero. */
  #countedBefore: HartCounts = NOTHING_COUNTED;
  readonly #around: HartSurroundings;
  readonly #state: HartState;
  readonly #interrupts: Interrupts;
  readonly #windows: InterruptWindows | undefined;
  readonly #timer: SupervisorTimer;
  readonly #traps: Traps;
  readonly #registers: RegisterFile;
  readonly #stops: HartStops;
  readonly #cycles: Counter;
  readonly #retired: Counter;
  readonly #interpret: () => void;
  readonly #plain: PlainAccess;
  readonly #listeners = new Set<() => void>();
  #inRun = false;
  #idle = false;
  /** Jumps to itself with nothing that could interrupt it. */
  #parked = false;
  #fault: GuestFault | undefined;
  /** Instructions attempted in finished slices since reset. */
  #attemptedBefore = 0;
  /** Size of the slice in progress (or the last), less what `yieldSoon` took away. */
  #slice = 0;
  /** Part of the slice held back to leave generated code after the present instruction. */
  #deferred = 0;
  /** The clock's next deadline when a device was last touched. */
  #seenDeadline: number | undefined;

  constructor(index: number, around: HartSurroundings) {
    this.index = index;
    this.#around = around;
    const { memory, bus, code, points } = around;
    const { buffer } = memory.linear;
    const base = memory.carve('@vivarium/cpu-riscv64 hart', STATE_BYTES, 64);
    const state = new HartState(buffer, base);
    this.#state = state;
    this.mmu = around.mmu.createHart(state, code);
    this.#timer = new SupervisorTimer(state, around.clock, around.timebaseFrequency);
    this.#interrupts = new Interrupts(state, () => this.#timer.due);
    this.#cycles = new Counter(state, STATE_COUNTERS, () => Math.max(0, this.attempted - 1));
    this.#retired = new Counter(state, STATE_COUNTERS + COUNTER_BYTES, () => Math.max(0, this.retired - 1));
    this.#windows = around.advancedInterrupts ? new InterruptWindows(state) : undefined;
    const csr = new CsrFile({
      hartId: index,
      state,
      interrupts: this.#interrupts,
      timer: this.#timer,
      cycles: this.#cycles,
      retired: this.#retired,
      mmu: this.mmu,
      windows: this.#windows,
    });
    const traps = new Traps(state, this.#interrupts, this.mmu, () => this.attempted);
    this.#traps = traps;
    this.#registers = new RegisterFile(state, csr, (effect) => {
      if (effect !== 0) traps.translationChanged();
    });
    const stops = new HartStops(
      points,
      state,
      () => this.#leave(),
      () => this.attemptedInSlice,
    );
    this.#stops = stops;
    const afterDevice = (): void => this.#afterDevice();
    const watchHit = (hit: WatchHit): boolean => stops.beforeAccess(hit);
    const plain = (): PlainAccess => this.#plain;
    const memoryPort = new MemoryPort(state, this.mmu, bus, code, traps, buffer, afterDevice, points, watchHit, plain);
    const fetch = new FetchPort(state, this.mmu, code, traps, buffer, around.guardedSlots, points);
    const slots = new SlotReader(buffer);
    const illegal = (): number => {
      traps.illegal(fetch.instruction());
      return PC_IS_SET;
    };
    const system = new SystemPort(
      { state, csr, traps, mmu: this.mmu, memory: memoryPort, slots },
      this.#effects(illegal),
    );
    const float = new FloatPort(state, slots, illegal);
    const atomic = new AtomicPort(state, slots, memoryPort, buffer, () => this.mmu.physical);
    const { calls } = this;
    this.exports = instantiateInterpreter(around, state.base, this.mmu.tlb.entries, {
      fetchMiss: () => {
        calls.fetch += 1;
        fetch.miss();
        this.#checkLoop();
      },
      decode: (slot) => {
        calls.decode += 1;
        code.decodeAt(slot);
      },
      straddle: () => {
        calls.apart += 1;
        return stops.atBreakpoint() ? 0 : this.#checked(fetch.single());
      },
      loadMiss: (kind) => {
        calls.load += 1;
        return this.#checked(memoryPort.load(kind));
      },
      storeMiss: (kind) => {
        calls.store += 1;
        return this.#checked(memoryPort.store(kind));
      },
      atomicMiss: (slot) => {
        calls.atomic += 1;
        return atomic.execute(slot);
      },
      system: (slot) => {
        calls.system += 1;
        return this.#checked(system.execute(slot));
      },
      float: (slot) => {
        calls.float += 1;
        return float.execute(slot);
      },
      illegal: () => this.#checked(illegal()),
      misaligned: (slot) => this.#misaligned(slots.row(slot)),
      hot: around.hot,
      selfJump: () => this.#selfJump(),
    });
    this.#interpret = this.exports['run'] as () => void;
    this.#plain = this.exports as unknown as PlainAccess;
  }

  #effects(illegal: () => number): SystemEffects {
    return {
      takeInterrupt: () => this.#takeInterrupt(),
      endSlice: () => this.yieldSoon(),
      idle: () => {
        this.#idle = true;
        this.#leave();
      },
      environmentCall: () => this.#environmentCall(),
      codeFence: () => this.#codeFence(),
      illegal,
    };
  }

  run(budget: number): VcpuExit {
    this.#attemptedBefore = this.attempted;
    this.#slice = budget;
    this.#deferred = 0;
    this.#stops.begin();
    this.#state.budget = budget;
    this.#inRun = true;
    const exit = this.#loop();
    this.#inRun = false;
    this.#slice -= this.#state.budget + this.#deferred;
    this.#state.budget = 0;
    this.#deferred = 0;
    return exit;
  }

  #loop(): VcpuExit {
    const state = this.#state;
    for (;;) {
      if (this.#fault !== undefined) return { kind: 'fault', fault: this.#fault };
      if (this.#stops.stop !== undefined) return this.#stops.stop;
      if (state.run !== RUN_RUNNING) {
        state.stopped();
        return { kind: 'stopped' };
      }
      if (this.#idle || this.#parked) {
        if (!this.#interrupts.wake || (this.#parked && this.#interrupts.next() < 0)) return this.#wait();
        this.#idle = false;
        this.#parked = false;
      }
      state.budget += this.#deferred;
      this.#deferred = 0;
      if (state.budget <= 0) return { kind: 'budget' };
      this.#takeInterrupt();
      this.#interpret();
    }
  }

  #wait(): VcpuExit {
    // mie = 0: nothing from outside can wake it, and nobody else runs who could send a software interrupt.
    if (this.#interrupts.enabled === 0 && this.#idle && this.#around.alone(this.index)) {
      this.#fault = this.#guestFault('GUEST_WAITS_FOREVER', 'waits for an interrupt while all interrupts are disabled');
      return { kind: 'fault', fault: this.#fault };
    }
    return { kind: 'idle' };
  }

  #guestFault(code: GuestFault['code'], what: string): GuestFault {
    const { pc } = this.#state;
    return { code, message: `hart ${this.index} ${what} at pc 0x${pc.toString(16)}`, vcpu: this.index, pc };
  }

  /** Leaves generated code after the present instruction; the slice goes on. */
  #leave(): void {
    if (this.#state.budget <= 0) return;
    this.#deferred += this.#state.budget;
    this.#state.budget = 0;
  }

  yieldSoon(): void {
    this.#slice -= this.#state.budget + this.#deferred;
    this.#state.budget = 0;
    this.#deferred = 0;
  }

  #takeInterrupt(): void {
    if (this.#stops.stepping) return;
    const cause = this.#interrupts.next();
    if (cause < 0) return;
    this.#stops.moved();
    this.#traps.interrupt(cause);
  }

  /** A device may have raised a line, or armed a timer earlier than the end of the slice. */
  #afterDevice(): void {
    const deadline = this.#around.clock.nextDeadline;
    if (deadline !== this.#seenDeadline) {
      this.#seenDeadline = deadline;
      this.yieldSoon();
    } else if (this.#interrupts.next() >= 0) this.#leave();
  }

  #checked(result: number): number {
    this.#checkLoop();
    return result;
  }

  #checkLoop(): void {
    if (!this.#traps.looping || this.#fault !== undefined) return;
    this.#fault = this.#guestFault('GUEST_TRAP_LOOP', 'traps again and again without executing an instruction');
    this.yieldSoon();
  }

  #selfJump(): void {
    if (this.#interrupts.masked) {
      this.#parked = true;
      if (this.#around.alone(this.index)) {
        this.#fault = this.#guestFault('GUEST_SPINS_FOREVER', 'jumps to itself with interrupts disabled');
      }
      this.yieldSoon();
    } else {
      // The rest of the slice would be spent on the same jump.
      this.#state.budget = 0;
    }
  }

  #misaligned(row: number): number {
    const { addressLow, addressHigh } = this.#state;
    this.#traps.exception(this.#registers.misalignedCause(row), addressLow, addressHigh);
    return PC_IS_SET;
  }

  #environmentCall(): void {
    const state = this.#state;
    const { privilege, pc } = state;
    if (privilege === SUPERVISOR) {
      this.#registers.jumped = false;
      const outcome = this.#around.environmentCall(this);
      if (outcome !== 'reflect') {
        if (outcome === 'handled' && !this.#registers.jumped) state.advance(4);
        if (this.running) this.#takeInterrupt();
        return;
      }
      state.pc = pc;
    }
    this.#traps.exception(ExceptionCause.EnvironmentCallFromU + privilege, 0, 0);
  }

  /** Instructions attempted since reset. */
  get attempted(): number {
    return this.#attemptedBefore + this.attemptedInSlice;
  }

  get retired(): number {
    return this.attempted - this.#traps.exceptions;
  }

  /** What was counted since the hart was made. */
  get counts(): HartCounts {
    return added(this.#countedBefore, counted(this.retired, this.#state, this.#traps));
  }

  get attemptedInSlice(): number {
    return this.#slice - (this.#inRun ? this.#state.budget + this.#deferred : 0);
  }

  get wakeup(): boolean {
    return this.running && this.#interrupts.wake;
  }

  get running(): boolean {
    return this.#state.run === RUN_RUNNING;
  }

  /** True when it runs instructions, or may be woken to do so. */
  get progressing(): boolean {
    return this.running && !this.#parked && (!this.#idle || this.#interrupts.enabled !== 0);
  }

  get nextDeadline(): number | undefined {
    return this.#timer.deadline;
  }

  onWakeup(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #notify(): void {
    if (this.#inRun) {
      if (this.#interrupts.next() >= 0) this.#leave();
      return;
    }
    for (const listener of this.#listeners) listener();
  }

  interruptInput(name: string): InterruptLine | undefined {
    return interruptInput(this.#interrupts, name, () => this.#notify());
  }

  connectInterruptFile(level: PrivilegeLevel, file: InterruptFile): boolean {
    return this.#windows?.connect(level, file) ?? false;
  }

  start(entry: bigint, argument: bigint): void {
    this.#state.pc = entry;
    this.#state.setX(10, BigInt(this.index));
    this.#state.setX(11, argument);
    this.#registers.jumped = true;
    this.#state.run = RUN_RUNNING;
    this.#idle = false;
    this.#parked = false;
    this.#traps.translationChanged();
    this.#notify();
  }

  stop(): void {
    this.#state.run = RUN_STOPPED;
    this.#registers.jumped = true;
    if (this.#inRun) this.#leave();
  }

  /** The MMU was told something outside of an instruction. */
  translationChanged(): void {
    this.#traps.translationChanged();
  }

  fence(request: RemoteFence): void {
    if (request.kind === 'code') this.#codeFence();
    else forget(this.mmu, request);
    this.translationChanged();
  }

  /** Without copies decoded code follows every store at once. */
  #codeFence(): boolean {
    const { code } = this.#around;
    if (code.copied) {
      code.recheck();
      this.mmu.flushFetches();
    }
    return code.copied;
  }

  get registerNames(): readonly string[] {
    return this.#registers.names;
  }

  readRegister(name: string): bigint | undefined {
    return this.#registers.read(name);
  }

  writeRegister(name: string, value: bigint): boolean {
    if (name === 'pc') {
      this.#idle = false;
      this.#parked = false;
      this.#stops.moved();
    }
    return this.#registers.write(name, BigInt.asUintN(64, value));
  }

  /** Runs one instruction for a debugger (see `CoreDebug.step`). */
  step(): VcpuExit {
    this.#idle = false;
    this.#parked = false;
    this.#stops.stepping = true;
    try {
      return this.run(1);
    } finally {
      this.#stops.stepping = false;
    }
  }

  /** Where an address is mapped, for a debugger (see `CoreDebug.translate`). */
  translate(memory: GuestMemory, address: bigint): number | undefined {
    return probePage(memory, this.#state, BigInt.asUintN(64, address));
  }

  reset(): void {
    this.#countedBefore = this.counts;
    this.#state.reset();
    this.#timer.reset();
    this.mmu.pmp.reset();
    this.restart();
    this.#cycles.reset();
    this.#retired.reset();
  }

  /** The registers were reset: so is everything that is not a register. */
  restart(): void {
    if (this.#inRun) this.yieldSoon();
    this.mmu.flush();
    this.#traps.reset();
    this.#stops.moved();
    this.#attemptedBefore = 0;
    this.#slice = 0;
    this.#deferred = 0;
    this.#idle = false;
    this.#parked = false;
    this.#fault = undefined;
  }

  /** Another thread wrote registers: what follows from them is worked out again. */
  reload(): void {
    this.#idle = false;
    this.#parked = false;
    this.mmu.reload?.();
    this.translationChanged();
  }

  /** Something that generated code holds on to has changed: it is left after the present instruction. */
  leave(): void {
    if (this.#inRun) this.#leave();
  }
}
