import type { BlockBackend, BlockFault, BlockResult } from '@vivarium/contracts';
import { blockFaultOf, isSectorRange, lengthOf, Stretch } from '@vivarium/host-file';
import type { ClusterEraser } from './cluster-eraser.ts';
import type { ClusterWriter } from './cluster-writer.ts';
import { DamagedImage } from './errors.ts';
import type { Qcow2Layer } from './layer.ts';
import type { WriteBack } from './write-back.ts';

/** What changes an image that is open for writing. */
export interface ImageWriters {
  readonly writer: ClusterWriter;
  readonly eraser: ClusterEraser;
  readonly writeBack: WriteBack;
}

/** What a {@link Qcow2Disk} works on. */
export interface Qcow2DiskSettings {
  readonly layer: Qcow2Layer;
  /** Absent: read-only. */
  readonly writers: ImageWriters | undefined;
  /** Told what is behind each fault that the guest sees. */
  readonly onFault: (error: unknown) => void;
  /** Closes what was opened for the disk. */
  readonly closeFiles: () => void;
}

/** A QCOW2 image as a disk. Made by `openQcow2`. */
export class Qcow2Disk implements BlockBackend {
  readonly capacity: number;
  readonly readOnly: boolean;
  readonly deferred = false;
  readonly #settings: Qcow2DiskSettings;
  #closed = false;

  constructor(settings: Qcow2DiskSettings) {
    this.#settings = settings;
    this.capacity = settings.layer.size;
    this.readOnly = settings.writers === undefined;
  }

  read(offset: number, into: readonly Uint8Array[]): BlockResult {
    const length = lengthOf(into);
    if (!isSectorRange(offset, length, this.capacity) || this.#closed) return 'io';
    try {
      this.#settings.layer.read(new Stretch(into, length), offset, length);
      return undefined;
    } catch (error) {
      this.#settings.onFault(error);
      return 'io';
    }
  }

  write(offset: number, from: readonly Uint8Array[]): BlockResult {
    const length = lengthOf(from);
    return this.#change(offset, length, ({ writer }) => writer.write(new Stretch(from, length), offset, length));
  }

  flush(): BlockResult {
    if (this.#closed) return 'io';
    return this.readOnly ? undefined : this.#change(0, 0, ({ writeBack }) => writeBack.commit());
  }

  /** Bytes of clusters that lie inside as a whole are given back; all of the rest stays as it is. */
  discard(offset: number, length: number): BlockResult {
    return this.#change(offset, length, ({ eraser }) => eraser.discard(offset, length));
  }

  writeZeroes(offset: number, length: number, mayUnmap: boolean): BlockResult {
    return this.#change(offset, length, ({ eraser }) => eraser.writeZeroes(offset, length, mayUnmap));
  }

  /** Flushes, and closes the backing files. What it answers is that of the flush. Later requests answer `io`. */
  close(): BlockResult {
    if (this.#closed) return undefined;
    const result = this.readOnly ? undefined : this.#change(0, 0, ({ writeBack }) => writeBack.close());
    this.#closed = true;
    this.#settings.closeFiles();
    return result;
  }

  #change(offset: number, length: number, act: (writers: ImageWriters) => void): BlockResult {
    if (!isSectorRange(offset, length, this.capacity) || this.#closed) return 'io';
    const { writers } = this.#settings;
    if (writers === undefined) return 'unsupported';
    try {
      act(writers);
      return undefined;
    } catch (error) {
      this.#settings.onFault(error);
      return faultOf(error);
    }
  }
}

const faultOf = (error: unknown): BlockFault => (error instanceof DamagedImage ? 'io' : blockFaultOf(error));
