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
  /** Asks `CoreThreads.call` on the cell's thread. Signed 32-bit numbers, whose meaning is the core's. */
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

/** Exports of the module that `CoreThreads.module` names. */
export interface VcpuThreadModule {
  /** Makes the vCPU of `data`, which the cell's thread got from `CoreThreads.data`. */
  openVcpu(thread: VcpuThread, data: unknown): Promise<ThreadVcpu>;
}
