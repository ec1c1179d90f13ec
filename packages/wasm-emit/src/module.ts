import { Bytes } from './bytes.ts';
import { FunctionBuilder } from './function.ts';
import { VALUE_TYPES, type WasmType } from './opcodes.ts';

/** Limits of an imported memory in 64 KiB pages. A shared memory needs a maximum. */
export interface MemoryLimits {
  readonly minimum: number;
  readonly maximum?: number;
  readonly shared?: boolean;
}

interface DefinedFunction {
  readonly type: number;
  readonly builder: FunctionBuilder;
}

/** Collects the sections of one module. Imported functions come before defined ones, so import first. */
export class ModuleBuilder {
  readonly #types: string[] = [];
  readonly #typeBytes = new Bytes();
  readonly #imports = new Bytes();
  #importCount = 0;
  #importedFunctions = 0;
  readonly #functions: DefinedFunction[] = [];
  readonly #globals = new Bytes();
  #globalCount = 0;
  readonly #exports = new Bytes();
  #exportCount = 0;

  /** Index of the function type; equal types share one. */
  type(parameters: readonly WasmType[], results: readonly WasmType[]): number {
    const key = `${parameters.join()}>${results.join()}`;
    const known = this.#types.indexOf(key);
    if (known >= 0) return known;
    this.#typeBytes.byte(0x60);
    for (const list of [parameters, results]) {
      this.#typeBytes.unsigned(list.length);
      for (const type of list) this.#typeBytes.byte(VALUE_TYPES[type]);
    }
    this.#types.push(key);
    return this.#types.length - 1;
  }

  importMemory(module: string, name: string, limits: MemoryLimits): void {
    this.#imports.name(module);
    this.#imports.name(name);
    this.#imports.byte(0x02);
    this.#imports.byte((limits.maximum === undefined ? 0 : 1) | (limits.shared === true ? 2 : 0));
    this.#imports.unsigned(limits.minimum);
    if (limits.maximum !== undefined) this.#imports.unsigned(limits.maximum);
    this.#importCount += 1;
  }

  /** Declares table 0, of functions, as an import. */
  importTable(module: string, name: string, minimum: number): void {
    this.#imports.name(module);
    this.#imports.name(name);
    this.#imports.byte(0x01);
    this.#imports.byte(0x70);
    this.#imports.byte(0);
    this.#imports.unsigned(minimum);
    this.#importCount += 1;
  }

  /** Declares an imported function and returns its index. */
  importFunction(module: string, name: string, parameters: readonly WasmType[], results: readonly WasmType[]): number {
    this.#imports.name(module);
    this.#imports.name(name);
    this.#imports.byte(0x00);
    this.#imports.unsigned(this.type(parameters, results));
    this.#importCount += 1;
    this.#importedFunctions += 1;
    return this.#importedFunctions - 1;
  }

  /** Declares a function and returns its index and its body. */
  function(
    parameters: readonly WasmType[],
    results: readonly WasmType[],
  ): { readonly index: number; readonly body: FunctionBuilder } {
    const builder = new FunctionBuilder(parameters.length);
    this.#functions.push({ type: this.type(parameters, results), builder });
    return { index: this.#importedFunctions + this.#functions.length - 1, body: builder };
  }

  /** Declares a mutable i32 global and returns its index. */
  globalI32(initial: number): number {
    this.#globals.byte(VALUE_TYPES.i32);
    this.#globals.byte(1);
    this.#globals.byte(0x41);
    this.#globals.signed(initial);
    this.#globals.byte(0x0b);
    this.#globalCount += 1;
    return this.#globalCount - 1;
  }

  exportFunction(name: string, index: number): void {
    this.#exports.name(name);
    this.#exports.byte(0x00);
    this.#exports.unsigned(index);
    this.#exportCount += 1;
  }

  /** The module in the binary format (section 5.5). */
  encode(): Uint8Array<ArrayBuffer> {
    const out = new Bytes(4096);
    out.append(Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00));
    const section = (id: number, count: number, content: Bytes, name?: string): void => {
      if (count === 0) return;
      const whole = new Bytes(content.length + 32);
      if (name !== undefined) whole.name(name);
      whole.unsigned(count);
      whole.append(content.view());
      out.byte(id);
      out.unsigned(whole.length);
      out.append(whole.view());
    };
    section(1, this.#types.length, this.#typeBytes);
    section(2, this.#importCount, this.#imports);
    const declarations = new Bytes();
    const bodies = new Bytes(4096);
    const hinted = new Bytes();
    let hintedFunctions = 0;
    this.#functions.forEach(({ type, builder }, number) => {
      declarations.unsigned(type);
      const body = builder.encode();
      const hints = builder.hintsIn(body);
      bodies.unsigned(body.length);
      bodies.append(body);
      if (hints.length === 0) return;
      hintedFunctions += 1;
      hinted.unsigned(this.#importedFunctions + number);
      hinted.unsigned(hints.length);
      for (const { offset, taken } of hints) {
        hinted.unsigned(offset);
        hinted.unsigned(1);
        hinted.byte(taken ? 1 : 0);
      }
    });
    section(3, this.#functions.length, declarations);
    section(6, this.#globalCount, this.#globals);
    section(7, this.#exportCount, this.#exports);
    // Branch Hinting proposal, section "Custom section": it stands before the code.
    section(0, hintedFunctions, hinted, 'metadata.code.branch_hint');
    section(10, this.#functions.length, bodies);
    return out.view().slice();
  }
}
