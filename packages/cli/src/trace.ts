import { closeSync, openSync, writeSync } from 'node:fs';
import { type GuestMemory, MachineMemoryToken, type Vcpu } from '@vivarium/contracts';
import type { Machine } from '@vivarium/kernel';
import { instructionLine } from './disassembly.ts';
import { errors } from './errors.ts';

const STDERR = 2;
/** Characters gathered before they are written. */
const BATCH = 1 << 16;
const PRIVILEGES: Readonly<Record<string, string>> = { 0: 'U', 1: 'S', 3: 'M' };

/** Writes to a file or a pipe before it returns: a trace has no bound but its limit, so it may not pile up. */
const writeWhole = (file: number, text: string): void => {
  const bytes = Buffer.from(text);
  for (let written = 0; written < bytes.length; ) {
    try {
      written += writeSync(file, bytes, written);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
};

const openForWriting = (file: string): number => {
  try {
    return openSync(file, 'w');
  } catch (error) {
    throw errors.make('VIV_FILE_UNWRITABLE', `--trace: '${file}' cannot be written: ${(error as Error).message}`, {
      cause: error,
    });
  }
};

/** What one vCPU looked like before the instruction that is being traced. */
interface Pending {
  readonly line: string;
  readonly registers: readonly (bigint | undefined)[];
}

const INTEGER_REGISTERS = Array.from({ length: 31 }, (_, index) => `x${index + 1}`);

/**
 * Writes each instruction and the integer registers it changed. The text of an instruction is shown where its address
 * is one of RAM, as with translation off; elsewhere only the address.
 */
export class Tracer {
  readonly #memory: GuestMemory;
  readonly #file: number;
  readonly #pending = new Map<Vcpu, Pending>();
  #left: number;
  #text = '';

  /** `file` is a path, or `-` for standard error. */
  constructor(machine: Machine, file: string, limit: number) {
    this.#memory = machine.get(MachineMemoryToken);
    this.#file = file === '-' ? STDERR : openForWriting(file);
    this.#left = limit;
  }

  /** To be called before each instruction; false when the limit is reached. */
  readonly step = (vcpu: Vcpu): boolean => {
    this.#complete(vcpu);
    if (this.#left-- <= 0) {
      this.flush();
      return false;
    }
    const pc = vcpu.readRegister('pc') ?? 0n;
    const privilege = PRIVILEGES[String(vcpu.readRegister('priv'))] ?? '?';
    const line = `${vcpu.index} ${privilege} ${this.#instruction(pc)}`;
    this.#pending.set(vcpu, { line, registers: INTEGER_REGISTERS.map((name) => vcpu.readRegister(name)) });
    return true;
  };

  flush(): void {
    if (this.#text !== '') writeWhole(this.#file, this.#text);
    this.#text = '';
  }

  close(): void {
    for (const vcpu of this.#pending.keys()) this.#complete(vcpu);
    this.flush();
    if (this.#file !== STDERR) closeSync(this.#file);
  }

  #complete(vcpu: Vcpu): void {
    const pending = this.#pending.get(vcpu);
    if (pending === undefined) return;
    this.#pending.delete(vcpu);
    const changes = INTEGER_REGISTERS.flatMap((name, index) => {
      const now = vcpu.readRegister(name);
      return now === pending.registers[index] || now === undefined ? [] : [`${name}=0x${now.toString(16)}`];
    });
    this.#text += `${changes.length === 0 ? pending.line : `${pending.line.padEnd(64)} ${changes.join(' ')}`}\n`;
    if (this.#text.length >= BATCH) this.flush();
  }

  #instruction(pc: bigint): string {
    const low = this.#half(pc);
    if (low === undefined) return pc.toString(16).padStart(16, '0');
    const high = (low & 3) === 3 ? this.#half(pc + 2n) : undefined;
    return high === undefined ? instructionLine(pc, low, 2) : instructionLine(pc, (low | (high << 16)) >>> 0, 4);
  }

  #half(address: bigint): number | undefined {
    const bytes = address < 2n ** 53n ? this.#memory.view(Number(address), 2) : undefined;
    return bytes === undefined ? undefined : (bytes[0] ?? 0) | ((bytes[1] ?? 0) << 8);
  }
}
