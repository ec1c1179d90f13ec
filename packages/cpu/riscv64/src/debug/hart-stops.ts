import type { VcpuExit } from '@vivarium/contracts';
import type { HartState } from '../state/hart-state.ts';
import type { StopPoints, WatchHit } from './stop-points.ts';

/** How runs of one hart end because of a debugger. Asked on rare paths only. */
export class HartStops {
  /** How the run in progress, or the last one, ends. */
  stop: VcpuExit | undefined;
  /** The one instruction of a debugger is under way. */
  stepping = false;
  /** The last run stopped before its instruction because of what that touches: this run executes it. */
  #passing = false;
  readonly #points: StopPoints;
  readonly #state: HartState;
  readonly #leave: () => void;
  readonly #attempted: () => number;

  /** `leave` leaves generated code; `attempted` counts instructions in the run, including the present one. */
  constructor(points: StopPoints, state: HartState, leave: () => void, attempted: () => number) {
    this.#points = points;
    this.#state = state;
    this.#leave = leave;
    this.#attempted = attempted;
  }

  /** A run begins. */
  begin(): void {
    this.#passing = this.stop?.kind === 'watchpoint';
    this.stop = undefined;
  }

  /** The next instruction is another one than that before which the last run stopped. */
  moved(): void {
    this.stop = undefined;
    this.#passing = false;
  }

  /** Stops when there is a breakpoint at pc. */
  atBreakpoint(): boolean {
    if (!this.#points.breaks || this.stepping) return false;
    const { pc } = this.#state;
    if (!this.#points.breaksAt(pc)) return false;
    this.stop = { kind: 'breakpoint', pc };
    this.#leave();
    return true;
  }

  /** Stops before the instruction under way, but not twice; true when it stops. */
  beforeAccess(hit: WatchHit): boolean {
    if (this.#passing && this.#attempted() === 1) return false;
    // It is not attempted after all.
    this.#state.budget += 1;
    this.stop = { kind: 'watchpoint', ...hit };
    this.#leave();
    return true;
  }
}
