import type { RemoteFence, Vcpu, VcpuExit } from '@vivarium/contracts';

const MASK = (1n << 64n) - 1n;
const READ_ONLY = new Set(['mvendorid', 'marchid', 'mimpid']);

/** A hart that executes nothing: registers that remember, and a diary. */
export class FakeHart implements Vcpu {
  readonly index: number;
  readonly registers = new Map<string, bigint>();
  readonly fences: RemoteFence[] = [];
  running = true;
  yields = 0;
  /** Bits of `mip` that an input holds up: visible when read, not part of what software set. */
  inputs = 0n;
  readonly retired = 0;
  readonly attemptedInSlice = 0;
  readonly wakeup = false;
  readonly nextDeadline = undefined;

  constructor(index: number) {
    this.index = index;
    for (const name of ['pc', 'priv', 'mstatus', 'medeleg', 'mideleg', 'mie', 'mip', 'menvcfg', 'stimecmp', 'satp']) {
      this.registers.set(name, 0n);
    }
    for (const name of ['a0', 'a1', 'a2', 'a3', 'a4', 'a5', 'a6', 'a7', 'pmpaddr0', 'pmpcfg0', 'stvec', 'mcounteren']) {
      this.registers.set(name, 0x5555n);
    }
    this.registers.set('mvendorid', 7n).set('marchid', 8n).set('mimpid', 9n);
  }

  get registerNames(): readonly string[] {
    return [...this.registers.keys()];
  }

  run(): VcpuExit {
    return { kind: 'budget' };
  }

  yieldSoon(): void {
    this.yields += 1;
  }

  interruptInput(): undefined {}

  start(entry: bigint, argument: bigint): void {
    this.registers.set('pc', entry).set('a1', argument);
    this.running = true;
  }

  stop(): void {
    this.running = false;
  }

  fence(request: RemoteFence): void {
    this.fences.push(request);
  }

  readRegister(name: string): bigint | undefined {
    const value = this.registers.get(name);
    return name === 'mip' && value !== undefined ? value | this.inputs : value;
  }

  writeRegister(name: string, value: bigint): boolean {
    if (!this.registers.has(name) || READ_ONLY.has(name)) {
      return false;
    }
    this.registers.set(name, value & MASK);
    return true;
  }

  reset(): void {}
}
