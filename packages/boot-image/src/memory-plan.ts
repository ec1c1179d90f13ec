import type { MemoryBank } from '@vivarium/contracts';
import { errors } from './errors.ts';

/** What lies where. Guest-physical address and bytes. */
export interface MemoryRange {
  readonly name: string;
  readonly base: number;
  readonly length: number;
}

/** A bank of RAM, as much of it as planning needs. */
export type PlannedBank = Pick<MemoryBank, 'base' | 'length'>;

const MIB = 1024 * 1024;
/** The largest alignment that anything is placed with: what is left over behind a multiple of it is of no use. */
const GRANULE = 2 * MIB;
const hexadecimal = (value: number): string => `0x${value.toString(16)}`;
const mebibytes = (length: number): string => `${Math.ceil((length / MIB) * 10) / 10} MiB`;
const end = ({ base, length }: { readonly base: number; readonly length: number }): number => base + length;

/** Decides what goes where in RAM before anything is written, so that nothing ever overlaps. */
export class MemoryPlan {
  readonly #banks: readonly PlannedBank[];
  readonly #ranges: MemoryRange[] = [];

  /** Banks by address, at least one. */
  constructor(banks: readonly PlannedBank[]) {
    this.#banks = banks.toSorted((left, right) => left.base - right.base);
  }

  /** What is taken so far, in the order of the claims. */
  get ranges(): readonly MemoryRange[] {
    return this.#ranges;
  }

  /** The lowest bank, which is where RAM begins. Throws `VIV_IMAGE_MEMORY_TOO_SMALL` when there is no RAM. */
  get main(): PlannedBank {
    const [bank] = this.#banks;
    if (bank === undefined) {
      throw errors.make('VIV_IMAGE_MEMORY_TOO_SMALL', 'the machine has no RAM to boot in');
    }
    return bank;
  }

  /** Takes `length` bytes from `offset` in the main bank on. Throws `VIV_IMAGE_MEMORY_TOO_SMALL` or `_OVERLAP`. */
  claimFromStart(name: string, offset: number, length: number): void {
    const bank = this.main;
    if (offset + length > bank.length) {
      throw this.#tooSmall(name, length, offset + length, bank);
    }
    this.claim({ name, base: bank.base + offset, length });
  }

  /** Takes a fixed place. Throws `VIV_IMAGE_MEMORY_TOO_SMALL`, `_OUTSIDE_MEMORY` or `_OVERLAP`. */
  claim(range: MemoryRange): void {
    const home = this.#banks.find((bank) => range.base >= bank.base && range.base < end(bank));
    const place = `${range.name} at ${hexadecimal(range.base)}…${hexadecimal(end(range))}`;
    if (home === undefined) {
      throw errors.make(
        'VIV_IMAGE_OUTSIDE_MEMORY',
        `${place} is not in RAM, which begins at ${hexadecimal(this.main.base)}`,
      );
    }
    if (end(range) > end(home)) {
      throw this.#tooSmall(range.name, range.length, end(range) - home.base, home);
    }
    const other = this.#overlapping(range.base, range.length);
    if (other !== undefined) {
      throw errors.make('VIV_IMAGE_OVERLAP', `${place} overlaps ${other.name} at ${hexadecimal(other.base)}`);
    }
    this.#ranges.push(range);
  }

  /**
   * Takes the highest free place in the main bank below `limit`, aligned to `alignment` bytes, and returns its
   * address. Throws `VIV_IMAGE_MEMORY_TOO_SMALL`.
   */
  claimHigh(name: string, length: number, alignment: number, limit: number): number {
    const bank = this.main;
    let ceiling = Math.min(limit, end(bank));
    for (;;) {
      const base = Math.floor((ceiling - length) / alignment) * alignment;
      if (base < bank.base) {
        throw this.#tooSmall(name, length, this.#packed() + length + alignment, bank);
      }
      const other = this.#overlapping(base, length);
      if (other === undefined) {
        this.#ranges.push({ name, base, length });
        return base;
      }
      ceiling = other.base;
    }
  }

  #overlapping(base: number, length: number): MemoryRange | undefined {
    return this.#ranges.find((range) => base < end(range) && range.base < base + length);
  }

  /** Bytes of RAM that the claims so far need at least: up to the lowest of them, and then all of them packed. */
  #packed(): number {
    const start = this.#ranges.reduce((lowest, range) => Math.min(lowest, range.base), Number.MAX_SAFE_INTEGER);
    const lead = this.#ranges.length === 0 ? 0 : start - this.main.base;
    return this.#ranges.reduce((sum, range) => sum + range.length, lead);
  }

  #tooSmall(name: string, length: number, needed: number, bank: PlannedBank): Error {
    const others = this.#ranges.map((range) => `${range.name} (${mebibytes(range.length)})`);
    const beside = others.length === 0 ? '' : `, beside ${others.join(', ')}`;
    const enough = Math.ceil(needed / GRANULE) * GRANULE;
    return errors.make(
      'VIV_IMAGE_MEMORY_TOO_SMALL',
      `${name} (${mebibytes(length)}) does not fit into ${mebibytes(bank.length)} of RAM at ${hexadecimal(bank.base)}${beside}`,
      {
        hint: `Give the machine at least ${enough / MIB} MiB of memory.`,
        details: { name, length, needed: enough, available: bank.length },
      },
    );
  }
}
