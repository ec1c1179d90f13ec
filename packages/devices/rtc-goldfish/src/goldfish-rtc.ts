import type { Clock, Device, InterruptLine, MmioRegion, Timer } from '@vivarium/contracts';
import * as r from './registers.ts';
import { type RtcState, rtcStateCodec } from './state.ts';

/** What {@link GoldfishRtc} is made of. */
export interface GoldfishRtcParts {
  readonly clock: Clock;
  readonly timer: (expired: () => void) => Timer;
  readonly interrupt: InterruptLine;
  /** Label of its node in the device tree. */
  readonly label: string;
}

/** One half of a 64-bit register replaced. */
const withHalf = (whole: bigint, high: boolean, half: number): bigint =>
  high ? (BigInt(half) << 32n) | BigInt.asUintN(32, whole) : ((whole >> 32n) << 32n) | BigInt(half);

const low = (whole: bigint): number => Number(BigInt.asUintN(32, whole));
const high = (whole: bigint): number => Number(BigInt.asUintN(32, whole >> 32n));

/** Goldfish RTC: the clock's wall time plus what the guest has set it forward by, and one alarm. */
export class GoldfishRtc implements Device {
  readonly regions: readonly MmioRegion[];
  readonly interrupts = ['interrupt'];
  readonly deviceTree;
  readonly state = rtcStateCodec(this);
  readonly #clock: Clock;
  readonly #timer: Timer;
  readonly #interrupt: InterruptLine;
  /** Nanoseconds that the guest's time is ahead of the clock's, modulo 2^64. */
  #offset = 0n;
  #latchedHigh = 0;
  #alarm = 0n;
  #alarmArmed = false;
  #interruptEnabled = false;
  #interruptPending = false;

  constructor(parts: GoldfishRtcParts) {
    this.#clock = parts.clock;
    this.#interrupt = parts.interrupt;
    this.#timer = parts.timer(() => this.#checkAlarm());
    this.regions = [
      {
        name: 'registers',
        length: r.REGION_LENGTH,
        // Registers are 32 bits wide; a narrower access reaches none.
        read: (offset, width) => (width === 4 ? this.#read(offset) : 0),
        write: (offset, width, value) => {
          if (width === 4) this.#write(offset, value);
        },
      },
    ];
    this.deviceTree = { name: 'rtc', label: parts.label, properties: { compatible: 'google,goldfish-rtc' } };
  }

  reset(): void {
    this.adopt({
      offset: 0n,
      latchedHigh: 0,
      alarm: 0n,
      alarmArmed: false,
      interruptEnabled: false,
      interruptPending: false,
    });
  }

  /** Everything that a guest can see, as plain data. The time itself is the clock's. */
  capture(): RtcState {
    return {
      offset: this.#offset,
      latchedHigh: this.#latchedHigh,
      alarm: this.#alarm,
      alarmArmed: this.#alarmArmed,
      interruptEnabled: this.#interruptEnabled,
      interruptPending: this.#interruptPending,
    };
  }

  adopt(state: RtcState): void {
    this.#offset = state.offset;
    this.#latchedHigh = state.latchedHigh;
    this.#alarm = state.alarm;
    this.#alarmArmed = state.alarmArmed;
    this.#interruptEnabled = state.interruptEnabled;
    this.#interruptPending = state.interruptPending;
    this.#checkAlarm();
  }

  get #time(): bigint {
    return BigInt.asUintN(64, this.#clock.epoch + BigInt(this.#clock.now()) + this.#offset);
  }

  #read(offset: number): number {
    switch (offset) {
      case r.TIME_LOW: {
        const time = this.#time;
        this.#latchedHigh = high(time);
        return low(time);
      }
      case r.TIME_HIGH:
        return this.#latchedHigh;
      case r.ALARM_LOW:
        return low(this.#alarm);
      case r.ALARM_HIGH:
        return high(this.#alarm);
      case r.IRQ_ENABLED:
        return Number(this.#interruptEnabled);
      case r.ALARM_STATUS:
        return Number(this.#alarmArmed);
      default:
        return 0;
    }
  }

  #write(offset: number, value: number): void {
    switch (offset) {
      case r.TIME_LOW:
      case r.TIME_HIGH: {
        const time = this.#time;
        this.#offset = BigInt.asUintN(64, this.#offset + withHalf(time, offset === r.TIME_HIGH, value) - time);
        this.#checkAlarm();
        break;
      }
      case r.ALARM_LOW:
        this.#alarm = withHalf(this.#alarm, false, value);
        this.#alarmArmed = true;
        this.#checkAlarm();
        break;
      case r.ALARM_HIGH:
        this.#alarm = withHalf(this.#alarm, true, value);
        this.#checkAlarm();
        break;
      case r.IRQ_ENABLED:
        this.#interruptEnabled = (value & 1) !== 0;
        this.#drive();
        break;
      case r.CLEAR_ALARM:
        this.#alarmArmed = false;
        this.#checkAlarm();
        break;
      case r.CLEAR_INTERRUPT:
        this.#interruptPending = false;
        this.#drive();
        break;
    }
  }

  /** Rings an armed alarm whose time has come, or waits for it; drives the line. */
  #checkAlarm(): void {
    const left = this.#alarm - this.#time;
    if (this.#alarmArmed && left <= 0n) {
      this.#alarmArmed = false;
      this.#interruptPending = true;
    }
    const deadline = BigInt(this.#clock.now()) + left;
    if (this.#alarmArmed && deadline <= Number.MAX_SAFE_INTEGER) this.#timer.arm(Number(deadline));
    else this.#timer.cancel();
    this.#drive();
  }

  #drive(): void {
    this.#interrupt.set(this.#interruptEnabled && this.#interruptPending);
  }
}
