import type { InterruptLine } from '@vivarium/contracts';
import { eachBit } from './bitmap.ts';
import type { Deliverable, Delivery, DeliveryState } from './delivery.ts';
import * as r from './registers.ts';

/** Interrupts by a wire to each hart, with a delivery control structure for each (section 4.8). */
export class DirectDelivery implements Delivery {
  readonly messages = false;
  readonly initialTarget = 1;
  readonly #lines: readonly InterruptLine[];
  readonly #delivery: Uint8Array;
  readonly #force: Uint8Array;
  readonly #threshold: Uint8Array;
  /** topi of each hart. */
  readonly #top: Uint32Array;
  /** What each hart was last told; 2 for nothing yet. */
  readonly #notified: Uint8Array;

  constructor(lines: readonly InterruptLine[]) {
    this.#lines = lines;
    this.#delivery = new Uint8Array(lines.length);
    this.#force = new Uint8Array(lines.length);
    this.#threshold = new Uint8Array(lines.length);
    this.#top = new Uint32Array(lines.length);
    this.#notified = new Uint8Array(lines.length).fill(2);
  }

  /** Priority 0 does not exist; 1 takes its place (section 4.5.16.1). */
  legalTarget(value: number): number {
    return ((value & r.HART_MASK) | (value & r.IPRIO_MASK || 1)) >>> 0;
  }

  changed(from: Deliverable): void {
    this.#findTops(from);
    for (const [hart, line] of this.#lines.entries()) {
      const wanted = this.#force[hart] !== 0 || this.#top[hart] !== 0;
      const level = from.interruptEnable && this.#delivery[hart] !== 0 && wanted;
      if (this.#notified[hart] === Number(level)) continue;
      this.#notified[hart] = Number(level);
      line.set(level);
    }
  }

  read(offset: number, from: Deliverable): number {
    const hart = (offset - r.IDC) >> 5;
    if (offset < r.IDC || hart >= this.#lines.length) return 0;
    switch (offset % r.IDC_BYTES) {
      case r.IDELIVERY:
        return this.#delivery[hart] ?? 0;
      case r.IFORCE:
        return this.#force[hart] ?? 0;
      case r.ITHRESHOLD:
        return this.#threshold[hart] ?? 0;
      case r.TOPI:
        return this.#top[hart] ?? 0;
      case r.CLAIMI:
        return this.#claim(hart, from);
      default:
        return 0;
    }
  }

  write(offset: number, value: number, from: Deliverable): void {
    const hart = (offset - r.IDC) >> 5;
    if (offset < r.IDC || hart >= this.#lines.length) return;
    switch (offset % r.IDC_BYTES) {
      case r.IDELIVERY:
        this.#delivery[hart] = value & 1;
        break;
      case r.IFORCE:
        this.#force[hart] = value & 1;
        break;
      case r.ITHRESHOLD:
        this.#threshold[hart] = value & r.IPRIO_MASK;
        break;
      default:
        return;
    }
    this.changed(from);
  }

  reset(): void {
    this.#delivery.fill(0);
    this.#force.fill(0);
    this.#threshold.fill(0);
    this.#notified.fill(2);
  }

  capture(): DeliveryState {
    return [[...this.#delivery], [...this.#force], [...this.#threshold]];
  }

  accepts(state: DeliveryState): boolean {
    const most = [1, 1, r.IPRIO_MASK];
    return (
      state.length === most.length &&
      state.every((list, index) => {
        const limit = most[index] ?? 0;
        return list.length === this.#lines.length && list.every((value) => value <= limit);
      })
    );
  }

  adopt([delivery = [], force = [], threshold = []]: DeliveryState): void {
    this.#delivery.set(delivery);
    this.#force.set(force);
    this.#threshold.set(threshold);
    this.#notified.fill(2);
  }

  /** For each hart the source of the lowest priority number below its threshold, the lowest source among equals. */
  #findTops({ pending, enabled, target }: Deliverable): void {
    const top = this.#top.fill(0);
    for (const [word, bits] of pending.entries()) {
      eachBit(word, bits & (enabled[word] ?? 0), (source) => {
        const to = target[source] ?? 0;
        const hart = to >>> r.HART_SHIFT;
        if (hart >= top.length) return;
        const priority = to & r.IPRIO_MASK;
        const threshold = this.#threshold[hart] ?? 0;
        const best = (top[hart] ?? 0) & r.IPRIO_MASK;
        if (threshold !== 0 && priority >= threshold) return;
        if (best === 0 || priority < best) top[hart] = (source << r.TOPI_IDENTITY_SHIFT) | priority;
      });
    }
  }

  #claim(hart: number, from: Deliverable): number {
    const top = this.#top[hart] ?? 0;
    if (top === 0) this.#force[hart] = 0;
    else from.delivered(top >>> r.TOPI_IDENTITY_SHIFT);
    this.changed(from);
    return top;
  }
}
