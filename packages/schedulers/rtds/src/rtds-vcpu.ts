import type { CpuReservation } from '@vivarium/contracts';
import { Vcpu } from '@vivarium/vcpu-accounting';

/** For a vCPU without a reservation: 4 ms in every 10 ms. */
export const DEFAULT_RESERVATION: CpuReservation = { budget: 4_000_000, period: 10_000_000 };

/** A vCPU with its server. */
export class RtdsVcpu extends Vcpu {
  /** End of the present period; before the first wake-up, when it was added. */
  deadline = 0;
  /** What is left of the budget, of this period or of an extra round. */
  left = 0;
  /** What it used beyond its budget because it was stopped late. */
  #debt = 0;
  /** 0: it runs on its budget. n: on what others leave, for the nth time in this period. */
  extraRound = 0;
  /** When it last used extra time. */
  #extraAt = 0;

  get reservation(): CpuReservation {
    return this.parameters.reservation ?? DEFAULT_RESERVATION;
  }

  /** Begins the period that holds `now`, on the grid of its deadlines, if the present one is over. */
  renewAt(now: number): void {
    if (now < this.deadline) return;
    const { budget, period } = this.reservation;
    const over = Math.floor((now - this.deadline) / period) + 1;
    this.deadline += over * period;
    // Periods that went by unused have paid, too.
    this.#debt = Math.max(0, this.#debt - (over - 1) * budget);
    this.left = Math.max(0, budget - this.#debt);
    this.#debt -= budget - this.left;
    this.extraRound = 0;
  }

  /** Uses budget up. Spent extra time is given again, at the end of the line; what was taken too much is owed. */
  use(ranFor: number, now: number): void {
    if (ranFor === 0) return;
    if (this.extraRound > 0) this.#extraAt = now;
    this.left -= ranFor;
    if (this.left > 0) return;
    const { budget, extra = false } = this.reservation;
    if (!extra) this.#debt -= this.left;
    this.left = extra ? budget : 0;
    this.extraRound += 1;
  }

  get mayRun(): boolean {
    return this.left > 0;
  }

  /** Whether it goes before `other`: budgets before extra time, then by deadline; for extra time, who waited longer. */
  isBefore(other: RtdsVcpu): boolean {
    const turn = this.extraRound === 0 ? 0 : this.#extraAt - other.#extraAt;
    const order = this.extraRound - other.extraRound || this.deadline - other.deadline || turn || this.id - other.id;
    return order < 0;
  }
}
