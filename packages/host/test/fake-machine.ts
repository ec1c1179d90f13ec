import {
  type AnyToken,
  type Clock,
  ClockToken,
  type CoreDebug,
  CpuCoreToken,
  type MachineEvents,
  MachineMemoryToken,
  type MachineState,
  type PowerRequest,
  StealTimeToken,
  type Timer,
  type Vcpu,
  type VcpuExit,
} from '@vivarium/contracts';
import type { Machine } from '@vivarium/kernel';

/** A vCPU whose program is a JavaScript function: it does what one `run` does and says how it ended. */
export class FakeVcpu implements Vcpu {
  readonly index: number;
  program: (budget: number, self: FakeVcpu) => VcpuExit;
  retired = 0;
  attemptedInSlice = 0;
  wakeup = false;
  nextDeadline: number | undefined;
  running = true;
  yields = 0;
  readonly budgets: number[] = [];
  readonly registerNames = ['pc'];
  pc = 0n;
  #listeners = new Set<() => void>();

  constructor(index: number, program: (budget: number, self: FakeVcpu) => VcpuExit) {
    this.index = index;
    this.program = program;
  }

  run(budget: number): VcpuExit {
    this.budgets.push(budget);
    this.attemptedInSlice = 0;
    return this.program(budget, this);
  }

  /** Retires `count` instructions. */
  work(count: number): void {
    this.retired += count;
    this.attemptedInSlice += count;
  }

  raise(): void {
    this.wakeup = true;
    for (const listener of this.#listeners) listener();
  }

  onWakeup(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  yieldSoon(): void {
    this.yields++;
  }
  interruptInput(): undefined {}
  fence(): void {}
  start(): void {
    this.running = true;
  }
  stop(): void {
    this.running = false;
  }
  readRegister(name: string): bigint | undefined {
    return name === 'pc' ? this.pc : undefined;
  }
  writeRegister(): boolean {
    return false;
  }
  reset(): void {
    this.retired = 0;
    this.running = true;
    this.wakeup = false;
  }
}

export const busy = (budget: number, self: FakeVcpu): VcpuExit => {
  self.work(budget);
  return { kind: 'budget' };
};

/** A clock of either kind with any number of timers. */
export class FakeClock implements Clock {
  readonly kind: 'real' | 'virtual';
  readonly epoch = 0n;
  readonly virtual?: NonNullable<Clock['virtual']>;
  #origin = performance.now();
  #now = 0;
  #following: (() => number) | undefined;
  readonly #armed = new Map<object, { deadline: number; expired: () => void }>();

  constructor(kind: 'real' | 'virtual') {
    this.kind = kind;
    if (kind === 'virtual') {
      this.virtual = {
        nanosecondsPerInstruction: 10,
        advanceTo: (now) => {
          if (now < this.#now) throw new Error(`time went back from ${this.#now} to ${now}`);
          this.#now = now;
        },
        follow: (retired) => {
          this.#following = retired;
        },
      };
    }
  }

  now(): number {
    if (this.kind === 'virtual') return this.#now + (this.#following?.() ?? 0) * 10;
    return Math.round((performance.now() - this.#origin) * 1e6);
  }

  timer(expired: () => void): Timer {
    const armed = this.#armed;
    const timer: Timer = {
      arm: (deadline) => armed.set(timer, { deadline, expired }),
      cancel: () => armed.delete(timer),
      get deadline() {
        return armed.get(timer)?.deadline;
      },
    };
    return timer;
  }

  get nextDeadline(): number | undefined {
    const deadlines = [...this.#armed.values()].map(({ deadline }) => deadline);
    return deadlines.length === 0 ? undefined : Math.min(...deadlines);
  }

  fire(): number {
    const due = [...this.#armed].filter(([, { deadline }]) => deadline <= this.now());
    for (const [timer, { expired }] of due) {
      this.#armed.delete(timer);
      expired();
    }
    return due.length;
  }

  pause(): void {}
  resume(): void {}
  reset(): void {
    this.#armed.clear();
  }
}

/** As much of the kernel's machine as a cell uses, with a log of what was done to it. */
export class FakeMachine {
  readonly name = 'fake';
  state: MachineState = 'assembled';
  readonly calls: string[] = [];
  readonly emitted: [string, unknown][] = [];
  readonly clock: FakeClock;
  readonly vcpus: readonly FakeVcpu[];
  readonly ram = new Uint8Array(64);
  debug: CoreDebug | undefined;
  failing: string | undefined;
  /** What the guest was told of time that was stolen, if its machine has a way to tell. */
  told: [number, number][] | undefined;
  #power: PowerRequest | undefined;
  readonly #listeners = new Map<string, Set<(event: never) => void>>();

  constructor(vcpus: readonly FakeVcpu[], kind: 'real' | 'virtual' = 'real') {
    this.vcpus = vcpus;
    this.clock = new FakeClock(kind);
  }

  readonly events = {
    on: (name: string, listener: (event: never) => void): (() => void) => {
      const listeners = this.#listeners.get(name) ?? new Set();
      this.#listeners.set(name, listeners.add(listener));
      return () => listeners.delete(listener);
    },
    emit: <Name extends keyof MachineEvents>(name: Name, event: MachineEvents[Name]): void => {
      this.emitted.push([name, event]);
      for (const listener of this.#listeners.get(name) ?? []) listener(event as never);
    },
  };

  get parts() {
    return this.told === undefined ? [] : [{ id: 'firmware', provides: [StealTimeToken.id] }];
  }

  get(token: AnyToken): unknown {
    if (token.id === StealTimeToken.id) {
      return { report: (vcpu: number, stolen: number) => this.told?.push([vcpu, stolen]) };
    }
    if (token.id === ClockToken.id) return this.clock;
    if (token.id === CpuCoreToken.id) return { architecture: 'fake', vcpus: this.vcpus, debug: this.debug };
    if (token.id === MachineMemoryToken.id) {
      return {
        banks: [{ base: 0, length: this.ram.length, offset: 0 }],
        read: (address: number, length: number) => this.ram.slice(address, address + length),
      };
    }
    throw new Error(`no ${token.name}`);
  }

  requestPower(request: PowerRequest): void {
    this.#power ??= request;
    this.events.emit('guest:power', request);
  }

  takePowerRequest(): PowerRequest | undefined {
    const request = this.#power;
    this.#power = undefined;
    return request;
  }

  async #hook(name: string, state: MachineState): Promise<void> {
    this.calls.push(name);
    await Promise.resolve();
    if (this.failing === name) throw new Error(`${name} failed`);
    this.state = state;
  }

  start = (): Promise<void> => this.#hook('start', 'running');
  pause = (): Promise<void> => this.#hook('pause', 'paused');
  resume = (): Promise<void> => this.#hook('resume', 'running');
  stop = (): Promise<void> => this.#hook('stop', 'stopped');
  dispose = (): Promise<void> => this.#hook('dispose', 'disposed');
  reset = async (): Promise<void> => {
    await this.#hook('reset', this.state);
    for (const vcpu of this.vcpus) vcpu.reset();
  };

  /** Typed as the kernel's machine. */
  get machine(): Machine {
    return this as unknown as Machine;
  }
}
