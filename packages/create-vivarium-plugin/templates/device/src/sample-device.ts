import type { Device, InterruptLine, MmioRegion } from '@vivarium/contracts';
import { type CounterState, stateCodec } from './state.ts';

/** Reads `CNTR` in ASCII, so that a driver can tell what it talks to. Read-only. */
export const ID = 0x00;
/** The count; what is written is added to it. It stops at its largest value. */
export const COUNT = 0x04;
/** The count at which `STATUS_REACHED` is set. */
export const LIMIT = 0x08;
/** Bit 0: the limit was reached. Writing 1 takes that back, and the count starts at 0. */
export const STATUS = 0x0c;
/** Bit 0: a reached limit drives the interrupt line. */
export const CONTROL = 0x10;

export const ID_VALUE = 0x434e_5452;
export const STATUS_REACHED = 1;
export const CONTROL_ENABLE = 1;

/** A page, so that a guest can map it alone. */
const REGION_LENGTH = 0x1000;
const LARGEST_COUNT = 0xffff_ffff;

/**
 * All registers are 32 bits wide; a narrower access reads 0 and writes nothing. The bus hands in aligned offsets below
 * the region's length and unsigned values. Every call comes from a guest: never throw.
 */
export class SampleDevice implements Device {
  readonly regions: readonly MmioRegion[];
  readonly interrupts = ['limit'];
  /** The machine adds `reg` and `interrupts`. */
  readonly deviceTree = {
    name: 'counter',
    properties: { compatible: 'sample-device' },
  };
  readonly state = stateCodec(this);
  readonly #atPowerOn: CounterState;
  readonly #interrupt: InterruptLine;
  #registers: CounterState;

  constructor(limit: number, interrupt: InterruptLine) {
    this.#atPowerOn = { count: 0, limit, reached: false, enabled: false };
    this.#registers = { ...this.#atPowerOn };
    this.#interrupt = interrupt;
    this.regions = [
      {
        name: 'registers',
        length: REGION_LENGTH,
        read: (offset, width) => (width === 4 ? this.#read(offset) : 0),
        write: (offset, width, value) => {
          if (width === 4) this.#write(offset, value);
        },
      },
    ];
  }

  reset(): void {
    this.adopt(this.#atPowerOn);
  }

  /** Everything that a guest can see, as plain data. */
  capture(): CounterState {
    return { ...this.#registers };
  }

  adopt(state: CounterState): void {
    this.#registers = { ...state };
    this.#settle();
  }

  #read(offset: number): number {
    const { count, limit, reached, enabled } = this.#registers;
    switch (offset) {
      case ID:
        return ID_VALUE;
      case COUNT:
        return count;
      case LIMIT:
        return limit;
      case STATUS:
        return reached ? STATUS_REACHED : 0;
      case CONTROL:
        return enabled ? CONTROL_ENABLE : 0;
      default:
        return 0;
    }
  }

  #write(offset: number, value: number): void {
    const registers = this.#registers;
    switch (offset) {
      case COUNT:
        registers.count = Math.min(registers.count + value, LARGEST_COUNT);
        break;
      case LIMIT:
        registers.limit = value;
        break;
      case STATUS:
        if ((value & STATUS_REACHED) !== 0) {
          registers.reached = false;
          registers.count = 0;
        }
        break;
      case CONTROL:
        registers.enabled = (value & CONTROL_ENABLE) !== 0;
        break;
    }
    this.#settle();
  }

  #settle(): void {
    const registers = this.#registers;
    if (registers.count >= registers.limit) registers.reached = true;
    this.#interrupt.set(registers.reached && registers.enabled);
  }
}
