import type { CharBackend, CharHandlers, Device, InterruptLine, MmioRegion } from '@vivarium/contracts';
import { Receiver } from './receiver.ts';
import * as r from './registers.ts';
import { type UartState, uartStateCodec } from './state.ts';
import { Transmitter } from './transmitter.ts';

/** Bytes of address space; the eight registers are at its start, one byte apart. */
const REGION_LENGTH = 0x100;

/** What {@link Uart16550} is made of. */
export interface UartParts {
  readonly backend: CharBackend;
  readonly interrupt: InterruptLine;
  /** Label of its node in the device tree. */
  readonly label: string;
  /** Hz; only told to the guest. */
  readonly clockFrequency: number;
}

/**
 * NS16550A. Characters take no time on the line and always have eight bits: divisor and word length are kept, read
 * back and otherwise without effect, so a guest that never sets them (many small ones do not) works too. So the four
 * character times of the receive time-out have always passed, and it is pending whenever the FIFO holds something
 * below its trigger level.
 */
export class Uart16550 implements Device, CharHandlers {
  readonly regions: readonly MmioRegion[];
  readonly interrupts = ['interrupt'];
  readonly deviceTree;
  readonly state = uartStateCodec(this);

  readonly #backend: CharBackend;
  readonly #interrupt: InterruptLine;
  readonly #receiver = new Receiver();
  readonly #transmitter: Transmitter;
  #ier = 0;
  #fcr = 0;
  #lcr = 0;
  #mcr = 0;
  #scr = 0;
  #divisor = 0;
  #modemDeltas = 0;
  /** The THRE interrupt: raised when THR gets empty, cleared by reading IIR or filling THR (datasheet table 5). */
  #thrEmptyPending = false;
  /** The backend has more than `receive` took. */
  #starved = false;
  #level = false;

  constructor(parts: UartParts) {
    this.#backend = parts.backend;
    this.#interrupt = parts.interrupt;
    this.#transmitter = new Transmitter(parts.backend);
    this.regions = [
      {
        name: 'registers',
        length: REGION_LENGTH,
        // The chip is eight bits wide: a wider access reaches the register at its offset and no neighbour.
        read: (offset) => this.#read(offset),
        write: (offset, _width, value) => this.#write(offset, value & 0xff),
      },
    ];
    this.deviceTree = {
      name: 'serial',
      label: parts.label,
      properties: { compatible: 'ns16550a', 'clock-frequency': parts.clockFrequency },
    };
  }

  receive(bytes: Uint8Array): number {
    const taken = this.#loop ? 0 : Math.min(this.#receiver.room, bytes.length);
    for (let index = 0; index < taken; index += 1) this.#receiver.push(bytes[index] ?? 0, 0);
    if (taken < bytes.length) this.#starved = true;
    this.#update();
    return taken;
  }

  drained(): void {
    this.#transmit();
    this.#update();
  }

  reset(): void {
    this.#ier = 0;
    this.#fcr = 0;
    this.#lcr = 0;
    this.#mcr = 0;
    this.#scr = 0;
    this.#divisor = 0;
    this.#modemDeltas = 0;
    this.#thrEmptyPending = false;
    this.#receiver.fifo = false;
    this.#receiver.lineErrors = 0;
    this.#transmitter.fifo = false;
    this.#refill();
    this.#update();
  }

  /** Everything that a guest can see, as plain data. */
  capture(): UartState {
    const { data, errors } = this.#receiver.contents;
    return {
      ier: this.#ier,
      fcr: this.#fcr,
      lcr: this.#lcr,
      mcr: this.#mcr,
      scr: this.#scr,
      divisor: this.#divisor,
      modemDeltas: this.#modemDeltas,
      lineErrors: this.#receiver.lineErrors,
      thrEmptyPending: this.#thrEmptyPending,
      received: data,
      receivedErrors: errors,
      transmitting: this.#transmitter.contents,
    };
  }

  /** Takes over a checked state and asks the backend to go on in both directions. */
  adopt(state: UartState): void {
    this.#ier = state.ier;
    this.#fcr = state.fcr;
    this.#lcr = state.lcr;
    this.#mcr = state.mcr;
    this.#scr = state.scr;
    this.#divisor = state.divisor;
    this.#modemDeltas = state.modemDeltas;
    this.#receiver.fifo = this.#fifosEnabled;
    this.#transmitter.fifo = this.#fifosEnabled;
    state.received.forEach((data, index) => this.#receiver.push(data, state.receivedErrors[index] ?? 0));
    this.#receiver.lineErrors = state.lineErrors;
    for (const data of state.transmitting) this.#transmitter.push(data);
    this.#thrEmptyPending = state.thrEmptyPending;
    this.#starved = true;
    this.#transmit();
    this.#refill();
    this.#update();
  }

  get #loop(): boolean {
    return (this.#mcr & r.MCR_LOOP) !== 0;
  }

  get #dlab(): boolean {
    return (this.#lcr & r.LCR_DLAB) !== 0;
  }

  get #fifosEnabled(): boolean {
    return (this.#fcr & r.FCR_ENABLE) !== 0;
  }

  /** Characters in the receiver that make data available. */
  get #trigger(): number {
    return this.#fifosEnabled ? (r.TRIGGER_LEVELS[this.#fcr >> r.FCR_TRIGGER_SHIFT] ?? 1) : 1;
  }

  #read(offset: number): number {
    switch (offset) {
      case r.RBR:
        return this.#dlab ? this.#divisor & 0xff : this.#readReceiverBuffer();
      case r.IER:
        return this.#dlab ? this.#divisor >> 8 : this.#ier;
      case r.IIR:
        return this.#readInterruptIdentification();
      case r.LCR:
        return this.#lcr;
      case r.MCR:
        return this.#mcr;
      case r.LSR:
        return this.#readLineStatus();
      case r.MSR:
        return this.#readModemStatus();
      case r.SCR:
        return this.#scr;
      default:
        return 0;
    }
  }

  #write(offset: number, value: number): void {
    switch (offset) {
      case r.THR:
        if (this.#dlab) this.#divisor = (this.#divisor & 0xff00) | value;
        else this.#writeTransmitterHolding(value);
        break;
      case r.IER:
        if (this.#dlab) this.#divisor = (value << 8) | (this.#divisor & 0xff);
        else this.#writeInterruptEnable(value);
        break;
      case r.FCR:
        this.#writeFifoControl(value);
        break;
      case r.LCR:
        this.#writeLineControl(value);
        break;
      case r.MCR:
        this.#writeModemControl(value & r.MCR_MASK);
        break;
      case r.SCR:
        this.#scr = value;
        break;
      // LSR is for factory tests only and MSR is read-only; the rest of the region is empty.
    }
  }

  #readReceiverBuffer(): number {
    const data = this.#receiver.pop();
    if (this.#receiver.count < this.#trigger) this.#refill();
    this.#update();
    return data;
  }

  #writeTransmitterHolding(data: number): void {
    if (this.#loop) {
      this.#receiver.push(data, 0);
      this.#thrEmptyPending = this.#transmitter.empty;
    } else {
      this.#thrEmptyPending = false;
      this.#transmitter.push(data);
      this.#transmit();
    }
    this.#update();
  }

  #writeInterruptEnable(value: number): void {
    const before = this.#ier;
    this.#ier = value & r.IER_MASK;
    // Enabling the interrupt while THR is empty raises it at once; drivers start their transmission with this.
    if ((this.#ier & ~before & r.IER_ETBEI) !== 0 && this.#transmitter.empty) this.#thrEmptyPending = true;
    this.#update();
  }

  /** Highest-priority source that is pending and enabled (datasheet table 5), without the FIFO bits. */
  get #identity(): number {
    const ier = this.#ier;
    if ((ier & r.IER_ELSI) !== 0 && this.#receiver.lineErrors !== 0) return r.IIR_LINE_STATUS;
    if ((ier & r.IER_ERBFI) !== 0 && this.#receiver.count > 0) {
      return this.#receiver.count >= this.#trigger ? r.IIR_DATA_AVAILABLE : r.IIR_CHARACTER_TIMEOUT;
    }
    if ((ier & r.IER_ETBEI) !== 0 && this.#thrEmptyPending) return r.IIR_THR_EMPTY;
    if ((ier & r.IER_EDSSI) !== 0 && this.#modemDeltas !== 0) return r.IIR_MODEM_STATUS;
    return r.IIR_NONE;
  }

  #readInterruptIdentification(): number {
    const identity = this.#identity;
    if (identity === r.IIR_THR_EMPTY) {
      this.#thrEmptyPending = false;
      this.#update();
    }
    return identity | (this.#fifosEnabled ? r.IIR_FIFOS_ENABLED : 0);
  }

  #writeFifoControl(value: number): void {
    const toggled = ((value ^ this.#fcr) & r.FCR_ENABLE) !== 0;
    const enabled = (value & r.FCR_ENABLE) !== 0;
    const wasEmpty = this.#transmitter.empty;
    // The other bits are only programmed together with the enable bit (datasheet section 8.5).
    this.#fcr = enabled ? value & (r.FCR_ENABLE | r.FCR_DMA_MODE | r.FCR_TRIGGER_MASK) : 0;
    if (toggled) {
      this.#receiver.fifo = enabled;
      this.#transmitter.fifo = enabled;
    } else if (enabled) {
      if ((value & r.FCR_RCVR_RESET) !== 0) this.#receiver.clear();
      if ((value & r.FCR_XMIT_RESET) !== 0) this.#transmitter.clear();
    }
    if (!wasEmpty && this.#transmitter.empty) this.#thrEmptyPending = true;
    this.#refill();
    this.#update();
  }

  #writeLineControl(value: number): void {
    const breakBegins = (value & ~this.#lcr & r.LCR_BREAK) !== 0;
    this.#lcr = value;
    // A break reaches the receiver as one zero character. Only in loop-back is there anyone to see it.
    if (breakBegins && this.#loop) this.#receiver.push(0, r.LSR_BI);
    this.#update();
  }

  #writeModemControl(value: number): void {
    const before = this.#modemLines;
    this.#mcr = value;
    const now = this.#modemLines;
    const changed = before ^ now;
    if ((changed & r.MSR_CTS) !== 0) this.#modemDeltas |= r.MSR_DCTS;
    if ((changed & r.MSR_DSR) !== 0) this.#modemDeltas |= r.MSR_DDSR;
    if ((before & ~now & r.MSR_RI) !== 0) this.#modemDeltas |= r.MSR_TERI;
    if ((changed & r.MSR_DCD) !== 0) this.#modemDeltas |= r.MSR_DDCD;
    this.#refill();
    this.#update();
  }

  #readLineStatus(): number {
    const fromReceiver = this.#receiver.lineErrors | this.#receiver.fifoError;
    const ready = this.#receiver.count > 0 ? r.LSR_DR : 0;
    const idle = this.#transmitter.empty ? r.LSR_THRE | r.LSR_TEMT : 0;
    if (fromReceiver !== 0) {
      this.#receiver.acknowledgeErrors();
      this.#update();
    }
    return fromReceiver | ready | idle;
  }

  /** CTS, DSR, RI and DCD: from MCR in loop-back, else those of a modem that is there and ready. */
  get #modemLines(): number {
    if (!this.#loop) return r.MSR_CTS | r.MSR_DSR | r.MSR_DCD;
    const mcr = this.#mcr;
    return (
      ((mcr & r.MCR_RTS) !== 0 ? r.MSR_CTS : 0) |
      ((mcr & r.MCR_DTR) !== 0 ? r.MSR_DSR : 0) |
      ((mcr & r.MCR_OUT1) !== 0 ? r.MSR_RI : 0) |
      ((mcr & r.MCR_OUT2) !== 0 ? r.MSR_DCD : 0)
    );
  }

  #readModemStatus(): number {
    const value = this.#modemLines | this.#modemDeltas;
    this.#modemDeltas = 0;
    this.#update();
    return value;
  }

  #transmit(): void {
    if (this.#transmitter.empty) return;
    this.#transmitter.send();
    if (this.#transmitter.empty) this.#thrEmptyPending = true;
  }

  /** Asks for what the backend still has, once there is room for it. */
  #refill(): void {
    if (!this.#starved || this.#loop || this.#receiver.room === 0) return;
    this.#starved = false;
    this.#backend.resume();
  }

  #update(): void {
    const level = this.#identity !== r.IIR_NONE;
    if (level === this.#level) return;
    this.#level = level;
    this.#interrupt.set(level);
  }
}
