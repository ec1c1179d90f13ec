/**
 * Shared words between a cell's thread and the threads of its vCPUs: a bell for each, what each is told to do and does,
 * and a mailbox for each through which it asks the cell's thread. Times are in 64-bit floats beside them.
 */
const CELL_BELL = 0;
const CELL_WORDS = 16;
const VCPU_WORDS = 32;

/** Words of a vCPU, and 64-bit floats of it. */
const BELL = 0;
const COMMAND = 1;
const STATUS = 2;
const MAIL = 3;
const OPERATION = 4;
const FIRST = 5;
const SECOND = 6;
const ANSWER = 7;
const SLICES = 8;
const ADDRESS = 0;
const IDLE = 1;
const CELL_FLOATS = 1;
const VCPU_FLOATS = 2;
/** A 64-bit integer of a vCPU's. */
const VALUE = 0;

/** COMMAND. */
export const GO = 0;
export const PAUSE = 1;

/** STATUS: what a thread does. */
export const STARTING = 0;
export const RUNNING = 1;
export const PAUSED = 2;
/** Its vCPU was not started, or has stopped itself. */
export const STOPPED = 3;
export const FAULTED = 4;

/** MAIL. */
const EMPTY = 0;
const ASKED = 1;

/** OPERATION. Whatever is above is for the core: `call` with the operation minus CALL. */
export const READ = 0;
export const WRITE = 1;
export const READ64 = 2;
export const WRITE64 = 3;
export const CALL = 4;

/** Looks that a thread has at its mailbox before it sleeps over it. */
const LOOKS = 100;

/** The buffers, which can be posted to threads. */
export interface ControlBuffers {
  readonly words: SharedArrayBuffer;
  readonly floats: SharedArrayBuffer;
  readonly values: SharedArrayBuffer;
}

export const createControl = (vcpus: number): ControlBuffers => ({
  words: new SharedArrayBuffer((CELL_WORDS + vcpus * VCPU_WORDS) * 4),
  floats: new SharedArrayBuffer((CELL_FLOATS + vcpus * VCPU_FLOATS) * 8),
  values: new SharedArrayBuffer(vcpus * 8),
});

/** ES2024, which our library of types does not have yet. */
interface AsyncAtomics {
  waitAsync(
    words: Int32Array<SharedArrayBuffer>,
    index: number,
    value: number,
  ): { readonly async: false } | { readonly async: true; readonly value: Promise<string> };
}

/** What is shared by all threads of a cell. */
export class CellControl {
  readonly #words: Int32Array<SharedArrayBuffer>;
  readonly #floats: Float64Array;
  /** A wait for the bell that has not ended. */
  #waiting = false;

  constructor({ words, floats }: ControlBuffers) {
    this.#words = new Int32Array(words);
    this.#floats = new Float64Array(floats);
  }

  /** Reading of the monotonic clock at which the machine's was zero, in milliseconds. */
  get origin(): number {
    return this.#floats[0] ?? 0;
  }

  set origin(milliseconds: number) {
    this.#floats[0] = milliseconds;
  }

  /** Wakes the cell's thread. */
  ring(): void {
    Atomics.add(this.#words, CELL_BELL, 1);
    Atomics.notify(this.#words, CELL_BELL);
  }

  listen(): number {
    return Atomics.load(this.#words, CELL_BELL);
  }

  /** Calls `rung` when the bell is rung; false when it was since `heard`. */
  whenRung(heard: number, rung: () => void): boolean {
    if (this.listen() !== heard) return false;
    if (this.#waiting) return true;
    const wait = (Atomics as unknown as AsyncAtomics).waitAsync(this.#words, CELL_BELL, heard);
    if (!wait.async) return false;
    this.#waiting = true;
    void wait.value.then(() => {
      this.#waiting = false;
      rung();
      return undefined;
    });
    return true;
  }
}

/** What is shared about one vCPU. */
export class VcpuControl {
  readonly #words: Int32Array<SharedArrayBuffer>;
  readonly #floats: Float64Array;
  readonly #values: BigInt64Array;

  constructor({ words, floats, values }: ControlBuffers, vcpu: number) {
    this.#words = new Int32Array(words, (CELL_WORDS + vcpu * VCPU_WORDS) * 4, VCPU_WORDS);
    this.#floats = new Float64Array(floats, (CELL_FLOATS + vcpu * VCPU_FLOATS) * 8, VCPU_FLOATS);
    this.#values = new BigInt64Array(values, vcpu * 8, 1);
  }

  get command(): number {
    return Atomics.load(this.#words, COMMAND);
  }

  set command(command: number) {
    Atomics.store(this.#words, COMMAND, command);
    this.ring();
  }

  get status(): number {
    return Atomics.load(this.#words, STATUS);
  }

  set status(status: number) {
    Atomics.store(this.#words, STATUS, status);
  }

  get slices(): number {
    return (this.#words[SLICES] ?? 0) >>> 0;
  }

  countSlice(): void {
    this.#words[SLICES] = this.slices + 1;
  }

  get idleMilliseconds(): number {
    return this.#floats[IDLE] ?? 0;
  }

  set idleMilliseconds(milliseconds: number) {
    this.#floats[IDLE] = milliseconds;
  }

  /** Wakes the vCPU's thread. */
  ring(): void {
    Atomics.add(this.#words, BELL, 1);
    Atomics.notify(this.#words, BELL);
  }

  listen(): number {
    return Atomics.load(this.#words, BELL);
  }

  wait(heard: number, milliseconds: number): void {
    Atomics.wait(this.#words, BELL, heard, milliseconds);
  }

  /** Asks the cell's thread and stops this one until it has answered. `ring` wakes that thread. */
  ask(operation: number, first: number, second: number, address: number, ring: () => void): number {
    const words = this.#words;
    words[OPERATION] = operation;
    words[FIRST] = first;
    words[SECOND] = second;
    this.#floats[ADDRESS] = address;
    Atomics.store(words, MAIL, ASKED);
    ring();
    for (let look = 0; look < LOOKS; look += 1) {
      if (Atomics.load(words, MAIL) !== ASKED) return words[ANSWER] ?? 0;
    }
    while (Atomics.load(words, MAIL) === ASKED) Atomics.wait(words, MAIL, ASKED);
    return words[ANSWER] ?? 0;
  }

  /** Whether there is a question. On the cell's thread, as all that follows. */
  get asked(): boolean {
    return Atomics.load(this.#words, MAIL) === ASKED;
  }

  get operation(): number {
    return this.#words[OPERATION] ?? 0;
  }

  get first(): number {
    return this.#words[FIRST] ?? 0;
  }

  get second(): number {
    return this.#words[SECOND] ?? 0;
  }

  get address(): number {
    return this.#floats[ADDRESS] ?? 0;
  }

  /** The value of 64 bits of a question or an answer. */
  get value(): bigint {
    return this.#values[VALUE] ?? 0n;
  }

  set value(value: bigint) {
    this.#values[VALUE] = value;
  }

  answer(number: number): void {
    this.#words[ANSWER] = number;
    Atomics.store(this.#words, MAIL, EMPTY);
    Atomics.notify(this.#words, MAIL);
  }
}
