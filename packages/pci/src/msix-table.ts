import type { AccessWidth, MmioRegion } from '@vivarium/contracts';
import * as r from './registers.ts';

const PENDING_OFFSET = 0x800;
const LENGTH = 0x1000;
/** So many that table and pending bits stay in their halves of the BAR. */
export const MOST_VECTORS = 128;

/** MSI-X table and pending bits (PCI Local Bus 3.0, section 6.8.2) as a BAR of 4 KiB. */
export class MsixTable {
  readonly vectors: number;
  readonly region: MmioRegion;
  readonly #entries: DataView;
  readonly #pending: Uint8Array;
  readonly #send: (address: bigint, data: number) => void;
  #enabled = false;
  #masked = false;

  constructor(vectors: number, send: (address: bigint, data: number) => void) {
    this.vectors = Math.min(vectors, MOST_VECTORS);
    this.#entries = new DataView(new ArrayBuffer(this.vectors * r.MSIX_ENTRY));
    this.#pending = new Uint8Array(this.vectors);
    this.#send = send;
    this.region = {
      name: 'msix',
      length: LENGTH,
      read: (offset, width) => this.#read(offset, width),
      write: (offset, width, value) => this.#write(offset, width, value),
    };
    this.reset();
  }

  static readonly pendingOffset = PENDING_OFFSET;

  get enabled(): boolean {
    return this.#enabled;
  }

  /** Takes over the message control register. */
  control(enabled: boolean, masked: boolean): void {
    this.#enabled = enabled;
    this.#masked = masked;
    this.#flush();
  }

  /** Sends the message of `vector`, or remembers it while it is masked. A vector that does not exist sends nothing. */
  signal(vector: number): void {
    if (!this.#enabled || vector >= this.vectors) return;
    if (this.#masked || this.#isMasked(vector)) this.#pending[vector] = 1;
    else this.#message(vector);
  }

  reset(): void {
    this.#enabled = false;
    this.#masked = false;
    this.#pending.fill(0);
    for (let vector = 0; vector < this.vectors; vector++) {
      const at = vector * r.MSIX_ENTRY;
      this.#entries.setBigUint64(at, 0n, true);
      this.#entries.setUint32(at + 8, 0, true);
      this.#entries.setUint32(at + r.MSIX_ENTRY_CONTROL, r.MSIX_ENTRY_MASKED, true);
    }
  }

  #isMasked(vector: number): boolean {
    return (this.#entries.getUint32(vector * r.MSIX_ENTRY + r.MSIX_ENTRY_CONTROL, true) & r.MSIX_ENTRY_MASKED) !== 0;
  }

  #message(vector: number): void {
    const at = vector * r.MSIX_ENTRY;
    this.#send(this.#entries.getBigUint64(at, true), this.#entries.getUint32(at + 8, true));
  }

  /** Sends what was held back and is no longer masked. */
  #flush(): void {
    if (!this.#enabled || this.#masked) return;
    for (let vector = 0; vector < this.vectors; vector++) {
      if (this.#pending[vector] === 0 || this.#isMasked(vector)) continue;
      this.#pending[vector] = 0;
      this.#message(vector);
    }
  }

  /** Only accesses of 4 bytes, or 8 as two of them, are allowed (section 6.8.2). */
  #read(offset: number, width: AccessWidth): number {
    if (width !== 4) return 0;
    if (offset + 4 <= this.#entries.byteLength) return this.#entries.getUint32(offset, true);
    const first = (offset - PENDING_OFFSET) * 8;
    if (first < 0) return 0;
    let bits = 0;
    for (let bit = 0; bit < 32; bit++) if (this.#pending[first + bit] === 1) bits |= 1 << bit;
    return bits >>> 0;
  }

  #write(offset: number, width: AccessWidth, value: number): void {
    if (width !== 4 || offset + 4 > this.#entries.byteLength) return;
    const isControl = offset % r.MSIX_ENTRY === r.MSIX_ENTRY_CONTROL;
    this.#entries.setUint32(offset, isControl ? value & r.MSIX_ENTRY_MASKED : value, true);
    if (isControl) this.#flush();
  }
}
