import { type BlockBackend, type BlockResult, type HostFile, SECTOR_SIZE } from '@vivarium/contracts';
import { blockFaultOf } from './block-fault.ts';
import { isSectorRange, lengthOf } from './sector-range.ts';
import { Stretch } from './stretch.ts';
import { SyncLatch } from './sync-latch.ts';
import { writeZeroesTo } from './zeroes.ts';

/** A disk that is a file, byte by byte. What the file has beyond its last whole sector is no part of the disk. */
export class FileDisk implements BlockBackend {
  readonly capacity: number;
  readonly readOnly: boolean;
  readonly deferred = false;
  /** Present when the file can give space back. */
  readonly discard?: (offset: number, length: number) => BlockResult;
  readonly #file: HostFile;
  readonly #sync: SyncLatch;

  constructor(file: HostFile, readOnly = file.readOnly) {
    this.#file = file;
    this.#sync = new SyncLatch(file);
    this.capacity = file.size - (file.size % SECTOR_SIZE);
    this.readOnly = readOnly || file.readOnly;
    if (file.punchHole !== undefined) {
      this.discard = (offset, length) => this.#change(offset, length, () => this.#file.punchHole?.(offset, length));
    }
  }

  read(offset: number, into: readonly Uint8Array[]): BlockResult {
    const length = lengthOf(into);
    if (!isSectorRange(offset, length, this.capacity)) return 'io';
    if (length === 0) return undefined;
    try {
      new Stretch(into, length).readFrom(this.#file, offset, length);
      return undefined;
    } catch {
      return 'io';
    }
  }

  write(offset: number, from: readonly Uint8Array[]): BlockResult {
    const length = lengthOf(from);
    return this.#change(offset, length, () => {
      if (length > 0) new Stretch(from, length).writeTo(this.#file, offset, length);
    });
  }

  flush(): BlockResult {
    return this.readOnly ? undefined : this.#sync.sync();
  }

  writeZeroes(offset: number, length: number, mayUnmap: boolean): BlockResult {
    return this.#change(offset, length, () => {
      if (mayUnmap && this.#file.punchHole !== undefined) this.#file.punchHole(offset, length);
      else writeZeroesTo(this.#file, offset, length);
    });
  }

  #change(offset: number, length: number, act: () => void): BlockResult {
    if (!isSectorRange(offset, length, this.capacity)) return 'io';
    if (this.readOnly) return 'unsupported';
    try {
      act();
      return undefined;
    } catch (error) {
      return blockFaultOf(error);
    }
  }
}
