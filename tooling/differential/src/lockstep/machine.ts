import { virtualClock } from '@vivarium/clock-virtual';
import { CpuCoreToken, type MachineMemory, MachineMemoryToken, type Vcpu, type VcpuExit } from '@vivarium/contracts';
import { riscv64Core } from '@vivarium/cpu-riscv64';
import { assemble, type Machine } from '@vivarium/kernel';
import { linearMemory } from '@vivarium/memory-linear';
import { riscvMmu } from '@vivarium/mmu-riscv';
import { PAGE, page, RAM_BASE, RAM_PAGES } from './layout.ts';
import { satpOf, writeTables } from './page-tables.ts';
import { type Event, INPUTS, type Program } from './program.ts';

/** As few as can be, so that entries of the TLB are replaced all the time. */
const TLB_ENTRIES = 16;
const MACHINE = 3n;

/** One of the two machines: core, MMU, RAM and clock, put together by the kernel as any machine. */
export class LockstepMachine implements AsyncDisposable {
  readonly #machine: Machine;
  readonly #memory: MachineMemory;
  readonly #vcpu: Vcpu;
  readonly #ram: Buffer;

  private constructor(machine: Machine) {
    this.#machine = machine;
    this.#memory = machine.get(MachineMemoryToken);
    this.#vcpu = machine.get(CpuCoreToken).vcpus[0];
    const [bank] = this.#memory.banks;
    this.#ram = Buffer.from(this.#memory.linear.buffer, bank.offset, bank.length);
  }

  static async create(options: Readonly<Record<string, unknown>>): Promise<LockstepMachine> {
    const machine = await assemble({
      name: 'lockstep',
      parts: [
        { id: 'clock', plugin: virtualClock },
        { id: 'ram', plugin: linearMemory, options: { banks: [{ base: RAM_BASE, size: RAM_PAGES * PAGE }] } },
        { id: 'mmu', plugin: riscvMmu, options: { tlbEntries: TLB_ENTRIES } },
        { id: 'cpu', plugin: riscv64Core, options: { codePages: 64, ...options } },
      ],
    });
    await machine.start();
    return new LockstepMachine(machine);
  }

  /** Everything as at power-on, and the program at its first instruction. */
  load(program: Program): void {
    for (const name of INPUTS) this.#vcpu.interruptInput(name)?.set(false);
    this.#vcpu.reset();
    this.#memory.clear();
    writeTables((address, bytes) => this.#memory.write(address, bytes));
    this.#memory.write(RAM_BASE, program.bytes);
    const set = (name: string, value: bigint): void => {
      if (!this.#vcpu.writeRegister(name, value)) throw new Error(`the core has no writable register '${name}'`);
    };
    set('pmpaddr0', 2n ** 54n - 1n);
    set('pmpcfg0', 0x1fn);
    set('satp', satpOf(0));
    this.#vcpu.start(BigInt(page(0)), 0n);
    set('priv', MACHINE);
    set('x18', satpOf(0));
    set('x19', satpOf(1));
  }

  happen(event: Event): void {
    if (event.kind === 'input') this.#vcpu.interruptInput(event.name)?.set(event.level);
    else if (event.kind === 'patch') this.#memory.write(event.address, event.bytes);
  }

  run(budget: number): VcpuExit {
    return this.#vcpu.run(budget);
  }

  /** A line for each register. */
  registers(): readonly string[] {
    return [
      `retired ${this.#vcpu.retired}`,
      ...this.#vcpu.registerNames.map((name) => `${name} ${this.#vcpu.readRegister(name)?.toString(16)}`),
    ];
  }

  get retired(): number {
    return this.#vcpu.retired;
  }

  /** Regions that were translated so far. */
  get regions(): number {
    return this.#machine.get(CpuCoreToken).statistics?.().translations.made ?? 0;
  }

  get ram(): Buffer {
    return this.#ram;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#machine.dispose();
  }
}
