import type { VcpuAllotment } from '@vivarium/contracts';
import { errors } from './errors.ts';

/** The harts that a supervisor may start: those with the lowest ids. */
export class Allotment implements VcpuAllotment {
  readonly #bootHart: number;
  readonly #harts: number;
  #count = 0;

  /** Throws `VIV_SBI_ALLOTMENT`. */
  constructor(harts: number, bootHart: number, count: number) {
    this.#harts = harts;
    this.#bootHart = bootHart;
    this.allot(count);
  }

  get count(): number {
    return this.#count;
  }

  allot(count: number): void {
    if (!Number.isInteger(count) || count <= this.#bootHart || count > this.#harts) {
      const least = this.#bootHart + 1;
      throw errors.make(
        'VIV_SBI_ALLOTMENT',
        `of ${this.#harts} harts, ${least} to ${this.#harts} can be allotted, not ${count}`,
      );
    }
    this.#count = count;
  }
}
