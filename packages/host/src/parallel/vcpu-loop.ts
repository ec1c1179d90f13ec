import type { GuestFault, LinearMemory, ThreadVcpu, VcpuThread, VcpuThreadModule } from '@vivarium/contracts';
import { RealPace } from '../pace.ts';
import {
  CALL,
  CellControl,
  type ControlBuffers,
  FAULTED,
  GO,
  PAUSED,
  READ,
  READ64,
  RUNNING,
  STOPPED,
  VcpuControl,
  WRITE,
  WRITE64,
} from './control.ts';
import { createMonotonic } from './monotonic.ts';

/**
 * Host milliseconds of a slice: other threads are heard between two of them. What interrupts and fences wait for, and
 * long beside the microsecond that beginning one costs.
 */
const SLICE_MILLISECONDS = 0.1;

/** What the thread of a vCPU is told when it begins. */
export interface VcpuOrder {
  readonly index: number;
  readonly vcpus: number;
  /** URL of the core's module for threads, and what that is told. */
  readonly module: string;
  readonly data: unknown;
  readonly memory: LinearMemory;
  readonly control: ControlBuffers;
}

/** Executes one vCPU until the thread is ended from outside. `faulted` is told what the guest cannot recover from. */
export const executeVcpu = async (order: VcpuOrder, faulted: (fault: GuestFault) => void): Promise<never> => {
  const cell = new CellControl(order.control);
  const own = new VcpuControl(order.control, order.index);
  const clock = createClock(cell);
  const opened: { vcpu?: ThreadVcpu } = {};
  const thread = createThread(order, cell, own, clock, () => {
    // Whoever paused the machine during a question does not want another instruction after the answer.
    if (own.command !== GO) opened.vcpu?.yieldSoon();
  });
  const module = (await import(/* @vite-ignore */ order.module)) as VcpuThreadModule;
  const vcpu = await module.openVcpu(thread, order.data);
  opened.vcpu = vcpu;
  const pace = new RealPace(clock, SLICE_MILLISECONDS);
  const idle = new IdleSleep(own, clock, vcpu);
  for (;;) {
    const heard = own.listen();
    if (own.command !== GO) {
      rest(cell, own, heard, PAUSED);
      continue;
    }
    if (own.status !== RUNNING) own.status = RUNNING;
    own.countSlice();
    const deadline = vcpu.nextDeadline;
    const ahead = deadline !== undefined && deadline > clock.now() ? deadline : undefined;
    const exit = pace.slice(vcpu, ahead, Number.MAX_SAFE_INTEGER);
    if (exit.kind === 'idle') idle.sleep(heard);
    else if (exit.kind === 'stopped') rest(cell, own, heard, STOPPED);
    else if (exit.kind === 'fault') {
      faulted(exit.fault);
      rest(cell, own, heard, FAULTED);
    }
  }
};

/** Nothing to do until the bell is rung; the cell is told why. */
const rest = (cell: CellControl, own: VcpuControl, heard: number, status: number): void => {
  if (own.status !== status) {
    own.status = status;
    cell.ring();
  }
  own.wait(heard, Number.POSITIVE_INFINITY);
};

/** Sleeps of a vCPU that waits for an interrupt. */
class IdleSleep {
  readonly #own: VcpuControl;
  readonly #clock: VcpuThread['clock'];
  readonly #vcpu: ThreadVcpu;
  /** The deadline that has come and did not wake it: of no interest until it changes. */
  #served: number | undefined;

  constructor(own: VcpuControl, clock: VcpuThread['clock'], vcpu: ThreadVcpu) {
    this.#own = own;
    this.#clock = clock;
    this.#vcpu = vcpu;
  }

  sleep(heard: number): void {
    const deadline = this.#vcpu.nextDeadline;
    const began = this.#clock.now();
    if (deadline === undefined || deadline === this.#served) this.#own.wait(heard, Number.POSITIVE_INFINITY);
    else {
      if (deadline > began) this.#own.wait(heard, (deadline - began) / 1e6);
      this.#served = this.#clock.now() >= deadline ? deadline : undefined;
    }
    this.#own.idleMilliseconds += (this.#clock.now() - began) / 1e6;
  }
}

/** The machine's clock, as far as it is read here. */
const createClock = (cell: CellControl): { now(): number; readonly nextDeadline: undefined } => {
  const monotonic = createMonotonic();
  let last = 0;
  return {
    now: () => {
      last = Math.max(Math.floor((monotonic() - cell.origin) * 1e6), last);
      return last;
    },
    nextDeadline: undefined,
  };
};

const createThread = (
  { vcpus, memory, control }: VcpuOrder,
  cell: CellControl,
  own: VcpuControl,
  clock: VcpuThread['clock'],
  answered: () => void,
): VcpuThread => {
  const others = Array.from({ length: vcpus }, (_, index) => new VcpuControl(control, index));
  const ring = (): void => cell.ring();
  const ask = (operation: number, first: number, second: number, address: number): number => {
    const answer = own.ask(operation, first, second, address, ring);
    answered();
    return answer;
  };
  return {
    memory,
    clock,
    bus: {
      read: (address, width) => {
        const low = ask(READ, width, 0, address);
        // BUS_FAULT, or an unsigned number in the value of 64 bits.
        return low < 0 ? low : Number(own.value);
      },
      write: (address, width, value) => ask(WRITE, width, value | 0, address) !== 0,
      read64: (address) => (ask(READ64, 0, 0, address) === 0 ? undefined : BigInt.asUintN(64, own.value)),
      write64: (address, value) => {
        own.value = value;
        return ask(WRITE64, 0, 0, address) !== 0;
      },
    },
    call: (operation, first, second) => ask(CALL + operation, first, second, 0),
    ring: (vcpu) => others[vcpu]?.ring(),
    listen: () => own.listen(),
    wait: (heard, milliseconds) => own.wait(heard, milliseconds),
  };
};
