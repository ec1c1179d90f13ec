// Hot path: called for each change of a device's line.
import type { InterruptLine } from '@vivarium/contracts';
import { has, put } from './bitmap.ts';

/** The wires into an APLIC. Users of one wire are OR-ed. */
export class Wires {
  /** Levels by source, as they were last seen: 32-bit words. */
  readonly levels: Uint32Array;
  /** How many users hold each wire up. */
  readonly #raised: Uint32Array;
  readonly #changed: (source: number) => void;

  constructor(sources: number, changed: (source: number) => void) {
    this.levels = new Uint32Array((sources >> 5) + 1);
    this.#raised = new Uint32Array(sources + 1);
    this.#changed = changed;
  }

  isHigh(source: number): boolean {
    return has(this.levels, source);
  }

  line(source: number): InterruptLine {
    let level = false;
    return {
      set: (next) => {
        if (next === level) return;
        level = next;
        const raised = (this.#raised[source] ?? 0) + (next ? 1 : -1);
        this.#raised[source] = raised;
        if (raised > 0 === this.isHigh(source)) return;
        put(this.levels, source, raised > 0);
        this.#changed(source);
      },
    };
  }

  /** Levels are as devices drive them now. */
  reset(): void {
    for (const [source, raised] of this.#raised.entries()) put(this.levels, source, raised > 0);
  }

  /** Levels as they were: devices that are restored later and drive them so change nothing. */
  adopt(levels: readonly number[]): void {
    this.levels.set(levels);
  }
}
