import type { GuestMemory } from '@vivarium/contracts';
import { DESCRIPTOR_SIZE } from './descriptor.ts';
import { SUPPRESSION_LENGTH } from './packed-ring.ts';
import type { RingLayout } from './ring.ts';
import { availableLength, usedLength } from './split-ring.ts';

/** Queue registers as a driver writes them, each address in two halves in any order. */
export class QueueRegisters {
  readonly sizeMax: number;
  size: number;
  ready = false;
  /** Interrupt vector of PCI; `NO_VECTOR` is none. */
  vector = 0xffff;
  readonly descriptors = new SplitAddress();
  readonly driver = new SplitAddress();
  readonly device = new SplitAddress();

  constructor(sizeMax: number) {
    this.sizeMax = sizeMax;
    this.size = sizeMax;
  }

  reset(): void {
    this.size = this.sizeMax;
    this.ready = false;
    this.vector = 0xffff;
    for (const address of [this.descriptors, this.driver, this.device]) address.clear();
  }

  /** The layout, when it can be used: sizes, alignment and RAM (Virtual I/O Device 1.3, sections 2.7 and 2.8.10). */
  layout(memory: GuestMemory, format: 'split' | 'packed'): RingLayout | undefined {
    const { size, sizeMax } = this;
    if (!Number.isInteger(size) || size < 1 || size > sizeMax) return undefined;
    // The size of a packed ring need not be a power of two.
    if (format === 'split' && (size & (size - 1)) !== 0) return undefined;
    const layout = {
      size,
      descriptors: this.descriptors.value,
      driver: this.driver.value,
      device: this.device.value,
    };
    const areas =
      format === 'split'
        ? [
            [layout.descriptors, DESCRIPTOR_SIZE * size, 16],
            [layout.driver, availableLength(size), 2],
            [layout.device, usedLength(size), 4],
          ]
        : [
            [layout.descriptors, DESCRIPTOR_SIZE * size, 16],
            [layout.driver, SUPPRESSION_LENGTH, 4],
            [layout.device, SUPPRESSION_LENGTH, 4],
          ];
    const usable = areas.every(
      ([address = 0, length = 0, align = 1]) => address % align === 0 && memory.view(address, length) !== undefined,
    );
    return usable && areas.every((one, index) => areas.every((other, at) => at <= index || apart(one, other)))
      ? layout
      : undefined;
  }
}

const apart = (one: readonly number[], other: readonly number[]): boolean => {
  const [start = 0, length = 0] = one;
  const [otherStart = 0, otherLength = 0] = other;
  return start + length <= otherStart || otherStart + otherLength <= start;
};

/** A 64-bit address in two registers. */
export class SplitAddress {
  low = 0;
  high = 0;

  get value(): number {
    // 2^53 and above is no RAM, and would be rounded.
    return this.high >= 0x20_0000 ? Number.NaN : this.high * 2 ** 32 + this.low;
  }

  clear(): void {
    this.low = 0;
    this.high = 0;
  }
}
