import type { Clock, Vcpu, VcpuExit, VirtualTime } from '@vivarium/contracts';
import { hostNow } from './event-loop.ts';

/** As much of a vCPU as pacing it takes. */
export type Runner = Pick<Vcpu, 'run' | 'attemptedInSlice'>;

/** How much a vCPU runs at once, and how time goes on meanwhile. */
export interface Pace {
  /** Runs `vcpu` for one slice that ends at `deadline` (nanoseconds of the machine's clock) at the latest. */
  slice(vcpu: Runner, deadline: number | undefined, longest: number): VcpuExit;
}

/** Host milliseconds a slice is meant to take: short, so that timers armed within it are met closely. */
const SLICE_MILLISECONDS = 0.25;
const FEWEST_INSTRUCTIONS = 500;
const MOST_INSTRUCTIONS = 2 ** 30;

/** Follows the host's clock: slices are as long as the measured speed of the guest allows. */
export class RealPace implements Pace {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #milliseconds: number;
  /** Instructions a host millisecond, as measured. */
  #rate = 10_000;

  /** `milliseconds` is what a slice is meant to take. */
  constructor(clock: Pick<Clock, 'now'>, milliseconds = SLICE_MILLISECONDS) {
    this.#clock = clock;
    this.#milliseconds = milliseconds;
  }

  slice(vcpu: Runner, deadline: number | undefined, longest: number): VcpuExit {
    const untilDeadline = deadline === undefined ? this.#milliseconds : (deadline - this.#clock.now()) / 1e6;
    const goal = Math.round(this.#rate * Math.min(untilDeadline, this.#milliseconds));
    const budget = Math.min(Math.max(goal, FEWEST_INSTRUCTIONS), MOST_INSTRUCTIONS, longest);
    const began = hostNow();
    const exit = vcpu.run(budget);
    if (exit.kind === 'budget') this.#learn(vcpu.attemptedInSlice, hostNow() - began);
    return exit;
  }

  /** Slows down at once, speeds up by at most a half a slice: a guest that turns slow must not block the event loop. */
  #learn(instructions: number, milliseconds: number): void {
    if (instructions < FEWEST_INSTRUCTIONS) return;
    const measured = instructions / Math.max(milliseconds, 1e-3);
    this.#rate = Math.max(Math.min(measured, this.#rate * 1.5), 1);
  }
}

/** Instructions of one slice when nothing is due earlier. Part of what a deterministic run is a function of. */
const VIRTUAL_SLICE = 10_000;

/** Time is the number of instructions attempted by all vCPUs together: the same inputs give the same run. */
export class VirtualPace implements Pace {
  readonly #clock: Clock;
  readonly #time: VirtualTime;

  constructor(clock: Clock, time: VirtualTime) {
    this.#clock = clock;
    this.#time = time;
  }

  slice(vcpu: Runner, deadline: number | undefined, longest: number): VcpuExit {
    const began = this.#clock.now();
    const instruction = this.#time.nanosecondsPerInstruction;
    const untilDeadline = deadline === undefined ? VIRTUAL_SLICE : Math.ceil((deadline - began) / instruction);
    const budget = Math.max(Math.min(untilDeadline, VIRTUAL_SLICE, longest), 1);
    this.#time.follow(() => vcpu.attemptedInSlice);
    let exit: VcpuExit;
    try {
      exit = vcpu.run(budget);
    } finally {
      this.#time.follow(undefined);
    }
    this.#time.advanceTo(began + vcpu.attemptedInSlice * instruction);
    return exit;
  }
}
