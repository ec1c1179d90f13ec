import type { GuestMemory } from '@vivarium/contracts';
import { failure, type SbiCall, type SbiExtension, type SbiReturn, success } from '../call.ts';
import type { ConsolePort } from '../console-port.ts';
import { EID_DBCN, SBI_ERR_FAILED, SBI_ERR_INVALID_PARAM, SBI_ERR_NOT_SUPPORTED } from '../sbi.ts';

const CONSOLE_WRITE = 0n;
const CONSOLE_READ = 1n;
const CONSOLE_WRITE_BYTE = 2n;

/** Most bytes that one call moves; a call may move fewer than it was asked to, so this only bounds its time. */
const MAXIMUM_TRANSFER = 4096;
const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const EMPTY = new Uint8Array(0);

/** Chapter 12: calls move what fits now and say how much that was. */
export class DbcnExtension implements SbiExtension {
  readonly id = EID_DBCN;
  readonly #port: ConsolePort;
  readonly #memory: GuestMemory;

  constructor(port: ConsolePort, memory: GuestMemory) {
    this.#port = port;
    this.#memory = memory;
  }

  call({ functionId, args }: SbiCall): SbiReturn {
    switch (functionId) {
      case CONSOLE_WRITE:
        return this.#write(args);
      case CONSOLE_READ:
        return this.#read(args);
      case CONSOLE_WRITE_BYTE:
        return this.#port.put(Number(args[0] & 0xffn)) ? success() : failure(SBI_ERR_FAILED);
      default:
        return failure(SBI_ERR_NOT_SUPPORTED);
    }
  }

  #write(args: SbiCall['args']): SbiReturn {
    const bytes = this.#range(args, (address, length) => this.#memory.view(address, length));
    if (bytes === undefined) {
      return failure(SBI_ERR_INVALID_PARAM);
    }
    const refused = bytes.subarray(0, MAXIMUM_TRANSFER).findIndex((byte) => !this.#put(byte));
    return success(BigInt(refused === -1 ? Math.min(bytes.length, MAXIMUM_TRANSFER) : refused));
  }

  /**
   * Text for a terminal: a newline goes to the start of the line, too, as OpenSBI has it and kernels expect of it.
   * A newline for which there is no room comes again with its carriage return, which does no harm twice.
   */
  #put(byte: number): boolean {
    return (byte !== NEWLINE || this.#port.put(CARRIAGE_RETURN)) && this.#port.put(byte);
  }

  #read(args: SbiCall['args']): SbiReturn {
    const room = this.#range(args, (address, length) => this.#memory.writableView(address, length));
    if (room === undefined) {
      return failure(SBI_ERR_INVALID_PARAM);
    }
    let count = 0;
    while (count < Math.min(room.length, MAXIMUM_TRANSFER)) {
      const byte = this.#port.take();
      if (byte === undefined) {
        break;
      }
      room[count] = byte;
      count += 1;
    }
    return success(BigInt(count));
  }

  /** The guest's buffer, which must be RAM as a whole; the high half of its address must be zero. */
  #range(
    [length, low, high]: SbiCall['args'],
    view: (address: number, length: number) => Uint8Array | undefined,
  ): Uint8Array | undefined {
    if (high !== 0n) {
      return undefined;
    }
    return length === 0n ? EMPTY : view(Number(low), Number(length));
  }
}
