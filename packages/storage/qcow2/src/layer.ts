import type { HostFile } from '@vivarium/contracts';
import type { Stretch } from '@vivarium/host-file';
import { DamagedImage } from './errors.ts';
import { inflateInto } from './inflate.ts';
import type { Mapping } from './mapping.ts';

/** One image of a chain, for reading. Throws when the file does, or when the image is damaged. */
export interface Layer {
  /** Bytes that it has; beyond them it reads as zeroes. */
  readonly size: number;
  /** Fills the next `length` bytes of `into`. */
  read(into: Stretch, offset: number, length: number): void;
}

/** An image that is its bytes. */
export class RawLayer implements Layer {
  readonly #file: HostFile;

  constructor(file: HostFile) {
    this.#file = file;
  }

  get size(): number {
    return this.#file.size;
  }

  read(into: Stretch, offset: number, length: number): void {
    into.readFrom(this.#file, offset, length);
  }
}

/** Memory for clusters that were decompressed: readers come again for the rest of one. */
const DECOMPRESSED_BYTES = 1024 * 1024;

/** A QCOW2 image. */
export class Qcow2Layer implements Layer {
  readonly size: number;
  readonly backing: Layer | undefined;
  readonly #file: HostFile;
  readonly #mapping: Mapping;
  /** By place in the file, the one that was used last at the end. */
  readonly #decompressed = new Map<number, Uint8Array>();
  readonly #mostDecompressed: number;

  constructor(file: HostFile, mapping: Mapping, size: number, backing: Layer | undefined) {
    this.#file = file;
    this.#mapping = mapping;
    this.size = size;
    this.backing = backing;
    this.#mostDecompressed = Math.max(1, Math.floor(DECOMPRESSED_BYTES / mapping.clusterSize));
  }

  read(into: Stretch, offset: number, length: number): void {
    const end = offset + length;
    // Beyond the disk, but not beyond its last cluster, is what copies of whole clusters ask for.
    const inside = Math.min(end, this.size);
    let at = offset;
    while (at < inside) {
      const extent = this.#mapping.find(at, inside - at);
      const count = extent.length;
      if (extent.kind === 'data') into.readFrom(this.#file, extent.host, count);
      else if (extent.kind === 'zero') into.zero(count);
      else if (extent.kind === 'compressed') {
        const bytes = this.#decompress(extent.high, extent.low);
        const within = at % this.#mapping.clusterSize;
        into.put(bytes.subarray(within, within + count));
      } else this.readBacking(into, at, count);
      at += count;
    }
    if (at < end) into.zero(end - at);
  }

  /** Fills the next `length` bytes of `into` with what is there when this image has nothing. */
  readBacking(into: Stretch, offset: number, length: number): void {
    const inside = this.backing === undefined ? 0 : Math.max(0, Math.min(length, this.backing.size - offset));
    if (inside > 0) this.backing?.read(into, offset, inside);
    if (inside < length) into.zero(length - inside);
  }

  /** Forgets what was decompressed: its clusters may become something else. */
  forget(): void {
    this.#decompressed.clear();
  }

  #decompress(high: number, low: number): Uint8Array {
    const { offset, length } = this.#mapping.compressedPlace(high, low);
    const known = this.#decompressed.get(offset);
    if (known !== undefined) {
      this.#decompressed.delete(offset);
      this.#decompressed.set(offset, known);
      return known;
    }
    const input = new Uint8Array(length);
    // The last sector may be beyond the end of the file.
    const count = this.#file.read(offset, input);
    const output = this.#oldest() ?? new Uint8Array(this.#mapping.clusterSize);
    if (!inflateInto(input.subarray(0, count), output)) {
      throw new DamagedImage(`the compressed data at ${offset} is damaged`);
    }
    this.#decompressed.set(offset, output);
    return output;
  }

  /** The buffer to use again, when there are as many as may be. */
  #oldest(): Uint8Array | undefined {
    if (this.#decompressed.size < this.#mostDecompressed) return undefined;
    const [oldest] = this.#decompressed;
    if (oldest === undefined) return undefined;
    this.#decompressed.delete(oldest[0]);
    return oldest[1];
  }
}
