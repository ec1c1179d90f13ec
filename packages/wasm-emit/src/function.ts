// Hot code: see bytes.ts.
import { Bytes } from './bytes.ts';
import {
  ATOMIC_OPCODES,
  type AtomicOpcode,
  MEMORY_OPCODES,
  type MemoryOpcode,
  OPCODES,
  type Opcode,
  VALUE_TYPES,
  VECTOR_OPCODES,
  type VectorOpcode,
  type WasmType,
} from './opcodes.ts';

/** Names a structured block while it is open; turns into a relative depth where it is branched to. */
export interface Label {
  readonly depth: number;
}

/** What is known of the branch instruction at an offset. */
export interface BranchHint {
  readonly offset: number;
  readonly taken: boolean;
}

/**
 * Writes the body of one function. Methods append instructions in order; nothing is checked here
 * (`WebAssembly.validate` and the tests do that).
 */
export class FunctionBuilder {
  readonly #code = new Bytes();
  readonly #locals: WasmType[] = [];
  readonly #parameters: number;
  readonly #hints: BranchHint[] = [];
  #depth = 0;

  constructor(parameters: number) {
    this.#parameters = parameters;
  }

  /** Declares a local and returns its index. Locals start as zero. */
  local(type: WasmType): number {
    this.#locals.push(type);
    return this.#parameters + this.#locals.length - 1;
  }

  op(name: Opcode): this {
    const code = OPCODES[name];
    if (code > 0xff) {
      this.#code.byte(code >> 8);
      this.#code.unsigned(code & 0xff);
    } else this.#code.byte(code);
    return this;
  }

  get(local: number): this {
    this.#code.byte(0x20);
    this.#code.unsigned(local);
    return this;
  }

  set(local: number): this {
    this.#code.byte(0x21);
    this.#code.unsigned(local);
    return this;
  }

  tee(local: number): this {
    this.#code.byte(0x22);
    this.#code.unsigned(local);
    return this;
  }

  i32(value: number): this {
    this.#code.byte(0x41);
    this.#code.signed(value);
    return this;
  }

  i64(value: bigint): this {
    this.#code.byte(0x42);
    this.#code.signed64(value);
    return this;
  }

  f32(value: number): this {
    this.#code.byte(0x43);
    this.#code.float32(value);
    return this;
  }

  f64(value: number): this {
    this.#code.byte(0x44);
    this.#code.float64(value);
    return this;
  }

  /** A load or store at stack address + `offset`, claiming alignment 1 because guests may be misaligned. */
  memory(name: MemoryOpcode, offset: number): this {
    this.#code.byte(MEMORY_OPCODES[name][0]);
    this.#code.unsigned(0);
    this.#code.unsigned(offset);
    return this;
  }

  /** An atomic access at stack address + `offset`; the address must be naturally aligned or the instruction traps. */
  atomic(name: AtomicOpcode, offset: number): this {
    this.#code.byte(0xfe);
    this.#code.unsigned(ATOMIC_OPCODES[name][0]);
    this.#code.unsigned(ATOMIC_OPCODES[name][1]);
    this.#code.unsigned(offset);
    return this;
  }

  /** `atomic.fence`. */
  fence(): this {
    this.#code.byte(0xfe);
    this.#code.unsigned(0x03);
    this.#code.byte(0);
    return this;
  }

  /** Says that the `if` or `br_if` appended next is mostly taken, so that engines keep the other way out of the way. */
  likely(): this {
    this.#hints.push({ offset: this.#code.length, taken: true });
    return this;
  }

  /** Says that the `if` or `br_if` appended next is mostly not taken. */
  unlikely(): this {
    this.#hints.push({ offset: this.#code.length, taken: false });
    return this;
  }

  #open(opcode: number, result: WasmType | undefined): Label {
    this.#code.byte(opcode);
    this.#code.byte(result === undefined ? 0x40 : VALUE_TYPES[result]);
    this.#depth += 1;
    return { depth: this.#depth };
  }

  block(result?: WasmType): Label {
    return this.#open(0x02, result);
  }

  loop(result?: WasmType): Label {
    return this.#open(0x03, result);
  }

  if(result?: WasmType): Label {
    return this.#open(0x04, result);
  }

  else(): this {
    this.#code.byte(0x05);
    return this;
  }

  /** Ends the innermost open block. */
  end(): this {
    this.#code.byte(0x0b);
    this.#depth -= 1;
    return this;
  }

  br(label: Label): this {
    this.#code.byte(0x0c);
    this.#code.unsigned(this.#depth - label.depth);
    return this;
  }

  brIf(label: Label): this {
    this.#code.byte(0x0d);
    this.#code.unsigned(this.#depth - label.depth);
    return this;
  }

  brTable(labels: readonly Label[], otherwise: Label): this {
    this.#code.byte(0x0e);
    this.#code.unsigned(labels.length);
    for (const label of labels) this.#code.unsigned(this.#depth - label.depth);
    this.#code.unsigned(this.#depth - otherwise.depth);
    return this;
  }

  call(functionIndex: number): this {
    this.#code.byte(0x10);
    this.#code.unsigned(functionIndex);
    return this;
  }

  callIndirect(typeIndex: number, tableIndex = 0): this {
    this.#code.byte(0x11);
    this.#code.unsigned(typeIndex);
    this.#code.unsigned(tableIndex);
    return this;
  }

  /** `return_call_indirect`: the callee takes the place of this function. Its results must be this function's. */
  returnCallIndirect(typeIndex: number, tableIndex = 0): this {
    this.#code.byte(0x13);
    this.#code.unsigned(typeIndex);
    this.#code.unsigned(tableIndex);
    return this;
  }

  /** A vector instruction without immediates, or with the lane that it takes. */
  vector(name: VectorOpcode, lane?: number): this {
    this.#code.byte(0xfd);
    this.#code.unsigned(VECTOR_OPCODES[name]);
    if (lane !== undefined) this.#code.byte(lane);
    return this;
  }

  getGlobal(index: number): this {
    this.#code.byte(0x23);
    this.#code.unsigned(index);
    return this;
  }

  setGlobal(index: number): this {
    this.#code.byte(0x24);
    this.#code.unsigned(index);
    return this;
  }

  /** `memory.fill` with destination, byte value and length on the stack. */
  fill(): this {
    this.#code.byte(0xfc);
    this.#code.unsigned(11);
    this.#code.byte(0);
    return this;
  }

  /** The body with its local declarations and final `end`, without the leading size (section 5.4.9, 5.5.13). */
  encode(): Uint8Array {
    const body = new Bytes(this.#code.length + 32);
    const runs: { type: WasmType; count: number }[] = [];
    for (const type of this.#locals) {
      const last = runs.at(-1);
      if (last !== undefined && last.type === type) last.count += 1;
      else runs.push({ type, count: 1 });
    }
    body.unsigned(runs.length);
    for (const run of runs) {
      body.unsigned(run.count);
      body.byte(VALUE_TYPES[run.type]);
    }
    body.append(this.#code.view());
    body.byte(0x0b);
    return body.view();
  }

  /** Branches of which one way is likely, by ascending offset in an encoded body. */
  hintsIn(body: Uint8Array): readonly BranchHint[] {
    // In front of the code are the declarations, behind it is the final `end`.
    const declarations = body.length - this.#code.length - 1;
    return this.#hints.map(({ offset, taken }) => ({ offset: declarations + offset, taken }));
  }
}
