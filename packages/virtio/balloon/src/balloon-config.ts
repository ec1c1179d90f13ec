import type { VirtioConfig } from '@vivarium/contracts';
import { CONFIG } from './registers.ts';

/** Bytes that the driver writes: `actual` and `poison_val`. */
const isWritable = (offset: number): boolean =>
  (offset >= CONFIG.actual && offset < CONFIG.actual + 4) || (offset >= CONFIG.poison_val && offset < CONFIG.length);

/** The configuration space. */
export class BalloonConfig implements VirtioConfig {
  readonly length = CONFIG.length;
  readonly #bytes = new DataView(new ArrayBuffer(CONFIG.length));

  set numPages(pages: number) {
    this.#bytes.setUint32(CONFIG.num_pages, pages, true);
  }

  /** Pages in the balloon, by the driver's word. */
  get actual(): number {
    return this.#bytes.getUint32(CONFIG.actual, true);
  }

  get poison(): number {
    return this.#bytes.getUint32(CONFIG.poison_val, true);
  }

  read(offset: number): number {
    return this.#bytes.getUint8(offset);
  }

  write(offset: number, value: number): void {
    if (isWritable(offset)) this.#bytes.setUint8(offset, value);
  }

  /** What the driver wrote is gone; what it reads stays. */
  reset(): void {
    this.#bytes.setUint32(CONFIG.actual, 0);
    this.#bytes.setUint32(CONFIG.poison_val, 0);
  }
}
