/**
 * What a part of the disk is, as far as it goes the same way: bytes that follow each other in the file, compressed
 * data of one cluster, zeroes, or nothing of this image's.
 */
export interface Extent {
  kind: 'data' | 'compressed' | 'zero' | 'unallocated';
  /** Bytes. */
  length: number;
  /** Of data: place of the first byte in the file. */
  host: number;
  /** Of data: nothing else refers to these clusters, so they may be written. */
  isOwn: boolean;
  /** Of compressed data: the entry that describes it. */
  high: number;
  low: number;
}

/** Place and length of compressed data. */
export interface CompressedPlace {
  readonly offset: number;
  readonly length: number;
}
