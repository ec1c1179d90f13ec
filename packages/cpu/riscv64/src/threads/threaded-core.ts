import type { CoreThreads, CpuCore, DeviceTreeNode, EnvironmentCallOutcome, Vcpu } from '@vivarium/contracts';
import type { RiscvMmuData } from '@vivarium/isa-riscv';
import type { RiscvCoreOptions, RiscvCoreParts } from '../core.ts';
import { CodeCopies } from '../decode/code-copies.ts';
import { PAGE_BYTES } from '../decode/slot.ts';
import { coreDeviceTree, isaExtensions } from '../device-tree.ts';
import { HEAT_COUNTERS } from '../emit/main-loop.ts';
import { errors } from '../errors.ts';
import { Call, type HartThreadData, WAIT_SHIFT } from './protocol.ts';
import { RemoteHart } from './remote-hart.ts';

/** What modules know of themselves in every runtime, and our library of types in some. */
interface ModuleAddress {
  resolve(specifier: string): string;
}

/** Each hart has decoded code of its own: less for each than one thread has for all. */
const LEAST_CODE_PAGES = 512;
/** Jump counters, guarded slots, and what alignment takes. */
const SMALL_AREAS = HEAT_COUNTERS * 4 + PAGE_BYTES + 1024;

/** The cell's side of a core whose harts run on threads of their own. */
export class ThreadedCore implements CpuCore {
  readonly architecture = 'riscv64';
  readonly vcpus: readonly RemoteHart[];
  readonly deviceTree: DeviceTreeNode;
  readonly threads: CoreThreads;
  readonly #options: RiscvCoreOptions;
  readonly #areas: readonly number[];
  #environmentCall: ((vcpu: Vcpu) => EnvironmentCallOutcome) | undefined;
  #ring: (vcpu: number) => void = () => {};
  /** Harts of which a fence was asked during the environment call in progress, as bits. */
  #fenced = 0;

  /** Throws `VIV_RISCV_THREADS`. */
  constructor(parts: RiscvCoreParts, options: RiscvCoreOptions) {
    const { memory, mmu } = parts;
    const shared = typeof SharedArrayBuffer === 'function' && memory.linear.buffer instanceof SharedArrayBuffer;
    if (!shared || mmu.thread === undefined) {
      const what = shared ? 'its MMU cannot be on other threads' : 'its memory is not shared';
      throw errors.make('VIV_RISCV_THREADS', `harts cannot run on threads of their own: ${what}`);
    }
    const codePages = Math.max(LEAST_CODE_PAGES, options.codePages >> 1);
    this.#options = { ...options, harts: 1, codePages };
    this.vcpus = Array.from(
      { length: options.harts },
      (_, index) =>
        new RemoteHart(index, {
          ...parts,
          timebaseFrequency: options.timebaseFrequency,
          advancedInterrupts: options.aia,
          ring: () => this.#ring(index),
          fenced: () => {
            this.#fenced |= 1 << index;
          },
        }),
    );
    const area = codePages * PAGE_BYTES + CodeCopies.bytes(codePages) + SMALL_AREAS;
    this.#areas = this.vcpus.map(() => memory.carve('@vivarium/cpu-riscv64 thread', area, 64));
    this.deviceTree = coreDeviceTree(options.harts, options.timebaseFrequency, isaExtensions(options.aia));
    this.threads = this.#createThreads(parts, mmu.thread);
  }

  #createThreads({ memory: { banks } }: RiscvCoreParts, mmu: RiscvMmuData): CoreThreads {
    return {
      get module() {
        return (import.meta as ModuleAddress).resolve('@vivarium/cpu-riscv64/thread');
      },
      data: (index): HartThreadData => {
        const hart = this.#hart(index);
        return {
          index,
          banks,
          mmu: { module: mmu.module, tlbEntries: mmu.tlbEntries },
          options: this.#options,
          state: hart.place,
          translation: hart.mmu.place ?? 0,
          area: this.#areas[index] ?? 0,
          states: this.vcpus.map(({ place }) => place),
          files: hart.files,
        };
      },
      call: (index, operation, first, second) => {
        const hart = this.#hart(index);
        if (operation !== Call.environment) return hart.fileCall(operation, first, second);
        this.#fenced = 0;
        const outcome = hart.environmentCall(this.#environmentCall);
        return outcome | ((this.#fenced & ~(1 << index)) << WAIT_SHIFT);
      },
      onRing: (ring) => {
        this.#ring = ring;
      },
    };
  }

  #hart(index: number): RemoteHart {
    const hart = this.vcpus[index];
    if (hart === undefined) throw new RangeError(`there is no hart ${index}`);
    return hart;
  }

  onEnvironmentCall(handler: ((vcpu: Vcpu) => EnvironmentCallOutcome) | undefined): void {
    this.#environmentCall = handler;
  }

  /** Harts find changed code by themselves when they fetch anew. */
  invalidateCode(): void {}

  reset(): void {
    for (const hart of this.vcpus) hart.reset();
  }
}
