/** Unit in which room is taken for what is written: as many sectors as a number has bits. */
export const CHUNK = 32 * 512;
/** Chunks in one leaf of the map. */
const PER_LEAF = 1024;
/** Bytes of one leaf. */
export const LEAF = 2 * 4 * PER_LEAF;

/** Instead of a slot: nothing is written there, or zeroes are, as a whole. */
export const NO_SLOT = -1;
export const ZEROES = -2;
/** Every sector of a chunk. */
export const EVERY_SECTOR = 0xffff_ffff;

interface Leaf {
  readonly slots: Int32Array;
  /** A bit for each sector that is written, the first one lowest. */
  readonly sectors: Uint32Array;
}

/** Which chunks of a disk are written: the slot that each has, and its sectors. Costs nothing where there is none. */
export class ChunkMap {
  readonly #leaves = new Map<number, Leaf | 'zeroes'>();
  #arrays = 0;

  /** Bytes of memory that it takes, but for a few a leaf. */
  get bytes(): number {
    return this.#arrays * LEAF;
  }

  slot(chunk: number): number {
    const leaf = this.#leaves.get(Math.floor(chunk / PER_LEAF));
    if (leaf === undefined) return NO_SLOT;
    return leaf === 'zeroes' ? ZEROES : (leaf.slots[chunk % PER_LEAF] ?? NO_SLOT);
  }

  /** Bits of the sectors that are written; those of a chunk of zeroes are all of them. */
  sectors(chunk: number): number {
    const leaf = this.#leaves.get(Math.floor(chunk / PER_LEAF));
    if (leaf === undefined) return 0;
    return leaf === 'zeroes' ? EVERY_SECTOR : (leaf.sectors[chunk % PER_LEAF] ?? 0);
  }

  /** Bytes that {@link set} of this chunk takes more. */
  cost(chunk: number): number {
    return typeof this.#leaves.get(Math.floor(chunk / PER_LEAF)) === 'object' ? 0 : LEAF;
  }

  set(chunk: number, slot: number, sectors: number): void {
    const index = Math.floor(chunk / PER_LEAF);
    let leaf = this.#leaves.get(index);
    if (typeof leaf !== 'object') {
      const isZero = leaf === 'zeroes';
      leaf = {
        slots: new Int32Array(PER_LEAF).fill(isZero ? ZEROES : NO_SLOT),
        sectors: new Uint32Array(PER_LEAF).fill(isZero ? EVERY_SECTOR : 0),
      };
      this.#leaves.set(index, leaf);
      this.#arrays++;
    }
    leaf.slots[chunk % PER_LEAF] = slot;
    leaf.sectors[chunk % PER_LEAF] = sectors;
  }

  /** Chunks from `chunk` on, of at most `count`, that make up a leaf as a whole; 0 when `chunk` begins none. */
  wholeLeaf(chunk: number, count: number): number {
    return chunk % PER_LEAF === 0 && count >= PER_LEAF ? PER_LEAF : 0;
  }

  /** Makes the leaf that begins at `chunk` zeroes; `release` is called for each slot that it had. */
  zeroLeaf(chunk: number, release: (slot: number) => void): void {
    const index = Math.floor(chunk / PER_LEAF);
    const leaf = this.#leaves.get(index);
    if (typeof leaf === 'object') {
      for (const slot of leaf.slots) if (slot >= 0) release(slot);
      this.#arrays--;
    }
    this.#leaves.set(index, 'zeroes');
  }
}
