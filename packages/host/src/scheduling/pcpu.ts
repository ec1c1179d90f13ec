import type { PcpuId, Timer } from '@vivarium/contracts';
import type { Seat } from './guest.ts';

/** What a pCPU has done, in nanoseconds since it came. */
export interface PcpuStats {
  readonly pcpu: PcpuId;
  /** Somebody held it. */
  readonly busy: number;
  readonly idle: number;
  /** Grants that began, and those of them to another vCPU than the one before. */
  readonly grants: number;
  readonly switches: number;
}

/** A right to run, and who holds it. */
export class Pcpu {
  readonly id: PcpuId;
  /** When it is free: for the next decision. When it is held: for somebody who keeps it. */
  readonly timer: Timer;
  running: Seat | undefined;
  /** Who runs was told to stop. */
  revoked = false;
  /** It is to be taken away when it is free. */
  leaving = false;
  readonly whenGone: (() => void)[] = [];
  readonly #came: number;
  #last: Seat | undefined;
  #since = 0;
  #busy = 0;
  #grants = 0;
  #switches = 0;

  constructor(id: PcpuId, now: number, timer: Timer) {
    this.id = id;
    this.timer = timer;
    this.#came = now;
  }

  begin(seat: Seat, now: number): void {
    this.running = seat;
    this.revoked = false;
    this.#since = now;
    this.#grants += 1;
    if (this.#last !== seat) this.#switches += 1;
    this.#last = seat;
    seat.pcpu = this.id;
    seat.since = now;
    seat.wokenMeanwhile = false;
  }

  /** How long it was held. */
  end(now: number): number {
    if (this.running !== undefined) this.running.pcpu = undefined;
    this.running = undefined;
    this.timer.cancel();
    this.#busy += now - this.#since;
    return now - this.#since;
  }

  stats(now: number): PcpuStats {
    const busy = this.#busy + (this.running === undefined ? 0 : now - this.#since);
    return { pcpu: this.id, busy, idle: now - this.#came - busy, grants: this.#grants, switches: this.#switches };
  }
}
