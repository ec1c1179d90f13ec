import { SECTOR_SIZE, type VirtioConfig } from '@vivarium/contracts';
import { CONFIG } from './registers.ts';

export interface BlockConfigFacts {
  /** Bytes. */
  readonly capacity: number;
  readonly segments: number;
  readonly queues: number;
  /** Of one discard or write-zeroes request. */
  readonly rangeSegments: number;
  readonly rangeSectors: number;
}

/** The configuration space; of it a driver can write one byte, the cache mode. */
export class BlockConfig implements VirtioConfig {
  readonly length = CONFIG.length;
  readonly #bytes = new DataView(new ArrayBuffer(CONFIG.length));

  constructor(facts: BlockConfigFacts) {
    const bytes = this.#bytes;
    bytes.setBigUint64(CONFIG.capacity, BigInt(Math.floor(facts.capacity / SECTOR_SIZE)), true);
    bytes.setUint32(CONFIG.seg_max, facts.segments, true);
    bytes.setUint32(CONFIG.blk_size, SECTOR_SIZE, true);
    bytes.setUint16(CONFIG.num_queues, facts.queues, true);
    bytes.setUint32(CONFIG.max_discard_sectors, facts.rangeSectors, true);
    bytes.setUint32(CONFIG.max_discard_seg, facts.rangeSegments, true);
    bytes.setUint32(CONFIG.discard_sector_alignment, 1, true);
    bytes.setUint32(CONFIG.max_write_zeroes_sectors, facts.rangeSectors, true);
    bytes.setUint32(CONFIG.max_write_zeroes_seg, facts.rangeSegments, true);
    bytes.setUint8(CONFIG.write_zeroes_may_unmap, 1);
    this.reset();
  }

  /** Write-back: what is written may wait for a flush. */
  get writeback(): boolean {
    return this.#bytes.getUint8(CONFIG.writeback) === 1;
  }

  reset(): void {
    this.#bytes.setUint8(CONFIG.writeback, 1);
  }

  read(offset: number): number {
    return this.#bytes.getUint8(offset);
  }

  write(offset: number, value: number): void {
    if (offset === CONFIG.writeback) this.#bytes.setUint8(offset, value & 1);
  }
}
