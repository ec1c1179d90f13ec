import { type HostFile, isVivariumError } from '@vivarium/contracts';
import { ClusterEraser } from './cluster-eraser.ts';
import { ClusterWriter } from './cluster-writer.ts';
import { errors } from './errors.ts';
import { ENTRY, MAX_CHAIN } from './format.ts';
import { type BackingReference, type Header, readHeader } from './header.ts';
import { type Layer, Qcow2Layer, RawLayer } from './layer.ts';
import { Mapping } from './mapping.ts';
import { Qcow2Disk } from './qcow2-disk.ts';
import type { ReservedRange } from './reserved.ts';
import { WriteBack } from './write-back.ts';

const MEBIBYTE = 1024 * 1024;
/** So many tables are in memory at least, however large they are. */
const FEWEST_TABLES = 4;

/** Format of a backing file. */
export type BackingFormat = 'raw' | 'qcow2';

/** Which backing file is to be opened. */
export interface BackingRequest {
  /** As the image spells it: usually relative to the folder of the image. */
  readonly name: string;
  readonly format: BackingFormat;
  /** Name of the file that refers to it. */
  readonly from: string;
}

/**
 * Opens a backing file, for reading, or throws: it decides which files an image may refer to. The disk closes what it
 * was given.
 */
export type OpenBacking = (request: BackingRequest) => HostFile;

/** How an image is opened. */
export interface Qcow2Settings {
  readonly file: HostFile;
  /** Default: whether the file is. */
  readonly readOnly?: boolean;
  /** Without it, an image that has a backing file is refused. */
  readonly open?: OpenBacking;
  /** Format of backing files of which the image does not say it. Without it, such an image is refused. */
  readonly backingFormat?: BackingFormat;
  /** Bytes of memory for L2 tables, for each image of the chain. Default 16 MiB, which map 128 GiB as a rule. */
  readonly cacheSize?: number;
  /** Told what is behind each fault that the guest sees. */
  readonly onFault?: (error: unknown) => void;
}

/**
 * Opens a QCOW2 image of version 2 or 3, with its chain of backing files. Throws `VIV_QCOW2_HEADER`,
 * `VIV_QCOW2_LIMIT`, `VIV_QCOW2_FEATURE`, `VIV_QCOW2_TABLE`, `VIV_QCOW2_DIRTY`, `VIV_QCOW2_BACKING`,
 * `VIV_QCOW2_CHAIN`, `VIV_QCOW2_READ`, and the coded errors of `open`.
 */
export const openQcow2 = (settings: Qcow2Settings): Qcow2Disk => {
  const chain = new Chain(settings);
  try {
    return chain.disk();
  } catch (error) {
    chain.close();
    throw error;
  }
};

/** The images of one chain while they are opened. */
class Chain {
  readonly #settings: Qcow2Settings;
  readonly #cacheSize: number;
  readonly #files: HostFile[] = [];

  constructor(settings: Qcow2Settings) {
    this.#settings = settings;
    this.#cacheSize = settings.cacheSize ?? 16 * MEBIBYTE;
  }

  disk(): Qcow2Disk {
    const { file, readOnly = false, onFault = () => {} } = this.#settings;
    const writable = !readOnly && !file.readOnly;
    const header = readHeader(file);
    if (writable) checkSound(file, header);
    const { layer, mapping, reserved } = this.#image(file, header, [file]);
    const shared = { layer, onFault, closeFiles: () => this.close() };
    if (!writable) return new Qcow2Disk({ ...shared, writers: undefined });
    const writeBack = reading(
      file,
      () =>
        new WriteBack({
          file,
          header,
          mapping,
          reserved,
          cacheLimit: this.#tables(header, this.#cacheSize / 4),
          onFree: () => layer.forget(),
          onLeak: onFault,
        }),
    );
    const writer = new ClusterWriter({ file, mapping, layer, writeBack, reserved });
    const eraser = new ClusterEraser({ version: header.version, mapping, layer, writer, writeBack });
    return new Qcow2Disk({ ...shared, writers: { writer, eraser, writeBack } });
  }

  /** Closes the backing files. */
  close(): void {
    for (const file of this.#files.splice(0)) file.close();
  }

  #image(file: HostFile, header: Header, above: readonly HostFile[]) {
    const reserved = reservedRanges(header);
    const backing = header.backing === undefined ? undefined : this.#backing(header.backing, above);
    const mapping = reading(file, () => new Mapping(file, header, this.#tables(header, this.#cacheSize), reserved));
    return { layer: new Qcow2Layer(file, mapping, header.size, backing), mapping, reserved };
  }

  #backing(reference: BackingReference, above: readonly HostFile[]): Layer {
    const from = above.at(-1)?.name ?? '';
    const { name } = reference;
    const details = { file: from, backing: name };
    const refuse = (why: string, cause?: unknown): Error =>
      errors.make('VIV_QCOW2_BACKING', `${from} has the backing file ${JSON.stringify(name)}${why}`, {
        details,
        cause,
      });
    if (above.length >= MAX_CHAIN) {
      throw errors.make(
        'VIV_QCOW2_CHAIN',
        `${from} has a backing file after ${MAX_CHAIN} images; a circle, or a chain too long`,
        { details },
      );
    }
    const format = reference.format ?? this.#settings.backingFormat;
    if (format === undefined) throw refuse(', and does not say of which format');
    if (format !== 'raw' && format !== 'qcow2') throw refuse(` of format ${JSON.stringify(format)}`);
    if (this.#settings.open === undefined) throw refuse(', and none may be opened');
    let file: HostFile;
    try {
      file = this.#settings.open({ name, format, from });
    } catch (error) {
      if (isVivariumError(error)) throw error;
      throw refuse(`, which cannot be opened: ${String(error)}`, error);
    }
    if (above.includes(file)) {
      throw errors.make('VIV_QCOW2_CHAIN', `${file.name} is below itself in its chain of backing files`, { details });
    }
    this.#files.push(file);
    return format === 'raw' ? new RawLayer(file) : this.#image(file, readHeader(file), [...above, file]).layer;
  }

  #tables(header: Header, bytes: number): number {
    return Math.max(FEWEST_TABLES, Math.floor(bytes / header.clusterSize));
  }
}

/** Where no cluster of data can be: what has a fixed place. */
const reservedRanges = ({ clusterSize, l1Offset, l1Entries, snapshotsOffset }: Header): readonly ReservedRange[] => [
  { offset: 0, length: clusterSize },
  { offset: l1Offset, length: l1Entries * ENTRY },
  { offset: snapshotsOffset, length: clusterSize },
];

const checkSound = (file: HostFile, { unsound }: Header): void => {
  if (unsound === undefined) return;
  const what = unsound === 'dirty' ? 'was not closed: its reference counts may be wrong' : 'is marked as corrupt';
  throw errors.make('VIV_QCOW2_DIRTY', `${file.name} ${what}`, { details: { file: file.name, unsound } });
};

/** Runs `act`, which reads tables of `file`. */
const reading = <T>(file: HostFile, act: () => T): T => {
  try {
    return act();
  } catch (cause) {
    throw errors.make('VIV_QCOW2_READ', `the tables of ${file.name} cannot be read: ${String(cause)}`, { cause });
  }
};
