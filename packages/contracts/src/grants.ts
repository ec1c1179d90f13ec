import type { Timer } from './clock.ts';
import type { InterruptLine } from './interrupt.ts';
import type { GuestMemory } from './memory.ts';

/**
 * What a plugin may touch. The kernel hands out handles for exactly the grants in the manifest and revokes them at
 * dispose. An in-process plugin is trusted with its process: there, grants are a contract and an audit trail.
 */
export type Grant =
  /** Read and write guest RAM (DMA). */
  | 'guest-memory'
  /** Drive the interrupt lines that the machine's spec wires to this part. */
  | 'interrupts'
  /** Arm timers on the machine's clock. */
  | 'timers'
  /** Host files below the roots that the policy names. */
  | 'host-files'
  /** Sockets on the host's network. */
  | 'host-network';

/** Handles behind the grants. A member throws `VIV_GRANT_UNDECLARED` when the manifest does not list its grant. */
export interface GrantHandles {
  readonly memory: GuestMemory;
  /** The line wired to the device's interrupt `name`; a line that goes nowhere when the spec wires none. */
  interrupt(name: string): InterruptLine;
  /** Makes a disarmed timer on the machine's clock. */
  timer(expired: () => void): Timer;
  /** Resolves `path` below a granted root; throws `VIV_GRANT_PATH` when it is outside of all of them. */
  hostPath(path: string): string;
}
