import { defineToken, type Token } from './token.ts';

/** A one-shot timer on a machine's clock. */
export interface Timer {
  /** Fires once when `clock.now() >= deadline` (nanoseconds); arming again replaces the deadline. */
  arm(deadline: number): void;
  cancel(): void;
  /** Deadline in nanoseconds, or undefined when not armed. */
  readonly deadline: number | undefined;
}

/**
 * Time of one machine in nanoseconds since power-on, as a non-negative safe integer; it stands still while the
 * machine is paused. A real clock follows the host's monotonic clock. A virtual clock is driven: time is the number
 * of retired instructions, so a run is a pure function of its inputs.
 */
export interface Clock {
  readonly kind: 'real' | 'virtual';
  /** Nanoseconds since power-on. Never goes back. */
  now(): number;
  /** Host wall-clock time at power-on in nanoseconds since the Unix epoch; a constant for a virtual clock. */
  readonly epoch: bigint;
  /** Makes a disarmed timer. Expiry is delivered by {@link Clock.fire}, between two slices of guest execution. */
  timer(expired: () => void): Timer;
  /** Earliest armed deadline in nanoseconds, or undefined. */
  readonly nextDeadline: number | undefined;
  /** Calls every timer that is due, in order of deadline, then of arming. Returns how many fired. */
  fire(): number;
  /** Real clock only: stop and go on. A virtual clock only moves when told, so both do nothing. */
  pause(): void;
  resume(): void;
  /** Back to zero, all timers cancelled. */
  reset(): void;
  /** Present on a virtual clock only. */
  readonly virtual?: VirtualTime;
}

/** How the machine's run loop drives a virtual clock. */
export interface VirtualTime {
  /** Nanoseconds that one retired instruction takes. */
  readonly nanosecondsPerInstruction: number;
  /** Moves time to `now` (not before the present) without firing anything. */
  advanceTo(now: number): void;
  /** While a vCPU runs, `now()` adds `retiredInSlice() × nanosecondsPerInstruction`; undefined ends that. */
  follow(retiredInSlice: (() => number) | undefined): void;
}

export const ClockToken: Token<Clock> = defineToken('vivarium/clock', 1);
