import type { AccessWidth, Device, DeviceTreeNode, MmioRegion, PrivilegeLevel } from '@vivarium/contracts';
import { eachBit } from './bitmap.ts';
import type { Delivery } from './delivery.ts';
import * as r from './registers.ts';
import type { Sources } from './sources.ts';
import { type DomainState, domainStateCodec } from './state.ts';

/** What an {@link AplicDomain} is made of. */
export interface DomainParts {
  readonly level: PrivilegeLevel;
  readonly sources: Sources;
  readonly delivery: Delivery;
  readonly deviceTree: DeviceTreeNode;
  /** This domain, or one below, is to look at what it delivers. */
  readonly changed: () => void;
  /** Called before a reset of the sources. */
  readonly resetWires: () => void;
}

const byteSwapped = (value: number): number =>
  ((value << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | (value >>> 24)) >>> 0;

/** The control region of an interrupt domain (section 4.5). Little-endian: domaincfg.BE is 0. */
export class AplicDomain implements Device {
  readonly regions: readonly MmioRegion[];
  readonly deviceTree: DeviceTreeNode;
  readonly state = domainStateCodec(this);
  readonly #parts: DomainParts;

  constructor(parts: DomainParts) {
    this.deviceTree = parts.deviceTree;
    this.#parts = parts;
    const is32 = (width: AccessWidth): boolean => width === 4;
    this.regions = [
      {
        name: parts.level,
        length: r.REGION_LENGTH,
        read: (offset, width) => (is32(width) ? this.#read(offset) : 0),
        write: (offset, width, value) => {
          if (is32(width)) this.#write(offset, value);
        },
        // An access of 64 bits is none that the specification knows, and does nothing.
        read64: () => 0n,
        write64: () => {},
      },
    ];
  }

  reset(): void {
    const { sources, delivery, changed, resetWires } = this.#parts;
    resetWires();
    sources.reset();
    delivery.reset();
    changed();
  }

  /** Everything that a guest can see, as plain data. */
  capture(): DomainState {
    return { ...this.#parts.sources.capture(), delivery: this.#parts.delivery.capture() };
  }

  /** Takes over a state if it is possible here; else changes nothing and says false. */
  adopt(state: DomainState): boolean {
    const { sources, delivery, changed } = this.#parts;
    if (!sources.accepts(state) || !delivery.accepts(state.delivery)) return false;
    sources.adopt(state);
    delivery.adopt(state.delivery);
    changed();
    return true;
  }

  #read(offset: number): number {
    const { sources, delivery } = this.#parts;
    if (offset === r.DOMAINCFG) {
      const mode = delivery.messages ? r.DOMAINCFG_DM : 0;
      return (r.DOMAINCFG_FIXED | (sources.interruptEnable ? r.DOMAINCFG_IE : 0) | mode) >>> 0;
    }
    if (offset < r.SOURCECFG_END) return sources.config((offset - r.SOURCECFG) >> 2);
    if (offset === r.MMSIADDRCFGH) return this.#addressLock;
    if (offset > r.TARGET && offset < r.TARGET_END) return sources.target[(offset - r.TARGET) >> 2] ?? 0;
    if (offset >= r.GENMSI) return delivery.read(offset, sources);
    const word = (offset % r.BITMAP_BYTES) >> 2;
    switch (offset - (offset % r.BITMAP_BYTES)) {
      case r.SETIP:
        return sources.pending[word] ?? 0;
      case r.IN_CLRIP:
        return sources.assertedWord(word);
      case r.SETIE:
        return sources.enabled[word] ?? 0;
      default:
        return 0;
    }
  }

  /** The root domain at machine level says that addresses of messages are fixed, and does not show them. */
  get #addressLock(): number {
    return this.#parts.level === 'machine' && this.#parts.delivery.messages ? r.MMSIADDRCFGH_L : 0;
  }

  #write(offset: number, value: number): void {
    const { sources, delivery } = this.#parts;
    if (offset === r.DOMAINCFG) sources.interruptEnable = (value & r.DOMAINCFG_IE) !== 0;
    else if (offset < r.SOURCECFG_END) sources.configure((offset - r.SOURCECFG) >> 2, value);
    else if (offset > r.TARGET && offset < r.TARGET_END) sources.setTarget((offset - r.TARGET) >> 2, value);
    else if (offset >= r.GENMSI) {
      delivery.write(offset, value, sources);
      return;
    } else if (!this.#writeNumber(offset, value)) this.#writeBitmap(offset, value);
    this.#parts.changed();
  }

  /** The registers that take the number of one source. */
  #writeNumber(offset: number, value: number): boolean {
    const { sources } = this.#parts;
    switch (offset) {
      case r.SETIPNUM:
      case r.SETIPNUM_LE:
        sources.set(value);
        return true;
      case r.SETIPNUM_BE:
        sources.set(byteSwapped(value));
        return true;
      case r.CLRIPNUM:
        sources.clear(value);
        return true;
      case r.SETIENUM:
        sources.enable(value, true);
        return true;
      case r.CLRIENUM:
        sources.enable(value, false);
        return true;
      default:
        return false;
    }
  }

  #writeBitmap(offset: number, value: number): void {
    const { sources } = this.#parts;
    const word = (offset % r.BITMAP_BYTES) >> 2;
    switch (offset - (offset % r.BITMAP_BYTES)) {
      case r.SETIP:
        eachBit(word, value, (source) => sources.set(source));
        break;
      case r.IN_CLRIP:
        eachBit(word, value, (source) => sources.clear(source));
        break;
      case r.SETIE:
        eachBit(word, value, (source) => sources.enable(source, true));
        break;
      case r.CLRIE:
        eachBit(word, value, (source) => sources.enable(source, false));
        break;
      default:
    }
  }
}
