import type {
  Clock,
  CpuCore,
  DeviceTreeNode,
  EnvironmentCallOutcome,
  MachineMemory,
  SystemBus,
  Vcpu,
} from '@vivarium/contracts';
import type { RiscvMmu } from '@vivarium/isa-riscv';
import { CodeCache } from './decode/code-cache.ts';
import { PAGE_BYTES, PAGE_SLOTS, SLOT_BYTES, STRADDLE } from './decode/slot.ts';
import { coreDeviceTree } from './device-tree.ts';
import { RiscvHart } from './hart/hart.ts';

export interface RiscvCoreParts {
  readonly memory: MachineMemory;
  readonly mmu: RiscvMmu;
  readonly bus: SystemBus;
  readonly clock: Clock;
}

export interface RiscvCoreOptions {
  readonly harts: number;
  readonly timebaseFrequency: number;
  readonly codePages: number;
}

/** All harts of a machine, with the decoded code that they share. */
export class RiscvCore implements CpuCore {
  readonly architecture = 'riscv64';
  readonly vcpus: readonly RiscvHart[];
  readonly deviceTree: DeviceTreeNode;
  readonly #code: CodeCache;
  #environmentCall: ((vcpu: Vcpu) => EnvironmentCallOutcome) | undefined;

  constructor(parts: RiscvCoreParts, options: RiscvCoreOptions) {
    const { memory } = parts;
    const harts: RiscvHart[] = [];
    this.#code = new CodeCache(
      memory,
      options.codePages,
      () => {
        for (const hart of harts) hart.mmu.flush();
      },
      () => {
        for (const hart of harts) hart.mmu.flushWrites();
      },
    );
    const guardedSlots = carveGuardedSlots(memory);
    for (let index = 0; index < options.harts; index += 1) {
      harts.push(
        new RiscvHart(index, {
          ...parts,
          code: this.#code,
          guardedSlots,
          timebaseFrequency: options.timebaseFrequency,
          environmentCall: (hart) => this.#environmentCall?.(hart) ?? 'reflect',
          alone: (hart) => harts.every((other) => other === hart || !other.progressing),
        }),
      );
    }
    this.vcpus = harts;
    this.deviceTree = coreDeviceTree(options.harts, options.timebaseFrequency);
  }

  onEnvironmentCall(handler: ((vcpu: Vcpu) => EnvironmentCallOutcome) | undefined): void {
    this.#environmentCall = handler;
  }

  invalidateCode(address: number, length: number): void {
    this.#code.changed(address, length);
  }

  reset(): void {
    this.#code.clear();
    for (const hart of this.vcpus) hart.reset();
  }
}

/** A page of slots that hand every instruction to FetchPort.single. */
const carveGuardedSlots = (memory: MachineMemory): number => {
  const slots = memory.carve('@vivarium/cpu-riscv64 guarded code', PAGE_BYTES, 64);
  const bytes = new Uint8Array(memory.linear.buffer, slots, PAGE_BYTES);
  for (let slot = 0; slot < PAGE_SLOTS; slot += 1) bytes[slot * SLOT_BYTES] = STRADDLE;
  return slots;
};
