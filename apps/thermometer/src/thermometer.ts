import type { Device, InterruptLine, MmioRegion } from '@vivarium/contracts';
import { type ThermometerState, thermometerStateCodec } from './state.ts';

/** Reads `THRM` in ASCII, so that a driver can tell that it talks to a thermometer. Read-only. */
export const ID = 0x00;
/** Thousandths of a degree Celsius, two's complement. Read-only. */
export const TEMPERATURE = 0x04;
/** The alarm goes off at this temperature and above. Thousandths of a degree, two's complement. */
export const THRESHOLD = 0x08;
/** Bit 0: the alarm has gone off; writing 1 to it takes that back, if it is cool enough. */
export const STATUS = 0x0c;
/** Bit 0: the alarm drives the interrupt line. */
export const CONTROL = 0x10;

export const ID_VALUE = 0x4d52_4854;
export const STATUS_ALARM = 1;
export const CONTROL_ENABLE = 1;
/** Threshold at power-on: nothing gets this hot. */
export const NO_THRESHOLD = 0x7fff_ffff;

/** A page, so that a guest can map it alone. */
const REGION_LENGTH = 0x1000;

/** All registers are 32 bits wide; a narrower access reads 0 and writes nothing. */
export class Thermometer implements Device {
  readonly regions: readonly MmioRegion[];
  readonly interrupts = ['alarm'];
  readonly deviceTree = { name: 'thermometer', properties: { compatible: 'vivarium,thermometer' } };
  readonly state = thermometerStateCodec(this);
  readonly #interrupt: InterruptLine;
  /** The room's, not the chip's: a reset leaves it. */
  #temperature: number;
  #threshold = NO_THRESHOLD;
  #alarm = false;
  #enabled = false;

  constructor(millidegrees: number, interrupt: InterruptLine) {
    this.#temperature = millidegrees;
    this.#interrupt = interrupt;
    this.regions = [
      {
        name: 'registers',
        length: REGION_LENGTH,
        // Registers hold signed numbers, the bus carries unsigned ones.
        read: (offset, width) => (width === 4 ? this.#read(offset) >>> 0 : 0),
        write: (offset, width, value) => {
          if (width === 4) this.#write(offset, value | 0);
        },
      },
    ];
  }

  get millidegrees(): number {
    return this.#temperature;
  }

  set millidegrees(value: number) {
    this.#temperature = Math.max(-NO_THRESHOLD, Math.min(Math.round(value), NO_THRESHOLD)) | 0;
    this.#measure();
  }

  reset(): void {
    this.adopt({ temperature: this.#temperature, threshold: NO_THRESHOLD, alarm: false, enabled: false });
  }

  /** Everything that a guest can see, as plain data. */
  capture(): ThermometerState {
    return {
      temperature: this.#temperature,
      threshold: this.#threshold,
      alarm: this.#alarm,
      enabled: this.#enabled,
    };
  }

  adopt(state: ThermometerState): void {
    this.#temperature = state.temperature;
    this.#threshold = state.threshold;
    this.#alarm = state.alarm;
    this.#enabled = state.enabled;
    this.#measure();
  }

  #read(offset: number): number {
    switch (offset) {
      case ID:
        return ID_VALUE;
      case TEMPERATURE:
        return this.#temperature;
      case THRESHOLD:
        return this.#threshold;
      case STATUS:
        return this.#alarm ? STATUS_ALARM : 0;
      case CONTROL:
        return this.#enabled ? CONTROL_ENABLE : 0;
      default:
        return 0;
    }
  }

  #write(offset: number, value: number): void {
    switch (offset) {
      case THRESHOLD:
        this.#threshold = value;
        break;
      case STATUS:
        if ((value & STATUS_ALARM) !== 0) this.#alarm = false;
        break;
      case CONTROL:
        this.#enabled = (value & CONTROL_ENABLE) !== 0;
        break;
    }
    this.#measure();
  }

  #measure(): void {
    if (this.#temperature >= this.#threshold) this.#alarm = true;
    this.#interrupt.set(this.#alarm && this.#enabled);
  }
}
