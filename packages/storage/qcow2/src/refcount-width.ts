import { DamagedImage } from './errors.ts';
import type { Table } from './table.ts';

/**
 * Entries of a refcount block, by their width of 2^order bits. Narrow ones are packed from the lowest bit of a byte
 * on, wide ones are big-endian.
 */
export class RefcountWidth {
  readonly bits: number;
  readonly #order: number;

  constructor(order: number) {
    this.#order = order;
    this.bits = 2 ** order;
  }

  /** Entries in a block of `bytes` bytes. */
  entriesIn(bytes: number): number {
    return (bytes * 8) / this.bits;
  }

  /** What does not fit into a number is rounded: nothing asks for more than whether it is 0, 1 or larger. */
  get({ bytes, view }: Table, index: number): number {
    switch (this.#order) {
      case 3:
        return bytes[index] ?? 0;
      case 4:
        return view.getUint16(index * 2);
      case 5:
        return view.getUint32(index * 4);
      case 6:
        return Number(view.getBigUint64(index * 8));
      default: {
        const perByte = 8 / this.bits;
        const shift = (index % perByte) * this.bits;
        return ((bytes[Math.floor(index / perByte)] ?? 0) >> shift) & (2 ** this.bits - 1);
      }
    }
  }

  /** Adds `difference`, -1 or 1. */
  add({ bytes, view }: Table, index: number, difference: -1 | 1): void {
    if (this.#order === 6) {
      const sum = view.getBigUint64(index * 8) + BigInt(difference);
      if (sum < 0n || sum > 0xffff_ffff_ffff_ffffn) throw new DamagedImage('a reference count leaves its range');
      view.setBigUint64(index * 8, sum);
      return;
    }
    const sum = this.get({ bytes, view } as Table, index) + difference;
    if (sum < 0 || sum > 2 ** this.bits - 1) throw new DamagedImage('a reference count leaves its range');
    switch (this.#order) {
      case 3:
        bytes[index] = sum;
        return;
      case 4:
        view.setUint16(index * 2, sum);
        return;
      case 5:
        view.setUint32(index * 4, sum);
        return;
      default: {
        const perByte = 8 / this.bits;
        const at = Math.floor(index / perByte);
        const shift = (index % perByte) * this.bits;
        bytes[at] = ((bytes[at] ?? 0) & ~((2 ** this.bits - 1) << shift)) | (sum << shift);
      }
    }
  }

  /** The bytes that hold entries `from` up to `to`, which is not among them. */
  bytesOf(from: number, to: number): readonly [number, number] {
    return [Math.floor((from * this.bits) / 8), Math.ceil((to * this.bits) / 8)];
  }

  /** First entry from `from` on that is zero; `count` when there is none before it. */
  firstFree(table: Table, from: number, count: number): number {
    let index = from;
    while (index < count && this.get(table, index) !== 0) index++;
    return index;
  }
}
