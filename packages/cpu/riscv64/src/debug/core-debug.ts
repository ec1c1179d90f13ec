import type { CoreDebug, DebugPoint, GuestMemory, Vcpu, VcpuExit } from '@vivarium/contracts';
import type { CodeCache } from '../decode/code-cache.ts';
import type { RiscvHart } from '../hart/hart.ts';
import type { StopPoints } from './stop-points.ts';

/** Marked instructions at which all marks are taken away and made again where they are needed. */
const MOST_MARKS = 4096;

/**
 * Debugging of a core. What is set is brought into force when translations are made anew, so setting anything forgets
 * all translations: pages with breakpoints get marks as they are fetched (see `CodeCache.setApart`), pages that are
 * watched stay out of the TLBs for data. Marks outlive their breakpoints: debuggers take breakpoints away at each stop.
 */
export class RiscvCoreDebug implements CoreDebug {
  readonly #points: StopPoints;
  readonly #code: CodeCache;
  readonly #harts: readonly RiscvHart[];
  readonly #memory: GuestMemory;

  constructor(points: StopPoints, code: CodeCache, harts: readonly RiscvHart[], memory: GuestMemory) {
    this.#points = points;
    this.#code = code;
    this.#harts = harts;
    this.#memory = memory;
  }

  get points(): readonly DebugPoint[] {
    return this.#points.all;
  }

  insert(point: DebugPoint): boolean {
    if (this.#points.has(point)) return true;
    if (!this.#points.insert(point)) return false;
    if (this.#code.marks > MOST_MARKS) this.#code.clearApart();
    this.#flush();
    return true;
  }

  remove(point: DebugPoint): boolean {
    return this.#points.remove(point);
  }

  clear(): void {
    this.#points.clear();
    this.#code.clearApart();
  }

  step(vcpu: Vcpu): VcpuExit {
    return this.#harts[vcpu.index]?.step() ?? { kind: 'stopped' };
  }

  translate(vcpu: Vcpu, address: bigint): number | undefined {
    return this.#harts[vcpu.index]?.translate(this.#memory, address);
  }

  #flush(): void {
    for (const hart of this.#harts) {
      hart.mmu.flush();
      hart.translationChanged();
    }
  }
}
