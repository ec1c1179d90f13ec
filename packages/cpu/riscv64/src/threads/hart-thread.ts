import type {
  EnvironmentCallOutcome,
  InterruptFile,
  LinearMemory,
  ThreadVcpu,
  VcpuExit,
  VcpuThread,
} from '@vivarium/contracts';
import type { RiscvMmuThread } from '@vivarium/isa-riscv';
import { RiscvCore } from '../core.ts';
import type { RiscvHart } from '../hart/hart.ts';
import type { DeviceBus } from '../hart/memory-port.ts';
import { HartState, RUN_STOPPED } from '../state/hart-state.ts';
import { STATE_ATTEMPTED, STATE_BYTES } from '../state/layout.ts';
import { Call, HANDLED, type HartThreadData, JUMPED, LEVELS, WAIT_SHIFT } from './protocol.ts';
import { HART_OWNER } from './remote-hart.ts';
import { HartSignals, RESET } from './signals.ts';
import { ThreadMemory } from './thread-memory.ts';

/** Longest sleep of a hart that waits for another's fence, in milliseconds; it is rung long before. */
const FENCE_WAIT = 100;

/** Offset in the area that holds the translation of the MMU: what its `carve` is told. */
const MMU_OWNER = '@vivarium/mmu-riscv';

const STOPPED: VcpuExit = { kind: 'stopped' };

/** One hart on the thread that executes it. */
export class HartThread implements ThreadVcpu {
  readonly #thread: VcpuThread;
  readonly #data: HartThreadData;
  readonly #core: RiscvCore;
  readonly #hart: RiscvHart;
  readonly #state: HartState;
  readonly #signals: HartSignals;
  readonly #others: readonly { readonly signals: HartSignals; readonly state: HartState }[];

  private constructor(thread: VcpuThread, data: HartThreadData, mmu: RiscvMmuThread) {
    this.#thread = thread;
    this.#data = data;
    const { buffer } = thread.memory;
    const at = (place: number) => ({
      state: new HartState(buffer, place),
      signals: new HartSignals(buffer, place + STATE_BYTES),
    });
    this.#others = data.states.map(at);
    const own = at(data.state);
    this.#state = own.state;
    this.#signals = own.signals;
    const memory = createMemory(thread.memory, data);
    const clock = { now: () => thread.clock.now(), nextDeadline: undefined };
    this.#core = new RiscvCore({ memory, mmu: mmu.openMmu(memory, data.mmu), bus: this.#bus(), clock }, data.options, {
      index: data.index,
      alone: () => this.#alone(),
    });
    this.#core.onEnvironmentCall(() => this.#environmentCall());
    const [hart] = this.#core.vcpus;
    if (hart === undefined) throw new RangeError('a core without a hart');
    this.#hart = hart;
    for (const level of data.files) hart.connectInterruptFile(level, this.#file(LEVELS.indexOf(level)));
    hart.restart();
  }

  static async open(thread: VcpuThread, data: HartThreadData): Promise<HartThread> {
    return new HartThread(thread, data, (await import(/* @vite-ignore */ data.mmu.module)) as RiscvMmuThread);
  }

  run(budget: number): VcpuExit {
    // Whoever starts it writes registers, says so, and lets it run last: what is seen here is seen in that order.
    if (!this.#hart.running) {
      this.#state.stopped();
      return STOPPED;
    }
    this.#awake();
    const exit = this.#hart.run(budget);
    this.#state.setCounter(STATE_ATTEMPTED, this.#hart.attempted);
    this.#asleep();
    return exit;
  }

  yieldSoon(): void {
    this.#hart.yieldSoon();
  }

  get attemptedInSlice(): number {
    return this.#hart.attemptedInSlice;
  }

  get nextDeadline(): number | undefined {
    return this.#hart.nextDeadline;
  }

  /** From here on others wait for what they ask of this hart. */
  #awake(): void {
    this.#signals.awake = true;
    if (this.#signals.stuck) this.#signals.stuck = false;
    const changes = this.#signals.takeChanges();
    if ((changes & RESET) !== 0) {
      this.#core.forgetCode();
      this.#hart.mmu.reload?.();
      this.#hart.restart();
    }
    if (changes !== 0) this.#hart.reload();
    const fenced = this.#signals.carryOut((request) => this.#hart.fence(request));
    if (fenced) this.#ringWaiters();
    if (fenced || changes !== 0) this.#hart.leave();
  }

  #asleep(): void {
    this.#signals.awake = false;
    this.#ringWaiters();
  }

  #ringWaiters(): void {
    const waiters = this.#signals.takeWaiters();
    for (let index = 0; waiters >>> index !== 0; index += 1) {
      if (((waiters >>> index) & 1) !== 0) this.#thread.ring(index);
    }
  }

  /** Something that another thread does while this hart is between two steps of an instruction. */
  #outside<Answer>(ask: () => Answer): Answer {
    this.#asleep();
    const answer = ask();
    this.#awake();
    return answer;
  }

  #bus(): DeviceBus {
    const { bus } = this.#thread;
    return {
      read: (address, width) => this.#outside(() => bus.read(address, width)),
      write: (address, width, value) => this.#outside(() => bus.write(address, width, value)),
      read64: (address) => this.#outside(() => bus.read64(address)),
      write64: (address, value) => this.#outside(() => bus.write64(address, value)),
    };
  }

  #environmentCall(): EnvironmentCallOutcome | 'jumped' {
    const answer = this.#outside(() => {
      const bits = this.#thread.call(Call.environment, 0, 0);
      this.#waitForFences(bits >>> WAIT_SHIFT);
      return bits;
    });
    // Stopped by the call. It may be started again at any time, and begins with a new slice then.
    if (!this.#hart.running) this.#hart.yieldSoon();
    if ((answer & HANDLED) === 0) return 'reflect';
    return (answer & JUMPED) === 0 ? 'handled' : 'jumped';
  }

  /** Waits until the harts of a mask have carried out what was asked of them so far. This one sleeps meanwhile. */
  #waitForFences(mask: number): void {
    this.#others.forEach(({ signals }, index) => {
      if (((mask >>> index) & 1) === 0) return;
      const { asked } = signals;
      for (;;) {
        const heard = this.#thread.listen();
        signals.addWaiter(this.#data.index);
        if (signals.settled(asked)) return;
        this.#thread.wait(heard, FENCE_WAIT);
      }
    });
  }

  /** No other hart does anything, nor will: this one waits for nothing that could come. */
  #alone(): boolean {
    this.#signals.stuck = true;
    return this.#others.every(
      ({ state, signals }, index) => index === this.#data.index || state.run === RUN_STOPPED || signals.stuck,
    );
  }

  /** The interrupt file of a level is a device's. */
  #file(level: number): InterruptFile {
    const call = (operation: number, first: number, second: number): number =>
      this.#outside(() => this.#thread.call(operation, first, second));
    const write = level === 0 ? Call.fileWriteMachine : Call.fileWriteSupervisor;
    return {
      get top() {
        return call(Call.fileTop, level, 0);
      },
      claim: () => call(Call.fileClaim, level, 0),
      read: (register) => call(Call.fileRead, level, register) >>> 0,
      write: (register, value) => void call(write, register, value | 0),
    };
  }
}

const createMemory = (linear: LinearMemory, data: HartThreadData): ThreadMemory => {
  const places = new Map([
    [HART_OWNER, data.state],
    [MMU_OWNER, data.translation],
  ]);
  return new ThreadMemory(linear, data.banks, places, data.area);
};
