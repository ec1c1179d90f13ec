import { FIFO_SIZE, LSR_FIFO_ERROR, LSR_OE } from './registers.ts';

/**
 * Receiver FIFO and the error half of the line status register (datasheet sections 8.4 and 8.5). Errors travel with
 * their character and show when it reaches the top. Without FIFOs it is the one receiver buffer register.
 */
export class Receiver {
  readonly #data = new Uint8Array(FIFO_SIZE);
  readonly #errors = new Uint8Array(FIFO_SIZE);
  #first = 0;
  #count = 0;
  #capacity = 1;
  /** OE, PE, FE and BI as the next read of the line status register shows them. */
  lineErrors = 0;

  get count(): number {
    return this.#count;
  }

  get room(): number {
    return this.#capacity - this.#count;
  }

  /** FIFOs on or off; what is in them is lost either way. */
  set fifo(on: boolean) {
    this.#capacity = on ? FIFO_SIZE : 1;
    this.clear();
  }

  /** Empties the FIFO; errors already shown stay until the line status register is read. */
  clear(): void {
    this.#first = 0;
    this.#count = 0;
  }

  /** A character from the line with its errors; on a full FIFO an overrun, which a FIFO survives and a buffer not. */
  push(data: number, errors: number): void {
    if (this.room === 0) {
      this.lineErrors |= LSR_OE;
      if (this.#capacity !== 1) return;
      this.clear();
    }
    const slot = (this.#first + this.#count) % FIFO_SIZE;
    this.#data[slot] = data;
    this.#errors[slot] = errors;
    this.#count += 1;
    if (this.#count === 1) this.lineErrors |= errors;
  }

  /** The character at the top, removed; 0 when there is none. */
  pop(): number {
    if (this.#count === 0) return 0;
    const data = this.#data[this.#first] ?? 0;
    this.#first = (this.#first + 1) % FIFO_SIZE;
    this.#count -= 1;
    if (this.#count > 0) this.lineErrors |= this.#errors[this.#first] ?? 0;
    return data;
  }

  /** `LSR_FIFO_ERROR` when a character in the FIFO has an error, else 0. */
  get fifoError(): number {
    if (this.#capacity === 1) return 0;
    for (let index = 0; index < this.#count; index += 1) {
      if (this.#errors[(this.#first + index) % FIFO_SIZE] !== 0) return LSR_FIFO_ERROR;
    }
    return 0;
  }

  /** The line status register was read: the errors it showed are gone. */
  acknowledgeErrors(): void {
    this.lineErrors = 0;
    if (this.#count > 0) this.#errors[this.#first] = 0;
  }

  /** Characters and their errors, oldest first. */
  get contents(): { readonly data: Uint8Array; readonly errors: Uint8Array } {
    const at = (source: Uint8Array) =>
      Uint8Array.from({ length: this.#count }, (_, index) => source[(this.#first + index) % FIFO_SIZE] ?? 0);
    return { data: at(this.#data), errors: at(this.#errors) };
  }
}
