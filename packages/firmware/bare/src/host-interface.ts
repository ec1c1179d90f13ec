import type { GuestMemory, Logger, PowerControl, SystemBus, Timer } from '@vivarium/contracts';

/**
 * The host-target interface of the Berkeley tools (HTIF), as riscv-tests use it to end a run: the program writes a
 * command to the doubleword `tohost` and the host takes it. Device in bits 63:56, command in 55:48, payload below.
 */
const DEVICE_SHIFT = 56n;
const COMMAND_SHIFT = 48n;
const BYTE = 0xffn;
const PAYLOAD_MASK = (1n << 48n) - 1n;

/** Device 0: an odd payload ends the program with the code above the lowest bit. */
const DEVICE_SYSTEM = 0n;
const COMMAND_EXIT = 0n;
/** Device 1: characters. */
const DEVICE_CONSOLE = 1n;
const COMMAND_PUTCHAR = 1n;

/** The interface has no interrupt to the host: it is looked at this often. Nanoseconds of the machine's clock. */
const POLL_INTERVAL = 2_000_000;

/** What the interface works on. */
export interface HostInterfaceParts {
  /** Guest-physical address of `tohost`. */
  readonly address: number;
  readonly memory: GuestMemory;
  readonly bus: SystemBus;
  readonly power: PowerControl;
  readonly log: Logger;
  readonly timer: (expired: () => void) => Timer;
  readonly now: () => number;
}

/** Serves `tohost` of one program. */
export class HostInterface {
  readonly #parts: HostInterfaceParts;
  readonly #timer: Timer;
  readonly #console: number | undefined;
  #warned = false;

  constructor(parts: HostInterfaceParts) {
    this.#parts = parts;
    this.#timer = parts.timer(() => this.#poll());
    this.#console = parts.bus.placements.find(({ device }) => {
      const compatible = device.deviceTree?.properties['compatible'];
      return [compatible].flat().includes('ns16550a');
    })?.base;
  }

  reset(): void {
    this.#warned = false;
    this.#timer.arm(this.#parts.now() + POLL_INTERVAL);
  }

  #poll(): void {
    this.#timer.arm(this.#parts.now() + POLL_INTERVAL);
    const word = this.#parts.memory.view(this.#parts.address, 8);
    if (word === undefined || word.every((byte) => byte === 0)) {
      return;
    }
    const value = new DataView(word.buffer, word.byteOffset, 8).getBigUint64(0, true);
    // Zero is how the host says that it has taken the command.
    this.#parts.memory.write(this.#parts.address, new Uint8Array(8));
    this.#take(value);
  }

  #take(value: bigint): void {
    const device = value >> DEVICE_SHIFT;
    const command = (value >> COMMAND_SHIFT) & BYTE;
    const payload = value & PAYLOAD_MASK;
    if (device === DEVICE_SYSTEM && command === COMMAND_EXIT && (payload & 1n) === 1n) {
      const code = Number(payload >> 1n);
      this.#timer.cancel();
      this.#parts.power.request(code === 0 ? { kind: 'power-off' } : { kind: 'failure', code });
    } else if (device === DEVICE_CONSOLE && command === COMMAND_PUTCHAR) {
      if (this.#console !== undefined) {
        this.#parts.bus.write(this.#console, 1, Number(payload & BYTE));
      }
    } else if (!this.#warned) {
      this.#warned = true;
      this.#parts.log.warn('the program uses a call to its host that is not served', {
        tohost: `0x${value.toString(16)}`,
      });
    }
  }
}
