import type {
  Clock,
  CoreStatistics,
  CpuCore,
  DeviceTreeNode,
  EnvironmentCallOutcome,
  MachineMemory,
  StartBackgroundThread,
  Vcpu,
} from '@vivarium/contracts';
import type { RiscvMmu } from '@vivarium/isa-riscv';
import { RiscvCoreDebug } from './debug/core-debug.ts';
import { StopPoints } from './debug/stop-points.ts';
import { CodeCache } from './decode/code-cache.ts';
import { PAGE_BYTES, PAGE_SLOTS, SLOT_BYTES, STRADDLE } from './decode/slot.ts';
import { coreDeviceTree, isaExtensions } from './device-tree.ts';
import { HEAT_COUNTERS } from './emit/main-loop.ts';
import type { HelperIndices } from './emit/arithmetic.ts';
import { RiscvHart } from './hart/hart.ts';
import type { DeviceBus } from './hart/memory-port.ts';
import { coreStatistics } from './statistics.ts';
import { JumpCounters } from './translate/jump-counters.ts';
import { Translator } from './translate/translator.ts';

export interface RiscvCoreParts {
  readonly memory: MachineMemory;
  readonly mmu: RiscvMmu;
  readonly bus: DeviceBus;
  readonly clock: Pick<Clock, 'now' | 'nextDeadline'>;
}

export interface RiscvCoreOptions {
  readonly harts: number;
  readonly timebaseFrequency: number;
  readonly aia: boolean;
  readonly codePages: number;
  readonly translate: boolean;
  readonly hotJumps: number;
  readonly backgroundHotJumps: number;
  readonly translatedBytes: number;
  readonly statistics: boolean;
  readonly threads: boolean;
}

/** `jumped`: firmware handled the call, and the hart goes on at its pc. */
type EnvironmentCallHandler = (vcpu: Vcpu) => EnvironmentCallOutcome | 'jumped';

/** A hart that has a thread for itself. */
export interface OnlyHart {
  readonly index: number;
  /** Whether no other hart, elsewhere, makes progress. */
  readonly alone: (index: number) => boolean;
}

/** All harts of a machine that are on this thread, with the decoded code that they share. */
export class RiscvCore implements CpuCore {
  readonly architecture = 'riscv64';
  readonly vcpus: readonly RiscvHart[];
  readonly deviceTree: DeviceTreeNode;
  readonly debug: RiscvCoreDebug;
  readonly #code: CodeCache;
  readonly #counted: boolean;
  #translator: Translator | undefined;
  #environmentCall: EnvironmentCallHandler | undefined;

  /** With `only`, the one hart of this thread; RAM is then written by others, too. */
  constructor(parts: RiscvCoreParts, options: RiscvCoreOptions, only?: OnlyHart) {
    const { memory } = parts;
    this.#counted = options.statistics;
    const harts: RiscvHart[] = [];
    const events = {
      onFull: () => {
        this.#translator?.forget();
        for (const hart of harts) {
          hart.mmu.flush();
          hart.translationChanged();
        }
      },
      onMarked: () => {
        for (const hart of harts) hart.mmu.flushWrites();
      },
      onReleased: () => {
        for (const hart of harts) {
          hart.mmu.flushFetches();
          hart.leave();
        }
      },
    };
    this.#code = new CodeCache(memory, options.codePages, events, only !== undefined);
    const regions = new WebAssembly.Table({ element: 'anyfunc', initial: 256 });
    const heat = options.translate
      ? memory.carve('@vivarium/cpu-riscv64 jump counters', HEAT_COUNTERS * 4, 64)
      : undefined;
    const guardedSlots = carveGuardedSlots(memory);
    const points = new StopPoints();
    const alone = (index: number): boolean => harts.every((other) => other.index === index || !other.progressing);
    for (let number = 0; number < options.harts; number += 1) {
      harts.push(
        new RiscvHart(only?.index ?? number, {
          ...parts,
          code: this.#code,
          guardedSlots,
          points,
          regions,
          heat,
          statistics: options.statistics,
          hot: (slot) => this.#translator?.hot(slot),
          timebaseFrequency: options.timebaseFrequency,
          advancedInterrupts: options.aia,
          environmentCall: (hart) => this.#environmentCall?.(hart) ?? 'reflect',
          alone: only?.alone ?? alone,
        }),
      );
    }
    this.vcpus = harts;
    this.debug = new RiscvCoreDebug(points, this.#code, harts, memory);
    const [first] = harts;
    if (heat !== undefined && first !== undefined) {
      const counters = new JumpCounters(memory.linear.buffer, heat, options.hotJumps);
      this.#translator = this.#createTranslator(memory, first, regions, counters, options);
    }
    this.deviceTree = coreDeviceTree(options.harts, options.timebaseFrequency, isaExtensions(options.aia));
  }

  #createTranslator(
    memory: MachineMemory,
    hart: RiscvHart,
    table: WebAssembly.Table,
    counters: JumpCounters,
    options: RiscvCoreOptions,
  ): Translator {
    const { run: _run, take: _take, put: _put, ...helpers } = hart.exports;
    const translator = new Translator(memory, this.#code, {
      tlbEntries: hart.mmu.tlb.entries,
      helpers: helpers as Record<keyof HelperIndices, (...operands: bigint[]) => bigint>,
      table,
      capacity: options.translatedBytes,
      counters,
      hotJumps: options.hotJumps,
      backgroundHotJumps: options.backgroundHotJumps,
    });
    this.#code.onPageChange((page, first, last) => translator.changed(page, first, last));
    return translator;
  }

  onEnvironmentCall(handler: EnvironmentCallHandler | undefined): void {
    this.#environmentCall = handler;
  }

  background(start: StartBackgroundThread): () => void {
    return this.#translator?.background(start) ?? (() => {});
  }

  statistics(): CoreStatistics {
    return coreStatistics(this.vcpus, this.#translator, this.#counted);
  }

  invalidateCode(address: number, length: number): void {
    this.#code.changed(address, length);
  }

  /** Whatever was decoded and translated is made anew. */
  forgetCode(): void {
    this.#code.clear();
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
