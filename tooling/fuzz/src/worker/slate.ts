import { flatten, LARGEST_FLAT, type Program, unflatten } from '../engine/program.ts';

/** Where a thread writes down what it is about to run, so that it is known when it never comes back. */
export class Slate {
  readonly buffer: SharedArrayBuffer;
  readonly #counter: Int32Array;
  readonly #program: Uint8Array;

  constructor(buffer = new SharedArrayBuffer(8 + LARGEST_FLAT)) {
    this.buffer = buffer;
    this.#counter = new Int32Array(buffer, 0, 1);
    this.#program = new Uint8Array(buffer, 8);
  }

  get executions(): number {
    return Atomics.load(this.#counter, 0);
  }

  begin(program: Program): void {
    flatten(program, this.#program);
    Atomics.add(this.#counter, 0, 1);
  }

  get program(): Program {
    return unflatten(this.#program);
  }
}
