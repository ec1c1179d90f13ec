import { type GuestMemory, MachineMemoryToken, type Vcpu } from '@vivarium/contracts';
import type { Machine } from '@vivarium/kernel';
import { instructionLine } from './disassembly.ts';
import type { TraceFile } from './trace-file.ts';

const PRIVILEGES: Readonly<Record<string, string>> = { 0: 'U', 1: 'S', 3: 'M' };

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
  readonly #file: TraceFile;
  readonly #pending = new Map<Vcpu, Pending>();
  #left: number;

  constructor(machine: Machine, file: TraceFile, limit: number) {
    this.#memory = machine.get(MachineMemoryToken);
    this.#file = file;
    this.#left = limit;
  }

  /** To be called before each instruction; false when the limit is reached. */
  readonly step = (vcpu: Vcpu): boolean => {
    this.#complete(vcpu);
    if (this.#left-- <= 0) {
      this.#file.flush();
      return false;
    }
    const pc = vcpu.readRegister('pc') ?? 0n;
    const privilege = PRIVILEGES[String(vcpu.readRegister('priv'))] ?? '?';
    const line = `${vcpu.index} ${privilege} ${this.#instruction(pc)}`;
    this.#pending.set(vcpu, { line, registers: INTEGER_REGISTERS.map((name) => vcpu.readRegister(name)) });
    return true;
  };

  close(): void {
    for (const vcpu of this.#pending.keys()) this.#complete(vcpu);
    this.#file.close();
  }

  #complete(vcpu: Vcpu): void {
    const pending = this.#pending.get(vcpu);
    if (pending === undefined) return;
    this.#pending.delete(vcpu);
    const changes = INTEGER_REGISTERS.flatMap((name, index) => {
      const now = vcpu.readRegister(name);
      return now === pending.registers[index] || now === undefined ? [] : [`${name}=0x${now.toString(16)}`];
    });
    this.#file.line(changes.length === 0 ? pending.line : `${pending.line.padEnd(64)} ${changes.join(' ')}`);
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
