// Hot code: answers each device access of each vCPU.
import { type AccessWidth, BUS_FAULT, type CoreThreads, type SystemBus } from '@vivarium/contracts';
import { CALL, READ, READ64, type VcpuControl, WRITE, WRITE64 } from './control.ts';

/** Answers what the threads of the vCPUs ask the cell's thread. */
export class Mailboxes {
  readonly #controls: readonly VcpuControl[];
  readonly #bus: SystemBus;
  readonly #core: CoreThreads;
  readonly #beforeAnswer: () => void;

  /** `beforeAnswer` is called when a question was dealt with, before whoever asked goes on. */
  constructor(controls: readonly VcpuControl[], bus: SystemBus, core: CoreThreads, beforeAnswer: () => void) {
    this.#controls = controls;
    this.#bus = bus;
    this.#core = core;
    this.#beforeAnswer = beforeAnswer;
  }

  /** Answers each vCPU that has asked, once; false when none has. */
  serve(): boolean {
    let served = false;
    for (let vcpu = 0; vcpu < this.#controls.length; vcpu += 1) {
      const control = this.#controls[vcpu];
      if (control === undefined || !control.asked) continue;
      served = true;
      const answer = this.#carryOut(vcpu, control);
      this.#beforeAnswer();
      control.answer(answer);
    }
    return served;
  }

  #carryOut(vcpu: number, control: VcpuControl): number {
    const { operation, first, second, address } = control;
    switch (operation) {
      case READ: {
        const value = this.#bus.read(address, first as AccessWidth);
        if (value < 0) return BUS_FAULT;
        control.value = BigInt(value);
        return 1;
      }
      case WRITE:
        return this.#bus.write(address, first as AccessWidth, unsigned(second, first)) ? 1 : 0;
      case READ64: {
        const value = this.#bus.read64(address);
        control.value = value ?? 0n;
        return value === undefined ? 0 : 1;
      }
      case WRITE64:
        return this.#bus.write64(address, BigInt.asUintN(64, control.value)) ? 1 : 0;
      default:
        return this.#core.call(vcpu, operation - CALL, first, second);
    }
  }
}

/** The low `bytes` bytes of a value. */
const unsigned = (value: number, bytes: number): number =>
  bytes === 4 ? value >>> 0 : value & ((1 << (bytes * 8)) - 1);
