import type { SystemBus } from './bus.ts';
import type { Clock } from './clock.ts';
import type { Vcpu } from './cpu.ts';
import type { LinearMemory } from './memory.ts';

/**
 * What the thread of a vCPU offers to the core's code there. Devices, firmware and the core's own registers of other
 * vCPUs are on the cell's thread: every call of the bus and `call` stops this thread until that one has answered.
 */
export interface VcpuThread {
  readonly memory: LinearMemory;
  readonly bus: Pick<SystemBus, 'read' | 'write' | 'read64' | 'write64'>;
  readonly clock: Pick<Clock, 'now'>;
  /** Asks {@link CoreThreads.call} on the cell's thread. Signed 32-bit numbers, whose meaning is the core's. */
  call(operation: number, first: number, second: number): number;
  /** Wakes another vCPU's thread: no `wait` of it with what `listen` gave before sleeps on. */
  ring(vcpu: number): void;
  /** What `wait` compares: changes with every ring of this thread. */
  listen(): number;
  /** Sleeps until this thread is rung, not at all when it was since `heard`, and no longer than so many milliseconds. */
  wait(heard: number, milliseconds: number): void;
}

/** A vCPU on the thread that executes it, as the loop there sees it; see `Vcpu` for what is alike. */
export interface ThreadVcpu extends Pick<Vcpu, 'run' | 'yieldSoon' | 'attemptedInSlice' | 'nextDeadline'> {}

/** Exports of the module that {@link CoreThreads.module} names. */
export interface VcpuThreadModule {
  /** Makes the vCPU of `data`, which the cell's thread got from {@link CoreThreads.data}. */
  openVcpu(thread: VcpuThread, data: unknown): Promise<ThreadVcpu>;
}

/**
 * The cell's side of a core whose vCPUs run on threads of their own. Its `vcpus` are what devices and firmware see: they
 * have registers and lines and can be started, but cannot `run`. Registers may be read and written while a vCPU is
 * stopped, paused, or waits for the answer to a call of its own.
 */
export interface CoreThreads {
  /** URL of the module to import on a vCPU's thread: a {@link VcpuThreadModule}. */
  readonly module: string;
  /** What that module needs, as data that can be posted to the thread. Once the machine is wired. */
  data(vcpu: number): unknown;
  /** Answers {@link VcpuThread.call} of a vCPU. */
  call(vcpu: number, operation: number, first: number, second: number): number;
  /** How the core wakes the thread of a vCPU. */
  onRing(ring: (vcpu: number) => void): void;
}
