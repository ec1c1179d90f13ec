import type { InterruptFiles, PrivilegeLevel } from '@vivarium/contracts';
import { eachBit } from './bitmap.ts';
import type { Deliverable, Delivery, DeliveryState } from './delivery.ts';
import * as r from './registers.ts';

/**
 * Interrupts as messages to the harts' interrupt files (section 4.9). The addresses are fixed, as the specification
 * recommends: so a guest can make an APLIC write nowhere else.
 */
export class MessageDelivery implements Delivery {
  readonly messages = true;
  readonly initialTarget = 0;
  readonly #files: InterruptFiles;
  readonly #level: PrivilegeLevel;
  #genmsi = 0;

  constructor(files: InterruptFiles, level: PrivilegeLevel) {
    this.#files = files;
    this.#level = level;
  }

  /** Harts here have no guests, so there is no guest index. */
  legalTarget(value: number): number {
    return (value & (r.HART_MASK | r.EIID_MASK)) >>> 0;
  }

  changed(from: Deliverable): void {
    if (!from.interruptEnable) return;
    for (const [word, pending] of from.pending.entries()) {
      eachBit(word, pending & (from.enabled[word] ?? 0), (source) => {
        from.delivered(source);
        this.#send(from.target[source] ?? 0);
      });
    }
  }

  /** Messages leave at once: genmsi is never busy. */
  read(offset: number): number {
    return offset === r.GENMSI ? this.#genmsi : 0;
  }

  write(offset: number, value: number): void {
    if (offset !== r.GENMSI) return;
    this.#genmsi = this.legalTarget(value);
    this.#send(this.#genmsi);
  }

  reset(): void {
    this.#genmsi = 0;
  }

  capture(): DeliveryState {
    return [[this.#genmsi]];
  }

  accepts([genmsi, ...others]: DeliveryState): boolean {
    return others.length === 0 && genmsi?.length === 1 && genmsi.every((value) => value === this.legalTarget(value));
  }

  adopt([genmsi]: DeliveryState): void {
    this.#genmsi = genmsi?.[0] ?? 0;
  }

  #send(target: number): void {
    this.#files.send(this.#level, target >>> r.HART_SHIFT, target & r.EIID_MASK);
  }
}
