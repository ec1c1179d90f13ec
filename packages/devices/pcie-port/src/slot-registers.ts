import { readBytes, writeBytes } from '@vivarium/pci';
import * as r from './registers.ts';

/** What the registers tell the port. */
export interface SlotEvents {
  /** Link or power have changed by what the guest wrote. */
  changed(): void;
  /** Whether an event that is enabled waits for the guest. */
  interrupt(level: boolean): void;
}

/** PCI Express capability of a root port with a hot-plug slot (PCI Express Base 5.0, section 7.5.3). */
export class SlotRegisters {
  readonly #bytes = new DataView(new ArrayBuffer(r.EXPRESS_LENGTH));
  readonly #number: number;
  readonly #events: SlotEvents;

  constructor(number: number, events: SlotEvents) {
    this.#number = number;
    this.#events = events;
    this.reset(false);
  }

  get body(): Uint8Array {
    return new Uint8Array(this.#bytes.buffer).slice(2);
  }

  get powered(): boolean {
    return (this.#get(r.SLOT_CONTROL) & r.POWER_OFF) === 0;
  }

  /** Power is there and the guest has not turned the link off. */
  get enabled(): boolean {
    return this.powered && (this.#get(r.LINK_CONTROL) & r.LINK_DISABLE) === 0;
  }

  /** After power-on: the slot has power, so that guests without a driver for it find what is in it. */
  reset(present: boolean): void {
    const bytes = this.#bytes;
    new Uint8Array(bytes.buffer).fill(0);
    bytes.setUint16(r.CAPABILITIES, r.CAPABILITIES_VALUE, true);
    bytes.setUint32(r.DEVICE_CAPABILITIES, r.DEVICE_CAPABILITIES_VALUE, true);
    const port = (this.#number & 0xff) << r.PORT_NUMBER_SHIFT;
    bytes.setUint32(r.LINK_CAPABILITIES, r.LINK_SPEED_AND_WIDTH | r.LINK_ACTIVE_REPORTING | port, true);
    bytes.setUint32(
      r.SLOT_CAPABILITIES,
      r.ATTENTION_BUTTON_PRESENT |
        r.POWER_CONTROLLER_PRESENT |
        r.ATTENTION_INDICATOR_PRESENT |
        r.POWER_INDICATOR_PRESENT |
        r.HOT_PLUG_SURPRISE |
        r.HOT_PLUG_CAPABLE |
        r.NO_COMMAND_COMPLETED |
        ((this.#number & r.MOST_SLOT_NUMBER) << r.SLOT_NUMBER_SHIFT),
      true,
    );
    bytes.setUint16(r.SLOT_CONTROL, r.ATTENTION_INDICATOR_OFF | r.POWER_INDICATOR_ON, true);
    bytes.setUint16(r.SLOT_STATUS, present ? r.PRESENCE : 0, true);
    bytes.setUint16(r.LINK_STATUS, r.LINK_SPEED_AND_WIDTH | (present ? r.LINK_ACTIVE : 0), true);
    this.#events.interrupt(false);
  }

  /** What is in the slot, and whether the guest can reach it; changes are events. */
  show(present: boolean, linked: boolean): void {
    const status = this.#get(r.SLOT_STATUS);
    const link = this.#get(r.LINK_STATUS);
    const seated = ((status & r.PRESENCE) !== 0) === present ? 0 : r.PRESENCE | r.PRESENCE_CHANGED;
    const moved = ((link & r.LINK_ACTIVE) !== 0) === linked ? 0 : r.LINK_ACTIVE;
    const kept = seated === 0 ? status : status & ~r.PRESENCE;
    const events = (seated & r.PRESENCE_CHANGED) | (moved === 0 ? 0 : r.LINK_STATE_CHANGED);
    this.#set(r.SLOT_STATUS, kept | events | (present ? r.PRESENCE : 0));
    this.#set(r.LINK_STATUS, link ^ moved);
    this.#tell();
  }

  press(): void {
    this.#set(r.SLOT_STATUS, this.#get(r.SLOT_STATUS) | r.ATTENTION_BUTTON_PRESSED);
    this.#tell();
  }

  /** `offset` is that from the start of the capability. */
  read(offset: number, width: 1 | 2 | 4): number {
    return readBytes(this.#bytes, offset, width);
  }

  write(offset: number, width: 1 | 2 | 4, value: number): void {
    writeBytes(offset, width, value, (at, byte) => this.#writeByte(at, byte));
    this.#events.changed();
    this.#tell();
  }

  #writeByte(at: number, byte: number): void {
    const register = at & ~1;
    const shift = 8 * (at & 1);
    if (register === r.SLOT_STATUS) {
      this.#set(register, this.#get(register) & ~((byte << shift) & r.SLOT_EVENTS));
      return;
    }
    const writable = ((WRITABLE.get(register) ?? 0) >> shift) & 0xff;
    if (writable !== 0) this.#bytes.setUint8(at, (this.#bytes.getUint8(at) & ~writable) | (byte & writable));
  }

  /** Section 6.7.3.4: an interrupt is wanted while an event and its enable are both set. */
  #tell(): void {
    const control = this.#get(r.SLOT_CONTROL);
    const status = this.#get(r.SLOT_STATUS);
    const wanted = ENABLES.some(([event, enable]) => (status & event) !== 0 && (control & enable) !== 0);
    this.#events.interrupt(wanted && (control & r.HOT_PLUG_INTERRUPT_ENABLE) !== 0);
  }

  #get(register: number): number {
    return this.#bytes.getUint16(register, true);
  }

  #set(register: number, value: number): void {
    this.#bytes.setUint16(register, value, true);
  }
}

/** Bits that a guest may write as they are, by register. */
const WRITABLE: ReadonlyMap<number, number> = new Map([
  [r.DEVICE_CONTROL, r.DEVICE_CONTROL_WRITABLE],
  [r.LINK_CONTROL, r.LINK_CONTROL_WRITABLE],
  [r.SLOT_CONTROL, r.SLOT_CONTROL_WRITABLE],
  [r.ROOT_CONTROL, r.ROOT_CONTROL_WRITABLE],
]);

const ENABLES: readonly (readonly [event: number, enable: number])[] = [
  [r.ATTENTION_BUTTON_PRESSED, r.ATTENTION_BUTTON_ENABLE],
  [r.PRESENCE_CHANGED, r.PRESENCE_ENABLE],
  [r.LINK_STATE_CHANGED, r.LINK_STATE_ENABLE],
];
