import type { HostFile } from '@vivarium/contracts';
import { errors } from './errors.ts';
import {
  COMPRESSION_TYPE,
  CORRUPT,
  DIRTY,
  ENTRY,
  EXTENDED_L2,
  EXTENSION_BACKING_FORMAT,
  EXTENSION_END,
  EXTERNAL_DATA_FILE,
  HEADER,
  HEADER_LENGTH_2,
  HEADER_LENGTH_3,
  MAGIC,
  MAX_BACKING_NAME,
  MAX_CLUSTER_BITS,
  MAX_HEADER_BYTES,
  MAX_L1_BYTES,
  MAX_OFFSET,
  MAX_REFCOUNT_ORDER,
  MAX_REFCOUNT_TABLE_BYTES,
  MAX_SNAPSHOTS,
  MIN_CLUSTER_BITS,
  REFCOUNT_ORDER_2,
  UPPER,
} from './format.ts';

declare const TextDecoder: new () => { decode(bytes: Uint8Array): string };

/** What a header says, checked. Offsets and sizes are bytes unless their name says otherwise. */
export interface Header {
  readonly version: 2 | 3;
  readonly clusterBits: number;
  readonly clusterSize: number;
  /** Of the disk that the guest sees; whole sectors. */
  readonly size: number;
  readonly l1Entries: number;
  readonly l1Offset: number;
  readonly refcountTableOffset: number;
  readonly refcountTableClusters: number;
  readonly refcountOrder: number;
  readonly snapshotsOffset: number;
  readonly snapshots: number;
  /** Reference counts may be wrong, or anything may be. */
  readonly unsound: 'dirty' | 'corrupt' | undefined;
  /** Bits that who writes to the image clears first. */
  readonly hasAutoclear: boolean;
  readonly backing: BackingReference | undefined;
}

/** What an image says of the one that it is based on. */
export interface BackingReference {
  readonly name: string;
  /** As the image spells it, for example `raw`. */
  readonly format: string | undefined;
}

/** Whether a file that begins with `bytes` is a QCOW2 image. */
export const isQcow2 = (bytes: Uint8Array): boolean => {
  if (bytes.length < 8 || !hasQcow2Magic(bytes)) return false;
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(HEADER.version) >= 2;
};

/** Whether these first bytes begin as those of an image of any version do. */
export const hasQcow2Magic = (bytes: Uint8Array): boolean =>
  bytes.length >= 4 && new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(HEADER.magic) === MAGIC;

/** Reads and checks the header of `file`. Throws coded errors only. */
export const readHeader = (file: HostFile): Header => {
  const bytes = new Uint8Array(MAX_HEADER_BYTES);
  let length = 0;
  try {
    length = file.read(0, bytes);
  } catch (cause) {
    throw errors.make('VIV_QCOW2_READ', `${file.name} cannot be read: ${String(cause)}`, { cause });
  }
  return new HeaderParser(file, bytes.subarray(0, length)).parse();
};

class HeaderParser {
  readonly #file: HostFile;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;

  constructor(file: HostFile, bytes: Uint8Array) {
    this.#file = file;
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  parse(): Header {
    if (!isQcow2(this.#bytes)) throw this.#bad('is no QCOW2 image');
    const version = this.#view.getUint32(HEADER.version);
    if (version !== 2 && version !== 3) throw this.#bad(`has version ${version}, neither 2 nor 3`);
    if (this.#bytes.length < (version === 2 ? HEADER_LENGTH_2 : HEADER_LENGTH_3)) throw this.#bad('ends in its header');
    const clusterBits = this.#view.getUint32(HEADER.cluster_bits);
    if (clusterBits < MIN_CLUSTER_BITS) throw this.#bad(`has clusters of 2^${clusterBits} bytes`);
    if (clusterBits > MAX_CLUSTER_BITS) throw this.#over(`has clusters of 2^${clusterBits} bytes; at most 2^21`);
    const clusterSize = 2 ** clusterBits;
    const size = this.#long(HEADER.size, 'size');

    const headerLength = version === 2 ? HEADER_LENGTH_2 : this.#view.getUint32(HEADER.header_length);
    if (version === 3 && (headerLength < HEADER_LENGTH_3 || headerLength % 8 !== 0 || headerLength > clusterSize)) {
      throw this.#bad(`has a header of ${headerLength} bytes`);
    }
    const unsound = version === 3 ? this.#features(headerLength) : undefined;
    const method = this.#view.getUint32(HEADER.crypt_method);
    if (method !== 0) throw this.#without(`encryption (${method === 1 ? 'AES' : method === 2 ? 'LUKS' : method})`);

    const refcountOrder = version === 2 ? REFCOUNT_ORDER_2 : this.#view.getUint32(HEADER.refcount_order);
    if (refcountOrder > MAX_REFCOUNT_ORDER) throw this.#bad(`has refcounts of 2^${refcountOrder} bits`);

    const l1Entries = this.#view.getUint32(HEADER.l1_size);
    if (l1Entries * ENTRY > MAX_L1_BYTES) throw this.#over(`has an L1 table of ${l1Entries} entries`);
    const needed = Math.ceil(size / (clusterSize * (clusterSize / ENTRY)));
    if (l1Entries < needed) throw this.#table(`has an L1 table of ${l1Entries} entries, too few for ${size} bytes`);
    const l1Offset = this.#tableOffset(HEADER.l1_table_offset, 'L1 table', l1Entries * ENTRY, clusterSize);

    const refcountTableClusters = this.#view.getUint32(HEADER.refcount_table_clusters);
    const refcountBytes = refcountTableClusters * clusterSize;
    if (refcountBytes > MAX_REFCOUNT_TABLE_BYTES) throw this.#over(`has a refcount table of ${refcountBytes} bytes`);
    if (refcountTableClusters === 0) throw this.#table('has no refcount table');
    const refcountTableOffset = this.#tableOffset(
      HEADER.refcount_table_offset,
      'refcount table',
      refcountBytes,
      clusterSize,
    );

    const snapshots = this.#view.getUint32(HEADER.nb_snapshots);
    if (snapshots > MAX_SNAPSHOTS) throw this.#over(`has ${snapshots} snapshots`);
    const snapshotsOffset =
      snapshots === 0 ? 0 : this.#tableOffset(HEADER.snapshots_offset, 'snapshot table', snapshots, clusterSize);

    return {
      version,
      clusterBits,
      clusterSize,
      // A disk has whole sectors; QEMU rounds down as well.
      size: size - (size % 512),
      l1Entries,
      l1Offset,
      refcountTableOffset,
      refcountTableClusters,
      refcountOrder,
      snapshotsOffset,
      snapshots,
      unsound,
      hasAutoclear:
        version === 3 &&
        (this.#view.getUint32(HEADER.autoclear_features) !== 0 ||
          this.#view.getUint32(HEADER.autoclear_features + 4) !== 0),
      backing: this.#backing(headerLength, clusterSize),
    };
  }

  #features(headerLength: number): Header['unsound'] {
    const high = this.#view.getUint32(HEADER.incompatible_features);
    const low = this.#view.getUint32(HEADER.incompatible_features + 4);
    if ((low & EXTERNAL_DATA_FILE) !== 0) throw this.#without('an external data file');
    if ((low & EXTENDED_L2) !== 0) throw this.#without('extended L2 entries');
    const compression = headerLength > HEADER.compression_type ? (this.#bytes[HEADER.compression_type] ?? 0) : 0;
    if ((low & COMPRESSION_TYPE) !== 0) {
      throw this.#without(`another compression (${compression === 1 ? 'zstd' : compression})`);
    }
    if (compression !== 0) throw this.#bad(`has compression ${compression} without its feature bit`);
    const unknown = low & ~(DIRTY | CORRUPT);
    if (high !== 0 || unknown !== 0) {
      throw this.#without(`features 0x${(high * UPPER + (unknown >>> 0)).toString(16)}, which are unknown`);
    }
    return (low & CORRUPT) !== 0 ? 'corrupt' : (low & DIRTY) !== 0 ? 'dirty' : undefined;
  }

  #backing(headerLength: number, clusterSize: number): BackingReference | undefined {
    const offset = this.#long(HEADER.backing_file_offset, 'the place of its backing file name');
    if (offset === 0) return undefined;
    const length = this.#view.getUint32(HEADER.backing_file_size);
    if (length === 0 || length > MAX_BACKING_NAME) throw this.#bad(`has a backing file name of ${length} bytes`);
    const end = Math.min(clusterSize, this.#bytes.length);
    if (offset < headerLength || offset + length > end) throw this.#bad(`has its backing file name at ${offset}`);
    const text = (at: number, count: number): string => new TextDecoder().decode(this.#bytes.subarray(at, at + count));
    const name = text(offset, length);
    if (name.includes('\0')) throw this.#bad('has a backing file name with a zero byte in it');
    // Extensions end where the name begins, or with an end of their own.
    let format: string | undefined;
    for (let at = headerLength; at + 8 <= offset; ) {
      const type = this.#view.getUint32(at);
      const size = this.#view.getUint32(at + 4);
      if (type === EXTENSION_END) break;
      if (size > offset - at - 8) throw this.#bad(`has a header extension of ${size} bytes at ${at}`);
      if (type === EXTENSION_BACKING_FORMAT) format = text(at + 8, size);
      at += 8 + Math.ceil(size / 8) * 8;
    }
    return { name, format };
  }

  /** A 64-bit number that is exact. */
  #long(offset: number, what: string): number {
    const value = this.#view.getUint32(offset) * UPPER + this.#view.getUint32(offset + 4);
    if (value > MAX_OFFSET) throw this.#over(`has 0x${value.toString(16)} as ${what}`);
    return value;
  }

  #tableOffset(field: number, what: string, length: number, clusterSize: number): number {
    const offset = this.#long(field, `the place of its ${what}`);
    if (length === 0) return offset;
    const fits = offset >= clusterSize && offset % clusterSize === 0 && offset + length <= this.#file.size;
    if (!fits) throw this.#table(`has its ${what} of ${length} bytes at ${offset}, in a file of ${this.#file.size}`);
    return offset;
  }

  #make(code: Parameters<typeof errors.make>[0], what: string): Error {
    return errors.make(code, `${this.#file.name} ${what}`, { details: { file: this.#file.name } });
  }
  #bad(what: string): Error {
    return this.#make('VIV_QCOW2_HEADER', what);
  }
  #over(what: string): Error {
    return this.#make('VIV_QCOW2_LIMIT', what);
  }
  #table(what: string): Error {
    return this.#make('VIV_QCOW2_TABLE', what);
  }
  #without(what: string): Error {
    return this.#make('VIV_QCOW2_FEATURE', `needs ${what}`);
  }
}
