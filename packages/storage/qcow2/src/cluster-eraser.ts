import { Stretch } from '@vivarium/host-file';
import type { ClusterWriter, TableSlice } from './cluster-writer.ts';
import { COMPRESSED_HIGH, COPIED_HIGH, ENTRY, ZERO_LOW } from './format.ts';
import type { Qcow2Layer } from './layer.ts';
import type { Mapping } from './mapping.ts';
import type { WriteBack } from './write-back.ts';

/** Zeroes that are handed to the file again and again. */
const ZEROES = 64 * 1024;
/** Zeroes written between two looks at the room in the cache. */
const MOST_ZEROES = 16 * 1024 * 1024;

/** What a {@link ClusterEraser} works on. */
export interface ClusterEraserSettings {
  readonly version: 2 | 3;
  readonly mapping: Mapping;
  readonly layer: Qcow2Layer;
  readonly writer: ClusterWriter;
  readonly writeBack: WriteBack;
}

/** Takes data away: gives clusters back, and makes them zeroes without writing any where the format can say so. */
export class ClusterEraser {
  readonly #settings: ClusterEraserSettings;
  readonly #clusterSize: number;

  constructor(settings: ClusterEraserSettings) {
    this.#settings = settings;
    this.#clusterSize = settings.mapping.clusterSize;
  }

  /** Gives back the clusters that lie inside as a whole. They read as zeroes then, not as what a backing file has. */
  discard(offset: number, length: number): void {
    const hasBacking = this.#settings.layer.backing !== undefined;
    // Version 2 cannot say that a cluster is zeroes: without its own it would show the backing file's again.
    if (this.#settings.version < 3 && hasBacking) return;
    const { from, to } = this.#whole(offset, length);
    const empty = hasBacking ? ZERO_LOW : 0;
    for (let at = from; at < to; ) {
      this.#settings.writeBack.prepare();
      const extent = this.#settings.mapping.find(at, to - at);
      const count = extent.length;
      if (extent.kind !== 'unallocated') this.#empty(this.#settings.writer.slice(at, count), empty, false);
      at += count;
    }
  }

  writeZeroes(offset: number, length: number, mayUnmap: boolean): void {
    const end = offset + length;
    const { from, to } = this.#whole(offset, length);
    if (from >= to) {
      this.#store(offset, length);
      return;
    }
    this.#store(offset, from - offset);
    if (this.#settings.version >= 3) this.#flag(from, to, mayUnmap);
    else if (mayUnmap && this.#settings.layer.backing === undefined) this.discard(from, to - from);
    else this.#store(from, Math.min(to, end) - from);
    if (to < end) this.#store(to, end - to);
  }

  /** The clusters that lie inside as a whole; the disk's last one is whole when its part of the disk is inside. */
  #whole(offset: number, length: number): { readonly from: number; readonly to: number } {
    const end = offset + length;
    const size = this.#clusterSize;
    const last = end === this.#settings.layer.size ? Math.ceil(end / size) : Math.floor(end / size);
    return { from: Math.ceil(offset / size) * size, to: last * size };
  }

  /** Says of whole clusters that they are zeroes. */
  #flag(from: number, to: number, mayUnmap: boolean): void {
    const { mapping, writer, writeBack } = this.#settings;
    for (let at = from; at < to; ) {
      writeBack.prepare();
      const extent = mapping.find(at, to - at);
      const count = extent.length;
      const isDone = extent.kind === 'zero' ? !mayUnmap : extent.kind === 'unallocated' && this.#backedFrom(at) === 0;
      if (!isDone) this.#empty(writer.slice(at, count), ZERO_LOW, !mayUnmap);
      at += count;
    }
  }

  /** Makes each entry of a slice `low`, which refers to nothing; `keep`: a cluster of its own stays with it. */
  #empty({ table, index, count }: TableSlice, low: number, keep: boolean): void {
    for (let entry = index; entry < index + count; entry++) {
      const oldHigh = table.view.getUint32(entry * ENTRY);
      const oldLow = table.view.getUint32(entry * ENTRY + 4);
      if (oldHigh === 0 && oldLow === low) continue;
      const isOwn = (oldHigh & COPIED_HIGH) !== 0 && (oldHigh & COMPRESSED_HIGH) === 0;
      if (keep && isOwn && this.#settings.mapping.dataOffset(oldHigh, oldLow) !== 0) {
        this.#settings.writeBack.setL2(table, entry, oldHigh, (oldLow | low) >>> 0);
      } else {
        this.#settings.writer.release(oldHigh, oldLow);
        this.#settings.writeBack.setL2(table, entry, 0, low);
      }
    }
  }

  /** Bytes of the backing file from `offset` on. */
  #backedFrom(offset: number): number {
    return Math.max(0, (this.#settings.layer.backing?.size ?? 0) - offset);
  }

  /** Writes zeroes where there are none. */
  #store(offset: number, length: number): void {
    const { mapping, writer } = this.#settings;
    const end = offset + length;
    for (let at = offset; at < end; ) {
      const extent = mapping.find(at, Math.min(end - at, MOST_ZEROES));
      let count = extent.length;
      let isZero = extent.kind === 'zero';
      if (extent.kind === 'unallocated') {
        const backed = this.#backedFrom(at);
        isZero = backed === 0;
        if (!isZero) count = Math.min(count, backed);
      }
      // A sector is the least that is written; the backing file may end within one.
      count = Math.min(end - at, Math.ceil(count / 512) * 512);
      if (!isZero) writer.write(zeroes(count), at, count);
      at += count;
    }
  }
}

const zeroes = (length: number): Stretch => {
  const chunk = new Uint8Array(Math.min(ZEROES, length));
  const pieces: Uint8Array[] = [];
  for (let left = length; left > 0; left -= chunk.length) {
    pieces.push(left < chunk.length ? chunk.subarray(0, left) : chunk);
  }
  return new Stretch(pieces, length);
};
