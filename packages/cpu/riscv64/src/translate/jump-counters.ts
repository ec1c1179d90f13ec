// Hot code: the interpreter counts in these words, see `emitHeat`.
import { SLOT_BYTES } from '../decode/slot.ts';
import { HEAT_COUNTERS } from '../emit/main-loop.ts';

/** How many more jumps to a slot make it hot, shared by slots of equal hash. */
export class JumpCounters {
  readonly #counters: Int32Array;
  #threshold: number;

  /** `heat`: where the counters are, HEAT_COUNTERS × i32. */
  constructor(buffer: ArrayBuffer | SharedArrayBuffer, heat: number, threshold: number) {
    this.#counters = new Int32Array(buffer, heat, HEAT_COUNTERS);
    this.#threshold = threshold;
    this.#counters.fill(threshold);
  }

  /** Begins again at the threshold. */
  rewind(slot: number): void {
    this.#counters[Math.floor(slot / SLOT_BYTES) % HEAT_COUNTERS] = this.#threshold;
  }

  /** All begin again. */
  set threshold(jumps: number) {
    this.#threshold = jumps;
    this.#counters.fill(jumps);
  }
}
