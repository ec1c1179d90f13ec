import { virtualClock } from '@vivarium/clock-virtual';
import { CpuCoreToken, type MachineMemory, MachineMemoryToken, type Vcpu } from '@vivarium/contracts';
import { riscv64Core } from '@vivarium/cpu-riscv64';
import { assemble as assembleCode } from '@vivarium/isa-riscv';
import { assemble, type Machine } from '@vivarium/kernel';
import { linearMemory } from '@vivarium/memory-linear';
import { riscvMmu } from '@vivarium/mmu-riscv';
import type { Outcome, World } from './outcome.ts';
import { CODE_BASE, DATA_BASE, type Program } from './program.ts';

const PAGE = 4096;
const RAM_BASE = CODE_BASE;
/** Code and data of a program, as virtual addresses from RAM_BASE on. */
const PROGRAM_BYTES = 0x80_0000;
const PROGRAM_PAGES = PROGRAM_BYTES / PAGE;
const RAM_BYTES = 2 * PROGRAM_BYTES;
const TABLES = RAM_BASE + PROGRAM_BYTES;
const TRAP_VECTOR = RAM_BASE + RAM_BYTES - PAGE;

const MACHINE = 3n;
const USER = 0n;
/** mstatus.FS = Initial. */
const FS_INITIAL = 1n << 13n;
const SV39 = 8n << 60n;
/** Read, write, execute, user, accessed, dirty and valid. */
const LEAF = 0b1101_1111n;
const VALID = 1n;
/** CBIE = 01 and CBCFE, CBZE: cache block operations are allowed. */
const CACHE_OPERATIONS = 0b1101_0000n;
const CAUSE_ECALL_FROM_U = 8n;
const CAUSE_ECALL_FROM_M = 11n;

/** Instructions of a run in machine mode: a batch of a thousand sequences takes about 160,000. */
const LONG_SLICE = 1_000_000;
/** In user mode the core is stopped and started again all the time, at places that have nothing to do with sequences. */
const SHORT_SLICE = 97;
const INSTRUCTION_LIMIT = 20_000_000;
/** As few as can be, so that entries of the TLB are replaced all the time. */
const TLB_ENTRIES = { machine: 512, user: 16 } as const;

/** Steps over illegal instructions, of which mtval holds the bits; waits for ever after anything else. */
const TRAP_HANDLER = `
  csrw mscratch, t0
  csrw sscratch, t1
  csrr t0, mcause
  addi t0, t0, -2
  bnez t0, other
  csrr t0, mtval
  andi t0, t0, 3
  sltiu t0, t0, 3
  slli t0, t0, 1
  csrr t1, mepc
  addi t1, t1, 4
  sub t1, t1, t0
  csrw mepc, t1
  csrr t0, mscratch
  csrr t1, sscratch
  # mret leaves for the mode of MPP: the one the trap came from.
  mret
other:
  csrr t0, mscratch
  csrr t1, sscratch
wait:
  wfi
  j wait`;

/**
 * `machine`: M-mode, no translation, long runs. `user`: U-mode below Sv39, pages scattered, so that page crossings are
 * real, a tiny TLB, and a stop every few instructions.
 */
export type CoreMode = 'machine' | 'user';

/** Physical address of a page of the program: a permutation that leaves no two neighbours together. */
const scattered = (page: number): number => RAM_BASE + ((page * 773 + 1021) % PROGRAM_PAGES) * PAGE;

/** Our core in a machine of its own: core, MMU, RAM and clock, put together by the kernel as any machine. */
export class CoreWorld implements World, AsyncDisposable {
  readonly name: string;
  readonly #mode: CoreMode;
  readonly #machine: Machine;
  readonly #memory: MachineMemory;
  readonly #vcpu: Vcpu;
  readonly #trapHandler = assembleCode(TRAP_HANDLER, { base: BigInt(TRAP_VECTOR) });
  /** Address of the endless wait. */
  readonly #waits = this.#trapHandler.symbols.get('wait') ?? 0n;

  private constructor(mode: CoreMode, machine: Machine) {
    this.name = `core in ${mode} mode`;
    this.#mode = mode;
    this.#machine = machine;
    this.#memory = machine.get(MachineMemoryToken);
    this.#vcpu = machine.get(CpuCoreToken).vcpus[0];
  }

  /** `eager` translates at the first jump to any instruction; otherwise nothing in so short a run gets hot. */
  static async create(mode: CoreMode, eager = false): Promise<CoreWorld> {
    const machine = await assemble({
      name: `differential-${mode}`,
      parts: [
        { id: 'clock', plugin: virtualClock },
        { id: 'ram', plugin: linearMemory, options: { banks: [{ base: RAM_BASE, size: RAM_BYTES }] } },
        { id: 'mmu', plugin: riscvMmu, options: { tlbEntries: TLB_ENTRIES[mode] } },
        { id: 'cpu', plugin: riscv64Core, options: eager ? { hotJumps: 1 } : { translate: false } },
      ],
    });
    await machine.start();
    return new CoreWorld(mode, machine);
  }

  run(program: Program): Promise<Outcome> {
    this.#load(CODE_BASE, program.code);
    this.#load(DATA_BASE, program.data);
    this.#prepare();
    const slice = this.#mode === 'user' ? SHORT_SLICE : LONG_SLICE;
    for (let attempted = 0; attempted < INSTRUCTION_LIMIT; attempted += this.#vcpu.attemptedInSlice) {
      const exit = this.#vcpu.run(slice);
      const pc = this.#register('pc');
      if (pc >= this.#waits) return Promise.resolve(this.#trapped(program));
      // A wait for a reservation may also be idle; it is just run again.
      if (exit.kind !== 'budget' && exit.kind !== 'idle') {
        return Promise.resolve({ kind: 'died', reason: `${JSON.stringify(exit)} at pc ${pc.toString(16)}` });
      }
    }
    return Promise.resolve({ kind: 'died', reason: `no end, pc ${this.#register('pc').toString(16)}` });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#machine.dispose();
  }

  #physical(page: number): number {
    return this.#mode === 'user' ? scattered(page) : RAM_BASE + page * PAGE;
  }

  #load(address: number, bytes: Uint8Array): void {
    for (let offset = 0; offset < bytes.length; offset += PAGE) {
      const page = (address - RAM_BASE + offset) / PAGE;
      if (!this.#memory.write(this.#physical(page), bytes.subarray(offset, offset + PAGE))) {
        throw new Error(`the program does not fit into ${PROGRAM_BYTES} bytes`);
      }
    }
  }

  #read(address: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    for (let offset = 0; offset < length; offset += PAGE) {
      const count = Math.min(PAGE, length - offset);
      const page = (address - RAM_BASE + offset) / PAGE;
      bytes.set(this.#memory.read(this.#physical(page), count) as Uint8Array, offset);
    }
    return bytes;
  }

  #prepare(): void {
    this.#vcpu.reset();
    this.#memory.write(TRAP_VECTOR, this.#trapHandler.bytes);
    const set = (name: string, value: bigint): void => {
      if (!this.#vcpu.writeRegister(name, value)) throw new Error(`the core has no writable register '${name}'`);
    };
    set('mtvec', BigInt(TRAP_VECTOR));
    set('mstatus', FS_INITIAL);
    if (this.#mode === 'user') {
      this.#writeTables();
      set('pmpaddr0', 2n ** 54n - 1n);
      set('pmpcfg0', 0x1fn);
      set('menvcfg', CACHE_OPERATIONS);
      set('senvcfg', CACHE_OPERATIONS);
      set('satp', SV39 | BigInt(TABLES / PAGE));
    }
    this.#vcpu.start(BigInt(CODE_BASE), 0n);
    set('priv', this.#mode === 'user' ? USER : MACHINE);
    set('pc', BigInt(CODE_BASE));
  }

  /** One table of each level of Sv39, and as many of the last as the program needs. */
  #writeTables(): void {
    const words = new BigUint64Array(512);
    const put = (address: number): void => {
      this.#memory.write(address, new Uint8Array(words.buffer));
      words.fill(0n);
    };
    const entry = (physical: number, bits: bigint): bigint => (BigInt(physical / PAGE) << 10n) | bits;
    const middle = TABLES + PAGE;
    const last = middle + PAGE;
    words[(RAM_BASE / 2 ** 30) | 0] = entry(middle, VALID);
    put(TABLES);
    const firstLast = (RAM_BASE % 2 ** 30) / 2 ** 21;
    const lastTables = PROGRAM_PAGES / 512;
    for (let i = 0; i < lastTables; i++) words[firstLast + i] = entry(last + i * PAGE, VALID);
    put(middle);
    for (let i = 0; i < lastTables; i++) {
      for (let j = 0; j < 512; j++) words[j] = entry(scattered(i * 512 + j), LEAF);
      put(last + i * PAGE);
    }
  }

  #trapped(program: Program): Outcome {
    const cause = this.#register('mcause');
    const pc = this.#register('mepc');
    const end = BigInt(program.starts.at(-1) as number);
    if (pc >= end && (cause === CAUSE_ECALL_FROM_U || cause === CAUSE_ECALL_FROM_M)) {
      return { kind: 'finished', data: this.#read(DATA_BASE, program.data.length) };
    }
    const hex = (value: bigint): string => value.toString(16);
    return { kind: 'died', reason: `trap ${cause} at ${hex(pc)}, mtval ${hex(this.#register('mtval'))}` };
  }

  #register(name: string): bigint {
    return this.#vcpu.readRegister(name) ?? 0n;
  }
}
