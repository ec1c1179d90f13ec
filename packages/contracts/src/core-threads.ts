/**
 * The cell's side of a core whose vCPUs run on threads of their own. Its `vcpus` are what devices and firmware see: they
 * have registers and lines and can be started, but cannot `run`. Registers may be read and written while a vCPU is
 * stopped, paused, or waits for the answer to a call of its own.
 */
export interface CoreThreads {
  /** URL of the module to import on a vCPU's thread: a `VcpuThreadModule`. */
  readonly module: string;
  /** What that module needs, as data that can be posted to the thread. Once the machine is wired. */
  data(vcpu: number): unknown;
  /** Answers `VcpuThread.call` of a vCPU. */
  call(vcpu: number, operation: number, first: number, second: number): number;
  /** How the core wakes the thread of a vCPU. */
  onRing(ring: (vcpu: number) => void): void;
}
