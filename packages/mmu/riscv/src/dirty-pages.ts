// Hot code: `mark` runs on each write that misses the TLB.
import type { MachineMemory } from '@vivarium/contracts';
import type { DirtyLog, HartMmu } from '@vivarium/isa-riscv';

/** Remembers which pages of RAM were written, by harts and by devices, while it is on. */
export class DirtyPages implements DirtyLog {
  readonly #memory: MachineMemory;
  readonly #harts: readonly HartMmu[];
  readonly #banks: Uint8Array[] = [];
  #on = false;

  /** `harts` is read when needed and may still grow. */
  constructor(memory: MachineMemory, harts: readonly HartMmu[]) {
    this.#memory = memory;
    this.#harts = harts;
    memory.onExternalWrite((address, length) => {
      if (!this.#on) return;
      for (let at = address - (address % 4096); at < address + length; at += 4096) this.mark(at);
    });
  }

  start(): void {
    this.#banks.length = 0;
    for (const bank of this.#memory.banks) this.#banks.push(new Uint8Array(bank.length / 4096));
    this.#on = true;
    for (const hart of this.#harts) hart.flushWrites();
  }

  stop(): void {
    this.#on = false;
    this.#banks.length = 0;
  }

  mark(physical: number): void {
    if (!this.#on) return;
    for (let index = 0; index < this.#banks.length; index += 1) {
      const bank = this.#memory.banks[index];
      const pages = this.#banks[index];
      if (bank === undefined || pages === undefined) return;
      const within = physical - bank.base;
      if (within >= 0 && within < bank.length) pages[Math.floor(within / 4096)] = 1;
    }
  }

  collect(page: (base: number) => void): void {
    for (let index = 0; index < this.#banks.length; index += 1) {
      const bank = this.#memory.banks[index];
      const pages = this.#banks[index];
      if (bank === undefined || pages === undefined) return;
      for (let at = pages.indexOf(1); at >= 0; at = pages.indexOf(1, at + 1)) {
        pages[at] = 0;
        page(bank.base + at * 4096);
      }
    }
    for (const hart of this.#harts) hart.flushWrites();
  }
}
