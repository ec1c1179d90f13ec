import type { Vcpu } from '@vivarium/contracts';
import { ALL_HARTS } from './sbi.ts';

/** The harts of a machine by id. */
export class Harts {
  readonly all: readonly Vcpu[];
  readonly #byId: ReadonlyMap<bigint, Vcpu>;

  constructor(all: readonly Vcpu[]) {
    this.all = all;
    this.#byId = new Map(all.map((hart) => [BigInt(hart.index), hart]));
  }

  find(id: bigint): Vcpu | undefined {
    return this.#byId.get(id);
  }

  /** The harts of a mask (section 3.1); undefined when it names one that does not exist. */
  select(mask: bigint, base: bigint): readonly Vcpu[] | undefined {
    if (base === ALL_HARTS) {
      return this.all;
    }
    const chosen: Vcpu[] = [];
    for (let bit = 0n; bit < 64n; bit += 1n) {
      if ((mask >> bit) & 1n) {
        const hart = this.find(base + bit);
        if (hart === undefined) {
          return undefined;
        }
        chosen.push(hart);
      }
    }
    return this.find(base) === undefined ? undefined : chosen;
  }
}
